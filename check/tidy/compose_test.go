package tidy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// composed is what the rules ask of docker-compose.yml.
type composed struct {
	Services map[string]struct {
		Image       string
		Restart     string
		Ports       []string
		Command     any
		Environment map[string]string
		Healthcheck map[string]any
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		CapDrop     []string                              `yaml:"cap_drop"`
		CapAdd      []string                              `yaml:"cap_add"`
		SecurityOpt []string                              `yaml:"security_opt"`
		ReadOnly    bool                                  `yaml:"read_only"`
		NetworkMode string                                `yaml:"network_mode"`
		Privileged  bool
		Secrets     []any
	}
}

// composeFiles run the bank in containers.
var composeFiles = []string{"docker-compose.yml", clusterFile}

func readCompose(t *testing.T) (file composed, text string) {
	t.Helper()
	return readComposed(t, "docker-compose.yml")
}

func readComposed(t *testing.T, name string) (file composed, text string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file, string(data)
}

func TestComposeRunsTheWholeBank(t *testing.T) {
	file, _ := readCompose(t)
	for _, app := range apps {
		for _, name := range []string{app, app + "-dapr"} {
			if _, there := file.Services[name]; !there {
				t.Errorf("docker-compose.yml has no service %s", name)
			}
		}
		if got := file.Services[app].Environment["DAPR_GRPC_ENDPOINT"]; got != "http://"+app+"-dapr:50001" {
			t.Errorf("%s reaches its sidecar at %q", app, got)
		}
	}
	noHealth := []string{"server-dapr", "actor-dapr", "eventsource-dapr", "projector-dapr", "placement", "sentry", "topic",
		"mongo-users"}
	for name, s := range file.Services {
		if s.Restart != "unless-stopped" && name != "topic" && name != "mongo-users" {
			t.Errorf("%s has the restart policy %q", name, s.Restart)
		}
		if len(s.Healthcheck) == 0 && !slices.Contains(noHealth, name) {
			t.Errorf("%s has no health check", name)
		}
		if (len(s.Ports) > 0) != (name == "server") {
			t.Errorf("%s publishes %v; only the gateway may", name, s.Ports)
		}
		if s.Image != "corebank" && !regexp.MustCompile(`:\d+\.\d+`).MatchString(s.Image) {
			t.Errorf("%s does not say which version of %q", name, s.Image)
		}
		for needed := range s.DependsOn {
			if _, there := file.Services[needed]; !there {
				t.Errorf("%s depends on %s, which is not there", name, needed)
			}
		}
	}
}

// TestComposeGivesNoPrivileges: compose refuses to start a service that is
// read_only and has a secret from the environment.
func TestComposeGivesNoPrivileges(t *testing.T) {
	for _, name := range composeFiles {
		file, _ := readComposed(t, name)
		checkPrivileges(t, file)
	}
}

func checkPrivileges(t *testing.T, file composed) {
	t.Helper()
	for name, s := range file.Services {
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) ||
			s.Privileged {
			t.Errorf("%s keeps privileges: %+v", name, s)
		}
		if len(s.CapAdd) > 0 && name != "mongo" {
			t.Errorf("%s gets %v", name, s.CapAdd)
		}
		// The server's sidecar has secrets; so have all but those who need none.
		if s.ReadOnly != (len(s.Secrets) == 0) {
			t.Errorf("%s is read-only: %t, and has %d secrets from the environment", name, s.ReadOnly, len(s.Secrets))
		}
	}
}

func TestSecretsOfComposeComeFromItsEnvironment(t *testing.T) {
	_, text := readCompose(t)
	example, err := os.ReadFile(filepath.Join(root, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`[^$]\$\{(\w+)`).FindAllStringSubmatch(text, -1) {
		if made := strings.HasPrefix(match[1], "SECRET_"); !made && !strings.Contains(string(example), "\n"+match[1]+"=") {
			t.Errorf(".env.example does not mention %s", match[1])
		}
	}
	inCompose := regexp.MustCompile(`(?m)^\s*(\w*(?:PASSWORD|TOKEN|KEY)\w*): (.+)$`)
	for _, match := range inCompose.FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(match[2], "${") && !strings.HasPrefix(match[2], "/run/secrets/") {
			t.Errorf("%s is written out in docker-compose.yml", match[1])
		}
	}
	inExample := regexp.MustCompile(`(?m)^(\w*(?:PASSWORD|TOKEN|KEY)\w*)=(.+)$`)
	for _, match := range inExample.FindAllStringSubmatch(string(example), -1) {
		t.Errorf(".env.example gives away a value for %s", match[1])
	}
}

// TestTheDemoIsForThisMachineOnly: those who can reach its gateway can ask for a token,
// so its port is on loopback whatever .env says, and it adds no rights.
func TestTheDemoIsForThisMachineOnly(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "compose.demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var demo composed
	if err := yaml.Unmarshal(data, &demo); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "ports: !override") {
		t.Error("the ports are added to those of docker-compose.yml, which can be published anywhere")
	}
	for name, s := range demo.Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s", name, port)
			}
		}
		if s.Privileged || len(s.CapAdd) > 0 {
			t.Errorf("%s gets rights", name)
		}
	}
	if issuer := demo.Services["demo-issuer"]; !issuer.ReadOnly || !slices.Equal(issuer.CapDrop, []string{"ALL"}) {
		t.Errorf("the issuer keeps rights: %+v", issuer)
	}
}

// TestSecretsOfComposeNeedNoUser: engines of version 20.10 refuse a secret for a user
// that the host does not know.
func TestSecretsOfComposeNeedNoUser(t *testing.T) {
	for _, name := range composeFiles {
		_, text := readComposed(t, name)
		if strings.Contains(text, "uid:") || strings.Contains(text, "gid:") {
			t.Errorf("%s: a secret is given to a user by number", name)
		}
		if strings.Count(text, "{source: ") != strings.Count(text, "mode: 0444}") {
			t.Errorf("%s: a secret cannot be read by the unprivileged user of its container", name)
		}
	}
}
