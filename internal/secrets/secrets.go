package secrets

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corebank/internal/atomicfile"
	"corebank/internal/contract"
)

// Folder is the folder of the secrets in a bank's data directory.
const Folder = "secrets"

// Names of secrets. Each is a file of that name.
const (
	// Anchors is the root certificate, which is public; sentry signs with Issuer
	// and IssuerKey; Keys verify the identities.
	Anchors   = "ca.crt"
	Issuer    = "issuer.crt"
	IssuerKey = "issuer.key"
	Keys      = "identities.jwks"
	// Append is the token for appending to the log, Admin for requests to the
	// projector.
	Append = "append"
	Admin  = "admin"
)

// Placement is the id of Dapr's placement.
const Placement = "dapr-placement"

// BrokerAdmin is the broker's user who may do everything.
const BrokerAdmin = "admin"

// Identity is the token with which a sidecar asks sentry for its certificate.
func Identity(app string) string { return "identity-" + app }

// Sidecar is the token with which an app uses its sidecar (DAPR_API_TOKEN).
func Sidecar(app string) string { return "sidecar-" + app }

// App is the token with which a sidecar uses its app (APP_API_TOKEN).
func App(app string) string { return "app-" + app }

// Broker is the password of a user of the broker.
func Broker(user string) string { return "nats-" + user }

// Mongo is the password of an app's user of MongoDB.
func Mongo(app string) string { return "mongo-" + app }

// MongoApps are the apps that use MongoDB in containers: two the views, the actors'
// sidecar the snapshots.
func MongoApps() []string {
	return []string{contract.AppServer, contract.AppActor, contract.AppProjector}
}

// Apps are the apps that have sidecars.
func Apps() []string {
	return []string{contract.AppServer, contract.AppActor, contract.AppEventSource, contract.AppProjector}
}

// Set has secrets by name.
type Set map[string]string

// New makes all secrets of an installation. more are the apps of its log beside the one
// that there always is: those of its partitions, which do not use the broker, or those that
// stand by, which use it as that one does.
func New(now time.Time, more ...string) (Set, error) {
	set := Set{Append: token(), Admin: token(), App(contract.AppEventSource): token()}
	for _, app := range Apps() {
		set[Sidecar(app)] = token()
		set[Broker(app)] = token()
	}
	for _, app := range MongoApps() {
		set[Mongo(app)] = token()
	}
	for _, app := range more {
		set[Sidecar(app)] = token()
		set[App(app)] = token()
	}
	set[Broker(BrokerAdmin)] = token()
	return set, errors.Join(set.addAuthority(now), set.addIdentities(now, append(Apps(), more...)))
}

// token is a random text of letters and digits. It begins with a letter, because
// the broker of the containers might read it as a number otherwise.
func token() string { return "s" + rand.Text() + rand.Text() }

// Passwords are the passwords of the databases of an installation in containers, by the names that .env.example has.
// They are made once: the databases keep them.
func Passwords() map[string]string {
	return map[string]string{"IMMUDB_ADMIN_PASSWORD": Password(), "IMMUDB_PASSWORD": Password(),
		"MONGO_PASSWORD": token(), "MONGO_KEY": token() + token()}
}

// Password is a new password that satisfies immudb's rules: it asks for four kinds of characters. The rest has the
// randomness.
func Password() string { return "Aa1!" + rand.Text() }

// Write writes the set into a folder and replaces an older one. Each file is
// replaced as a whole.
func (s Set) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for name, secret := range s {
		if err := atomicfile.Write(filepath.Join(folder, name), []byte(secret+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Environment is the set as lines of a file for docker compose.
func (s Set) Environment() string {
	variables := make(map[string]string, len(s))
	for name, secret := range s {
		variables[Variable(name)] = secret
	}
	return Lines(variables)
}

// Lines are variables as lines of a file for docker compose.
func Lines(variables map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		fmt.Fprintf(&text, "%s='%s'\n", name, variables[name])
	}
	return text.String()
}

// Variable is the environment variable for a secret.
func Variable(name string) string {
	return "SECRET_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

// Read reads one secret of the bank in a data directory.
func Read(data, name string) (string, error) {
	path := filepath.Join(data, Folder, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read a secret of the bank: %w; has it been started, and by you?", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// ReadFile reads a secret from a file. The end of the line is not part of it. A
// file without a secret is an error.
func ReadFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty; write the secret into it", path)
	}
	return secret, nil
}

// BrokerURL is the URL with which a user reaches the broker at an address.
func BrokerURL(address, user, password string) string {
	return (&url.URL{Scheme: "nats", User: url.UserPassword(user, password), Host: address}).String()
}

// ReadBrokerURL is BrokerURL for the administrator of the broker of the bank in
// a data directory.
func ReadBrokerURL(data, address string) (string, error) {
	password, err := Read(data, Broker(BrokerAdmin))
	return BrokerURL(address, BrokerAdmin, password), err
}
