package tidy

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"corebank/internal/contract"
	"corebank/internal/secrets"
)

// guarded is what the rules on secrets ask of docker-compose.yml.
type guarded struct {
	Services map[string]struct {
		Command     any
		Environment map[string]string
		Secrets     []struct{ Source, Target string }
	}
	Secrets map[string]struct{ Environment string }
}

func readGuarded(t *testing.T) guarded {
	t.Helper()
	_, text := readCompose(t)
	var file guarded
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// uses tells whether a service of compose gets a variable, as an environment
// variable or as a file.
func (g guarded) uses(service, variable string) bool {
	s := g.Services[service]
	for _, value := range s.Environment {
		if strings.Contains(value, "${"+variable+"}") || strings.Contains(value, "${"+variable+":?") {
			return true
		}
	}
	return slices.ContainsFunc(s.Secrets, func(use struct{ Source, Target string }) bool {
		return g.Secrets[use.Source].Environment == variable
	})
}

// TestEachSecretOfComposeIsForThoseWhoNeedIt: who else has it could be somebody
// else.
func TestEachSecretOfComposeIsForThoseWhoNeedIt(t *testing.T) {
	set, err := secrets.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string][]string{
		"IMMUDB_PASSWORD":                                     {"eventsource"},
		"IMMUDB_ADMIN_PASSWORD":                               {"eventsource", "immudb"},
		"MONGO_PASSWORD":                                      {"mongo", "mongo-users"},
		secrets.Variable(secrets.Mongo("server")):             {"mongo-users", "server"},
		secrets.Variable(secrets.Mongo("projector")):          {"mongo-users", "projector"},
		secrets.Variable(secrets.Mongo("actor")):              {"actor-dapr", "mongo-users"},
		secrets.Variable(secrets.Append):                      {"actor", "eventsource"},
		secrets.Variable(secrets.Admin):                       {"projector"},
		secrets.Variable(secrets.IssuerKey):                   {"sentry"},
		secrets.Variable(secrets.Issuer):                      {"sentry"},
		secrets.Variable(secrets.Keys):                        {"sentry"},
		secrets.Variable(secrets.App("eventsource")):          {"eventsource", "eventsource-dapr"},
		secrets.Variable(secrets.Identity(secrets.Placement)): {"placement"},
		secrets.Variable(secrets.Broker(secrets.BrokerAdmin)): {"nats", "topic"},
		secrets.Variable(secrets.Anchors): {"actor-dapr", "eventsource-dapr", "placement",
			"projector-dapr", "sentry", "server-dapr"},
	}
	for _, app := range apps {
		owners[secrets.Variable(secrets.Sidecar(app))] = []string{app, app + "-dapr"}
		owners[secrets.Variable(secrets.Identity(app))] = []string{app + "-dapr"}
		owners[secrets.Variable(secrets.Broker(app))] = []string{app, app + "-dapr", "nats"}
	}
	// The actor app leaves the broker to its sidecar.
	owners[secrets.Variable(secrets.Broker("actor"))] = []string{"actor-dapr", "nats"}
	for name := range set {
		if owners[secrets.Variable(name)] == nil {
			t.Errorf("no service uses %s", name)
		}
	}
	file := readGuarded(t)
	for variable, want := range owners {
		var got []string
		for service := range file.Services {
			if file.uses(service, variable) {
				got = append(got, service)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s is given to %q, want %q", variable, got, want)
		}
	}
}

// TestSidecarsOfComposeAskForCertificates: the rules who may call whom say
// nothing without them.
func TestSidecarsOfComposeAskForCertificates(t *testing.T) {
	file := readGuarded(t)
	for _, app := range apps {
		sidecar := file.Services[app+"-dapr"]
		for _, flag := range []any{"--enable-mtls", "--sentry-address=sentry:50001", "--config=/components/access.yaml"} {
			if !slices.Contains(arguments(sidecar.Command), flag) {
				t.Errorf("%s-dapr has no %s", app, flag)
			}
		}
		if sidecar.Environment["DAPR_SENTRY_TOKEN_FILE"] != "/run/secrets/identity" ||
			sidecar.Environment["DAPR_TRUST_ANCHORS"] == "" {
			t.Errorf("%s-dapr has no identity, or does not know whom to trust", app)
		}
	}
	for service, flags := range map[string][]any{
		"placement": {"--tls-enabled", "--sentry-address=sentry:50001"},
		"sentry":    {"--config=/components/sentry.yaml", "--issuer-credentials=/run/secrets"},
		"nats":      {"--config=/etc/corebank/nats.conf"},
	} {
		for _, flag := range flags {
			if !slices.Contains(arguments(file.Services[service].Command), flag) {
				t.Errorf("%s has no %s", service, flag)
			}
		}
	}
}

// TestNoSecretIsAnArgument: arguments can be read by everybody on the machine.
func TestNoSecretIsAnArgument(t *testing.T) {
	for _, name := range composeFiles {
		file, _ := readComposed(t, name)
		for service, s := range file.Services {
			for _, argument := range arguments(s.Command) {
				text, _ := argument.(string)
				if strings.Contains(strings.ReplaceAll(text, "${COREBANK_CLUSTER_NET", ""), "${") { // an address
					t.Errorf("%s of %s is given %s", service, name, text)
				}
			}
		}
	}
}

func arguments(command any) []any {
	list, _ := command.([]any)
	return list
}

// TestOnlyTheirAppsHaveAComponent: scopes keep a component, and the secrets in
// it, from the other sidecars.
func TestOnlyTheirAppsHaveAComponent(t *testing.T) {
	scopes := map[string][]string{"pubsub": contract.EventSources(3), "livefeed": {"server", "actor", "projector"},
		"statestore": {"actor"}}
	for name, want := range scopes {
		for _, folder := range []string{"components", filepath.Join("components", "compose")} {
			text, err := os.ReadFile(filepath.Join(root, folder, name+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			var component struct{ Scopes []string }
			if err := yaml.Unmarshal(text, &component); err != nil || !slices.Equal(component.Scopes, want) {
				t.Errorf("%s/%s.yaml is for %q, want %q (%v)", folder, name, component.Scopes, want, err)
			}
		}
	}
	// Containers have the same rules.
	local, err := os.ReadFile(filepath.Join(root, "components", "access.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	compose, err := os.ReadFile(filepath.Join(root, "components", "compose", "access.yaml"))
	if err != nil || !bytes.Equal(local, compose) {
		t.Errorf("compose/access.yaml is not a copy of access.yaml: %v", err)
	}
}

// TestAppsOfComposeHaveTheirOwnRightsInMongoDB: no app is root there, and only the
// projector writes the views.
func TestAppsOfComposeHaveTheirOwnRightsInMongoDB(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(root, "components", "containers", "mongo", "users.js"))
	if err != nil {
		t.Fatal(err)
	}
	for app, right := range map[string]string{"server": `"read", views`, "projector": `"readWrite", views`,
		"actor": `"readWrite", snapshots`} {
		line := `["` + app + `", process.env.MONGO_` + strings.ToUpper(app) + `, ` + right + `]`
		if !strings.Contains(string(script), line) {
			t.Errorf("users.js does not have %s", line)
		}
	}
	file := readGuarded(t)
	for service, want := range map[string]string{"server": "mongodb://server:", "projector": "mongodb://projector:"} {
		if uri := file.Services[service].Environment["MONGODB_URI"]; !strings.HasPrefix(uri, want) {
			t.Errorf("%s uses %s", service, uri)
		}
	}
	if user := file.Services["actor-dapr"].Environment["COREBANK_STATE_USER"]; user != "actor" {
		t.Errorf("the actors' sidecar is %s in MongoDB", user)
	}
}
