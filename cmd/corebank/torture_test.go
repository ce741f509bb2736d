package main_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"corebank/check/hosts"
	"corebank/internal/scratch"
)

// The whole command, on a bank of its own: some faults of different kinds, and
// no violation. What it made is gone afterwards; after a violation it stays, because
// the same seed hardly ever makes the same history again.
func TestAShortTortureFindsNoViolation(t *testing.T) {
	runTorture(t, []string{"linearizable", "everything", "seed 1"}, "--duration", "12s", "--faults",
		"kill:actor,kill:eventsource,kill:immudb,kill:nats,everything,"+
			"freeze:eventsource,broker-lost,second-writer,snapshots:damaged")
}

// The same on three machines: one is lost with its disk, one is cut off in one direction, and a gateway is lost.
func TestAShortTortureOfMachinesFindsNoViolation(t *testing.T) {
	faults := []string{"machine:lost", "gateway:lost"}
	if err := hosts.Supported(); err != nil {
		t.Logf("no machine is cut off: %v", err)
	} else {
		faults = append(faults, "machine:deaf")
	}
	runTorture(t, append(faults, "linearizable", "clients wait", "seed 1"), "--machines", "3", "--each", "1",
		"--faults", strings.Join(faults, ","))
}

func runTorture(t *testing.T, says []string, arguments ...string) {
	if testing.Short() {
		t.Skip("it runs a whole bank for half a minute")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the torture needs Linux")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := scratch.Make("torture-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("answers.txt, the pictures order-*.html and the logs are in %s", dir)
		} else if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	command := exec.CommandContext(within(t, coldStart), path,
		append([]string{"torture", "--seed", "1", "--clients", "8", "--accounts", "8"}, arguments...)...)
	command.Env = append(os.Environ(), "TMPDIR="+dir)
	command.Cancel, command.WaitDelay = func() error { return command.Process.Signal(os.Interrupt) }, 2*time.Minute
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, text := range append(says, "no violation") {
		if !bytes.Contains(out, []byte(text)) {
			t.Errorf("it does not say %q", text)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("%s", out)
	}
}

func TestTheTortureSaysWhatItDoesNotUnderstand(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for arguments, says := range map[string]string{
		"--faults sabotage":       "kill:immudb",
		"--duration 0s":           "--duration 5m",
		"--clients 0":             "want 1 to 256",
		"--accounts 1001":         "want 1 to 1000",
		"--machines 2":            "of which one can be lost",
		"--machines 3 --events 9": "begins empty",
		"--from x --machines 3":   "leave out --machines",
		"--from x --faults kill":  "replaced:",
		"--faults kill --seed x":  "invalid argument",
	} {
		out, err := exec.CommandContext(context.WithoutCancel(t.Context()), path,
			append([]string{"torture"}, strings.Fields(arguments)...)...).CombinedOutput()
		var exit *exec.ExitError
		if err == nil || !bytes.Contains(out, []byte(says)) {
			t.Errorf("%s: %v, %s; want an error that says %q", arguments, err, out, says)
		} else if !errors.As(err, &exit) || exit.ExitCode() != 2 {
			t.Errorf("%s: ended with %v, want code 2", arguments, err)
		}
	}
}
