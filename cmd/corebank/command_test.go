package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"corebank/internal/contract"
	"corebank/internal/filelock"
)

// outcome is how a command ended.
type outcome struct {
	code   int
	stdout string
	stderr string
}

// command is a run of corebank in an empty directory, with no variable of ours
// in its environment but those given.
func command(t *testing.T, environment []string, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path, arguments...)
	c.Dir = t.TempDir()
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "COREBANK_") {
			c.Env = append(c.Env, entry)
		}
	}
	c.Env = append(c.Env, environment...)
	return c
}

// corebank runs a command to its end.
func corebank(t *testing.T, environment []string, arguments ...string) outcome {
	t.Helper()
	c := command(t, environment, arguments...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func TestMisuseIsExplained(t *testing.T) {
	for name, test := range map[string]struct {
		environment []string
		arguments   []string
		says        []string
	}{
		"an unknown command": {nil, []string{"upp"}, []string{`no command "upp"`, `did you mean "up"`, "corebank --help"}},
		"an unknown flag":    {nil, []string{"up", "--port", "1"}, []string{"unknown flag: --port", "corebank up --help"}},
		"a stray argument":   {nil, []string{"up", "now"}, []string{`"now" is one word too many`, "corebank up --help"}},
		"no URL":             {nil, []string{"health"}, []string{"want 1 argument, the URL", "corebank health --help"}},
		"an empty flag":      {nil, []string{"up", "--data", ""}, []string{"--data is empty"}},
		"an empty file":      {[]string{"COREBANK_DIR="}, []string{"nats"}, []string{`"dir"`}},
		"a missing flag":     {nil, []string{"nats"}, []string{`"dir"`, "corebank nats --help"}},
		"an unknown level":   {nil, []string{"version", "--log-level", "loud"}, []string{"debug, info, warn or error"}},
		"an unknown format":  {nil, []string{"version", "--log-format", "xml"}, []string{"text or json"}},
		"a bad variable": {[]string{"COREBANK_ALLOW_REMOTE=perhaps"}, []string{"server"},
			[]string{"COREBANK_ALLOW_REMOTE"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := corebank(t, test.environment, test.arguments...)
			if got.code != 2 || got.stdout != "" {
				t.Errorf("exit code %d and output %q, want 2 and none", got.code, got.stdout)
			}
			for _, says := range test.says {
				if !strings.Contains(got.stderr, says) {
					t.Errorf("it does not say %q: %s", says, got.stderr)
				}
			}
		})
	}
}

func TestHelpIsForPeople(t *testing.T) {
	for _, arguments := range [][]string{{}, {"--help"}, {"help", "up"}} {
		got := corebank(t, nil, arguments...)
		if got.code != 0 || !strings.Contains(got.stdout, "Examples:") {
			t.Errorf("corebank %q: exit code %d, output\n%s", arguments, got.code, got.stdout)
		}
	}
	for shell, says := range map[string]string{"bash": "__start_corebank", "zsh": "#compdef corebank",
		"fish": "complete"} {
		if got := corebank(t, nil, "completion", shell); got.code != 0 || !strings.Contains(got.stdout, says) {
			t.Errorf("completion %s: exit code %d, output\n%.200s", shell, got.code, got.stdout)
		}
	}
	if got := corebank(t, nil, "__complete", "token", "--role", ""); !strings.Contains(got.stdout, "auditor\n") {
		t.Errorf("roles are not completed: %+v", got)
	}
	long, short := corebank(t, nil, "version"), corebank(t, nil, "--version")
	if short.code != 0 || short.stdout != long.stdout {
		t.Errorf("--version: %+v", short)
	}
	if got := corebank(t, nil, "version"); got.code != 0 || !strings.Contains(got.stdout, "immudb v1.") ||
		!strings.Contains(got.stdout, "dapr 1.18") {
		t.Errorf("version: exit code %d, output\n%s", got.code, got.stdout)
	}
}

// TestOutputThatCannotBeWritten: a command whose output cannot be written has failed.
func TestOutputThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no full device here")
	}
	defer full.Close()
	folder := t.TempDir()
	for _, arguments := range [][]string{{"version"}, {"--version"}, {"--help"}, {"help", "up"}, {"secrets"},
		{"completion", "bash"}, {"torture", "--duration", "1s"}} {
		c := command(t, []string{"TMPDIR=" + folder}, arguments...)
		var stderr bytes.Buffer
		c.Stdout, c.Stderr = full, &stderr
		_ = c.Run() // the exit code is looked at below
		if c.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("%q: exit code %d, %s", arguments, c.ProcessState.ExitCode(), &stderr)
		}
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		c = command(t, []string{"TMPDIR=" + folder}, arguments...)
		c.Stdout = writer
		_ = c.Run()
		writer.Close()
		if c.ProcessState.ExitCode() != 1 {
			t.Errorf("%q, to a reader that has ended: %v", arguments, c.ProcessState)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestABankThatCannotStart checks that up says what to do and leaves nothing.
func TestABankThatCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inUse := t.TempDir()
	lock, err := filelock.Try(filepath.Join(inUse, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	for name, test := range map[string]struct {
		listen, data string
		environment  []string
		says         []string
	}{
		"its port is taken": {taken.Addr().String(), t.TempDir(), nil,
			[]string{taken.Addr().String(), "another program listens there", "--listen 127.0.0.1:0"}},
		"others could reach it": {"0.0.0.0:0", t.TempDir(), nil,
			[]string{"an issuer on this machine", "--listen 127.0.0.1:8080"}},
		"its directory cannot be written": {"127.0.0.1:0", filepath.Join(file, "bank"), nil,
			[]string{filepath.Join(file, "bank"), "not a directory", "--data DIR"}},
		"its directory is no bank": {"127.0.0.1:0", filepath.Dir(file), nil,
			[]string{filepath.Dir(file), "is no bank", "--data " + filepath.Join(filepath.Dir(file), "bank")}},
		"its directory is in use": {"127.0.0.1:0", inUse, nil,
			[]string{inUse, fmt.Sprintf("process %d", os.Getpid()), "--data DIR"}},
		"its sidecar is not where it was said to be": {"127.0.0.1:0", t.TempDir(), []string{"COREBANK_DAPRD_DIR=" + inUse},
			[]string{"COREBANK_DAPRD_DIR", "unset it"}},
	} {
		t.Run(name, func(t *testing.T) {
			failsToStart(t, command(t, test.environment, "up", "--listen", test.listen, "--data", test.data), test.data,
				test.says)
		})
	}
}

func TestABankWhoseSidecarCannotBeBuilt(t *testing.T) {
	data := filepath.Join(t.TempDir(), "bank")
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool")
	}
	objects, err := exec.Command(tool, "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	c := command(t, []string{"XDG_CACHE_HOME=" + t.TempDir(), "HOME=" + t.TempDir(),
		"GOCACHE=" + strings.TrimSpace(string(objects)), "PATH=" + filepath.Dir(tool)},
		"up", "--listen", "127.0.0.1:0", "--data", data)
	source := filepath.Join(c.Dir, "components", "daprd")
	for path, text := range map[string]string{
		"go.mod": "module corebank/components/daprd\n\ngo 1.26\n\n" +
			"require github.com/dapr/dapr v1.18.2\n\nreplace github.com/dapr/dapr => ./dapr\n",
		"main.go":      "package main\n\nfunc main() { missing() }\n",
		"dapr/go.mod":  "module github.com/dapr/dapr\n",
		"dapr/dapr.go": "package dapr\n",
	} {
		path = filepath.Join(source, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	failsToStart(t, c, data, []string{"could not be built", "undefined: missing", source})
}

// failsToStart runs an `up` that must fail, and looks for what it left.
func failsToStart(t *testing.T, c *exec.Cmd, data string, says []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	_ = c.Run() // the exit code is looked at below
	if code := c.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1\n%s\n%s", code, &stdout, &stderr)
	}
	for _, text := range says {
		if !strings.Contains(stderr.String(), text) {
			t.Errorf("it does not say %q: %s", text, &stderr)
		}
	}
	if strings.Contains(stdout.String(), "Starting") {
		t.Errorf("parts were started:\n%s", &stdout)
	}
	if left := (&running{t: t, data: data, process: c}).processes(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestHealthChecks(t *testing.T) {
	if got := corebank(t, nil, "health", "http://127.0.0.1:1/readyz"); got.code != 1 ||
		!strings.Contains(got.stderr, "127.0.0.1:1") {
		t.Errorf("without a server: %+v", got)
	}
}

// service is a part that runs alone until the test ends it.
func service(t *testing.T, arguments ...string) (dir string, stop func()) {
	t.Helper()
	c := command(t, nil, arguments...)
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	return c.Dir, func() {
		t.Helper()
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s ended with %v\n%s", arguments[0], err, &output)
			}
		case <-time.After(stopTime):
			t.Errorf("%s did not stop within %s", arguments[0], stopTime)
		}
	}
}

// freePort is an address that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	return lis.Addr().String()
}

// untouched checks that a service kept to its own directory.
func untouched(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("it wrote %s into its working directory", entry.Name())
	}
}

func TestTheBrokerBringsItsTopic(t *testing.T) {
	address := freePort(t)
	dir, stop := service(t, "nats", "--dir", t.TempDir(), "--listen", address)
	// The command for other brokers waits for this one, and changes nothing.
	if got := corebank(t, nil, "topic", "--url", "nats://"+address); got.code != 0 {
		t.Fatalf("topic: %+v", got)
	}
	connection, err := nats.Connect("nats://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	js, err := jetstream.New(connection)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	name, err := js.StreamNameBySubject(ctx, contract.Topic)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	if c := stream.CachedInfo().Config; c.MaxAge != 24*time.Hour || c.MaxBytes != 1<<30 ||
		c.Discard != jetstream.DiscardOld || c.Storage != jetstream.FileStorage {
		t.Errorf("the stream is not bounded: %+v", c)
	}
	stop()
	untouched(t, dir)
}

func TestImmudbKeepsToItself(t *testing.T) {
	address, data := freePort(t), filepath.Join(t.TempDir(), "data")
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("immudb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := corebank(t, nil, "immudb", "--dir", data, "--listen", address, "--admin-password-file",
		secret); got.code != 1 || !strings.Contains(got.stderr, "published default password") {
		t.Errorf("with the published password: %+v", got)
	}
	if err := os.WriteFile(secret, []byte("weak\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := corebank(t, nil, "immudb", "--dir", data, "--listen", address, "--admin-password-file",
		secret); got.code != 1 || !strings.Contains(got.stderr, "--admin-password-file") {
		t.Errorf("with a weak password: %+v", got)
	}
	if err := os.WriteFile(secret, []byte("Str0ng!enough\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second time on the same data
		dir, stop := service(t, "immudb", "--dir", data, "--listen", address, "--admin-password-file", secret)
		awaitConnection(t, address)
		stop()
		untouched(t, dir)
	}
}

func awaitConnection(t *testing.T, address string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(warmStart)
	for {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}
