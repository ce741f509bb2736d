package secrets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"corebank/internal/contract"
)

// manifest is a Secret of Kubernetes.
type manifest struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   map[string]string `yaml:"metadata"`
	StringData map[string]string `yaml:"stringData"`
}

// kubernetes is the set as Secrets of a cluster, whose names begin with a prefix. Each has
// what one part needs. broker is where the broker is; more are the apps of the log beside the
// one that every installation has. Sentry's own are not among them: Dapr makes those in its
// cluster.
func (s Set) kubernetes(prefix, broker string, more []string) (string, error) {
	secrets := map[string]map[string]string{
		"append": {"token": s[Append]},
		"admin":  {"token": s[Admin]},
	}
	users := make(map[string]string)
	for _, user := range append(Apps(), BrokerAdmin) {
		users[user] = s[Broker(user)]
		secrets["broker-"+user] = map[string]string{"url": BrokerURL(broker, user, s[Broker(user)])}
	}
	secrets["broker-users"] = users
	for _, app := range Apps() {
		secrets["sidecar-"+app] = map[string]string{"token": s[Sidecar(app)]}
	}
	for _, app := range append(slices.Clone(more), contract.AppEventSource) {
		secrets["sidecar-"+app] = map[string]string{"token": s[Sidecar(app)]}
		secrets["app-"+app] = map[string]string{"token": s[App(app)]}
	}
	return manifests(prefix, secrets)
}

// kubernetesPasswords are the secrets that stay: immudb's passwords, and the key that the
// actors sign with.
func kubernetesPasswords(prefix string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return manifests(prefix, map[string]map[string]string{
		"immudb":    {"password": Password(), "admin-password": Password()},
		"actor-key": {"key.pem": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))},
	})
}

func manifests(prefix string, secrets map[string]map[string]string) (text string, err error) {
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		one, err := yaml.Marshal(manifest{APIVersion: "v1", Kind: "Secret",
			Metadata: map[string]string{"name": prefix + "-" + name}, StringData: secrets[name]})
		if err != nil {
			return "", fmt.Errorf("write the secret %s: %w", name, err)
		}
		text += "---\n" + string(one)
	}
	return text, nil
}
