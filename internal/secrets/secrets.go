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

// Folder is where in a bank's data directory its secrets are.
const Folder = "secrets"

// Names of secrets. Each is a file of that name.
const (
	// Anchors is the root certificate, which everybody may know; Issuer and
	// IssuerKey are what sentry signs with; Keys verify the identities.
	Anchors   = "ca.crt"
	Issuer    = "issuer.crt"
	IssuerKey = "issuer.key"
	Keys      = "identities.jwks"
	// Append is presented by whoever appends to the log, Admin by whoever
	// changes the views by hand.
	Append = "append"
	Admin  = "admin"
)

// Placement is what Dapr's placement calls itself.
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

// Apps are the apps that have sidecars.
func Apps() []string {
	return []string{contract.AppServer, contract.AppActor, contract.AppEventSource, contract.AppProjector}
}

// Set has secrets by name.
type Set map[string]string

// New makes all secrets of an installation anew, with the apps that keep the
// partitions of its log, if there are several. These have no use for the broker.
func New(now time.Time, partitions ...string) (Set, error) {
	set := Set{Append: token(), Admin: token(), App(contract.AppEventSource): token()}
	for _, app := range Apps() {
		set[Sidecar(app)] = token()
		set[Broker(app)] = token()
	}
	for _, app := range partitions {
		set[Sidecar(app)] = token()
		set[App(app)] = token()
	}
	set[Broker(BrokerAdmin)] = token()
	return set, errors.Join(set.addAuthority(now), set.addIdentities(now, append(Apps(), partitions...)))
}

// token is a random text of letters and digits. It begins with a letter: what
// reads the broker's file for containers might take it for a number.
func token() string { return "s" + rand.Text() + rand.Text() }

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

// Environment is the set as lines of a file such as docker compose reads.
func (s Set) Environment() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&text, "%s='%s'\n", Variable(name), s[name])
	}
	return text.String()
}

// Variable is the environment variable for a secret.
func Variable(name string) string {
	return "SECRET_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

// Read reads one secret of the bank in a data directory, as far as that bank
// has been started.
func Read(data, name string) (string, error) {
	path := filepath.Join(data, Folder, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("a secret of the bank cannot be read: %w; has it been started, and by you?", err)
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

// BrokerURL is the URL under which a user reaches the broker at an address.
func BrokerURL(address, user, password string) string {
	return (&url.URL{Scheme: "nats", User: url.UserPassword(user, password), Host: address}).String()
}

// ReadBrokerURL is BrokerURL for the administrator of the broker of the bank in
// a data directory.
func ReadBrokerURL(data, address string) (string, error) {
	password, err := Read(data, Broker(BrokerAdmin))
	return BrokerURL(address, BrokerAdmin, password), err
}
