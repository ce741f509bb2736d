//go:build linux

package compose

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/secrets"
)

// Bounds of a start and of a recovery.
const (
	startTime    = 4 * time.Minute
	recoveryTime = 2 * time.Minute
	tick         = 50 * time.Millisecond
)

// once are the services that end by themselves.
var once = []string{"topic", "mongo-users", "demo-issuer"}

// project is a set of files for compose, as it runs.
type project struct {
	images    string // which are used
	name      string
	files     []string // arguments
	env       string   // the file
	gateways  []string // URLs
	variables map[string]string
}

// newProject makes the secrets of an installation on so many machines, of the files in the
// root of the repository.
func newProject(t *testing.T, name string, machines int, files ...string) *project {
	t.Helper()
	p := &project{images: wantedImages(t), name: "corebank-check-" + name + "-" + time.Now().Format("150405"),
		env: filepath.Join(t.TempDir(), "env"), variables: secrets.Passwords()}
	set, err := secrets.New(time.Now(), contract.StandbyEventSources(machines)...)
	if err != nil {
		t.Fatal(err)
	}
	for secret, value := range set {
		p.variables[secrets.Variable(secret)] = value
	}
	p.variables["COREBANK_ISSUER"] = "http://127.0.0.1:9000"
	p.variables[telemetryVariable] = telemetryValue
	for machine := range machines {
		variable := "COREBANK_DEMO_PORT"
		if machines > 1 {
			variable = fmt.Sprintf("COREBANK_CLUSTER_PORT_%d", machine+1)
		}
		p.variables[variable] = freePort(t)
		p.gateways = append(p.gateways, "http://127.0.0.1:"+p.variables[variable])
	}
	if err := os.WriteFile(p.env, []byte(secrets.Lines(p.variables)), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		files[i] = filepath.Join(root, file)
	}
	if p.images == standIns {
		files = append(files, override(t, files...))
	}
	for _, file := range files {
		p.files = append(p.files, "--file="+file)
	}
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	_, port, err := net.SplitHostPort(lis.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// compose runs a command of Compose on the project.
func (p *project) compose(ctx context.Context, arguments ...string) (string, error) {
	all := slices.Concat([]string{"compose", "--progress=plain", "--project-name=" + p.name, "--project-directory=" + root,
		"--env-file=" + p.env}, p.files, arguments)
	return run(exec.CommandContext(ctx, "docker", all...))
}

func (p *project) must(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := p.compose(t.Context(), arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// up starts everything and waits until all is healthy. The services named have the images that
// are built where the others are pulled. All is removed after the test.
func (p *project) up(t *testing.T, built ...string) {
	t.Helper()
	if p.images == public {
		p.must(t, append([]string{"build"}, built...)...)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if t.Failed() {
			states, _ := p.compose(ctx, "ps", "--all")
			logs, _ := p.compose(ctx, "logs", "--timestamps")
			kept := filepath.Join(os.TempDir(), p.name+".log")
			t.Logf("%s\nwhat all of them wrote is in %s: %v", states, kept, os.WriteFile(kept, []byte(logs), 0o600))
			logs, _ = p.compose(ctx, "logs", "--tail=25")
			t.Log(logs)
		}
		if out, err := p.compose(ctx, "down", "--volumes", "--timeout=5"); err != nil {
			t.Error(out, err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	began := time.Now()
	if _, err := p.compose(ctx, "up", "--detach", "--wait", "--quiet-pull"); err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %.0f s", time.Since(began).Seconds())
}

// services are those that keep running.
func (p *project) services(t *testing.T) []string {
	t.Helper()
	all := strings.Fields(p.must(t, "config", "--services"))
	slices.Sort(all)
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(once, s) })
}

// state is what Docker says of the container of a service.
func (p *project) state(ctx context.Context, service, format string) (string, error) {
	id, err := docker(ctx, "ps", "--all", "--quiet", "--filter=label=com.docker.compose.project="+p.name,
		"--filter=label=com.docker.compose.service="+service)
	if err != nil || id == "" {
		return "", fmt.Errorf("%s has no container: %w", service, err)
	}
	return docker(ctx, "inspect", "--format", format, id)
}

// crash kills the process of a service, and waits until Docker has started it again.
func (p *project) crash(ctx context.Context, service string) error {
	const started = "{{.State.Pid}} {{.RestartCount}}"
	before, err := p.state(ctx, service, started)
	if err != nil {
		return err
	}
	pid, restarts, _ := strings.Cut(before, " ")
	if err := kill(ctx, pid); err != nil {
		return err
	}
	for {
		now, err := p.state(ctx, service, started)
		if err != nil {
			return err
		}
		if again, count, _ := strings.Cut(now, " "); again != "0" && again != pid && count != restarts {
			return nil
		}
		if !app.Pause(ctx, tick) {
			return fmt.Errorf("%s was killed and did not start again: %s", service, now)
		}
	}
}

// healthy waits until everything runs and every health check passes.
func (p *project) healthy(ctx context.Context) error {
	for {
		out, err := docker(ctx, "ps", "--all", "--filter=label=com.docker.compose.project="+p.name,
			"--format", `{{.Label "com.docker.compose.service"}} {{.State}} {{.Status}}`)
		if err != nil {
			return err
		}
		ill := ""
		for line := range strings.Lines(out) {
			service, state, _ := strings.Cut(line, " ")
			well := strings.HasPrefix(state, "running") && !strings.Contains(state, "(health: starting)") &&
				!strings.Contains(state, "(unhealthy)")
			if !well && !slices.Contains(once, service) {
				ill = line
			}
		}
		if ill == "" {
			return nil
		}
		if !app.Pause(ctx, 4*tick) {
			return fmt.Errorf("it does not get well: %s", ill)
		}
	}
}
