package secrets_test

import (
	"errors"
	"io"
	"maps"
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

// TestTheChartHasItsSecrets: what the pods of a bank with three partitions, or on three
// machines, ask for is what is printed for it, and nothing is printed in vain. MongoDB's and
// the collector's are the operator's.
func TestTheChartHasItsSecrets(t *testing.T) {
	for name, wanted := range map[string]secrets.Wanted{"partitions": {Partitions: 3}, "machines": {Machines: 3}} {
		t.Run(name, func(t *testing.T) {
			wanted.Passwords, wanted.Kubernetes = true, "bank"
			text, err := wanted.Text(now)
			if err != nil {
				t.Fatal(err)
			}
			made, err := os.ReadFile(filepath.Join("..", "..", "check", "chart", "testdata", name+".golden.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			compareSecrets(t, printedSecrets(t, text), string(made))
		})
	}
}

func compareSecrets(t *testing.T, printed map[string]map[string]string, made string) {
	t.Helper()
	var used []string
	for _, pattern := range []string{`secretName: ([\w-]+)`, `-token-secret: ([\w-]+)`, `secretKeyRef: \{name: ([\w-]+)`,
		`=([\w-]+):\w+[,"]`} {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(made, -1) {
			used = append(used, match[1])
		}
	}
	ofOthers := []string{"bank-mongodb", "bank-tls"}
	slices.Sort(used)
	used = slices.DeleteFunc(slices.Compact(used), func(name string) bool { return slices.Contains(ofOthers, name) })
	if has := slices.Sorted(maps.Keys(printed)); !slices.Equal(used, has) {
		t.Errorf("the pods use the secrets\n%q, printed are\n%q", used, has)
	}
	ofKey := regexp.MustCompile(`secretKeyRef: \{name: ([\w-]+), key: ([\w-]+)\}`)
	for _, match := range ofKey.FindAllStringSubmatch(made, -1) {
		if name, key := match[1], match[2]; !slices.Contains(ofOthers, name) && printed[name][key] == "" {
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
	for what, wanted := range map[string]secrets.Wanted{"a broker for docker compose": {Broker: "nats:4222"},
		"four machines": {Machines: 4}, "machines with partitions": {Kubernetes: "bank", Machines: 3, Partitions: 2}} {
		if err := wanted.Check(); err == nil {
			t.Errorf("%s: that is taken, and nothing would use it", what)
		}
	}
}
