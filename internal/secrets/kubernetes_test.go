package secrets_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"corebank/internal/secrets"
)

type printed struct {
	Kind       string
	Metadata   struct{ Name string }
	StringData map[string]string `yaml:"stringData"`
}

// printedSecrets are the keys of the Secrets in a text, by their names.
func printedSecrets(t *testing.T, text string) map[string]map[string]string {
	t.Helper()
	found := make(map[string]map[string]string)
	for decoder := yaml.NewDecoder(strings.NewReader(text)); ; {
		var one printed
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil || one.Kind != "Secret" || len(one.StringData) == 0 {
			t.Fatalf("%+v, %v", one, err)
		}
		found[one.Metadata.Name] = one.StringData
	}
}

// TestTheChartHasItsSecrets: what the pods of a bank with three partitions ask for is
// what is printed for it, and nothing is printed in vain. MongoDB's is the operator's.
func TestTheChartHasItsSecrets(t *testing.T) {
	text, err := secrets.Wanted{Passwords: true, Kubernetes: "bank", Partitions: 3}.Text(now)
	if err != nil {
		t.Fatal(err)
	}
	has := printedSecrets(t, text)
	made, err := os.ReadFile(filepath.Join("..", "..", "check", "chart", "testdata", "partitions.golden.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, pattern := range []string{`secretName: ([\w-]+)`, `-token-secret: ([\w-]+)`, `secretKeyRef: \{name: ([\w-]+)`,
		`=([\w-]+):\w+[,"]`} {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(made), -1) {
			used = append(used, match[1])
		}
	}
	slices.Sort(used)
	for _, name := range slices.Compact(used) {
		if name == "bank-mongodb" {
			continue
		}
		if has[name] == nil {
			t.Errorf("a pod uses the secret %s, which is not printed", name)
		}
		delete(has, name)
	}
	for name := range has {
		t.Errorf("%s is printed and used by no pod", name)
	}
	for _, match := range regexp.MustCompile(`secretKeyRef: \{name: ([\w-]+), key: ([\w-]+)\}`).
		FindAllStringSubmatch(string(made), -1) {
		if name, key := match[1], match[2]; name != "bank-mongodb" && printedSecrets(t, text)[name][key] == "" {
			t.Errorf("the secret %s has no %s", name, key)
		}
	}
}

// TestOnlyANewInstallationGetsPasswords: printed again, they would lock the bank out of
// its database, and make all snapshots worthless.
func TestOnlyANewInstallationGetsPasswords(t *testing.T) {
	for _, prefix := range []string{"", "bank"} {
		for _, passwords := range []bool{false, true} {
			text, err := secrets.Wanted{Passwords: passwords, Kubernetes: prefix}.Text(now)
			if err != nil {
				t.Fatal(err)
			}
			for _, lasting := range []string{"IMMUDB_ADMIN_PASSWORD", "MONGO_KEY", "bank-immudb", "bank-actor-key"} {
				want := passwords && strings.HasPrefix(lasting, "bank") == (prefix != "")
				if strings.Contains(text, lasting) != want {
					t.Errorf("for %q, passwords %t: %s is there: %t", prefix, passwords, lasting, !want)
				}
			}
		}
	}
	if err := (secrets.Wanted{Broker: "nats:4222"}).Check(); err == nil {
		t.Error("a broker for docker compose is taken, and would not be used")
	}
}
