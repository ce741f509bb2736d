//go:build linux

package compose

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// imagesVariable says with which images the test runs.
const imagesVariable = "COREBANK_COMPOSE"

const (
	standIns = "stand-ins"
	public   = "public"
)

// wantedImages skips the test unless somebody asked for it, and fails where it was
// asked for and no engine answers.
func wantedImages(t *testing.T) string {
	t.Helper()
	images := os.Getenv(imagesVariable)
	switch images {
	case "":
		t.Skipf("set %s=%s, or %s=%s, to run docker-compose.yml on the Docker engine of this machine for some minutes: "+
			"with images that are built here from Go modules, or with those that it pulls",
			imagesVariable, standIns, imagesVariable, public)
	case standIns, public:
	default:
		t.Fatalf("%s=%q: want %s or %s", imagesVariable, images, standIns, public)
	}
	for _, question := range [][]string{{"info", "--format", "{{.ServerVersion}}"}, {"compose", "version", "--short"}} {
		answer, err := docker(t.Context(), question...)
		if err != nil {
			t.Fatalf("no Docker engine with Compose v2 answers: %v", err)
		}
		t.Logf("docker %s: %s", question[0], answer)
	}
	return images
}

// docker runs a command of Docker and returns what it prints.
func docker(ctx context.Context, arguments ...string) (string, error) {
	return run(exec.CommandContext(ctx, "docker", arguments...))
}

func run(command *exec.Cmd) (string, error) {
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(command.Args, " "), err, tail(errors.String()), tail(out.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// tail is the end of a long text.
func tail(text string) string {
	const most = 6000
	return text[max(0, len(text)-most):]
}

// must is what docker prints, or the end of the test.
func must(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := docker(t.Context(), arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// kill kills a process as a crash would: Docker starts its container again, which it
// does not after "docker kill".
func kill(ctx context.Context, pid string) error {
	if os.Geteuid() != 0 {
		_, err := run(exec.CommandContext(ctx, "sudo", "-n", "kill", "-9", pid))
		return err
	}
	var number int
	if _, err := fmt.Sscan(pid, &number); err != nil || number < 2 {
		return fmt.Errorf("%q is no process", pid)
	}
	return syscall.Kill(number, syscall.SIGKILL)
}
