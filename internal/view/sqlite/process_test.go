package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"corebank/internal/view"
	"corebank/internal/view/sqlite"
)

// The test binary starts itself again as another process of the bank. With this
// variable set, TestMain runs the process that it names.
const (
	partVariable = "VIEWS_TEST_PART"
	pathVariable = "VIEWS_TEST_PATH"
)

func TestMain(m *testing.M) {
	var err error
	switch part, path := os.Getenv(partVariable), os.Getenv(pathVariable); part {
	case "":
		os.Exit(m.Run())
	case "projector":
		err = playProjector(context.Background(), path)
	case "gateway":
		err = playGateway(context.Background(), path)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	playedAccounts = 5
	playedChange   = 50
	playedEnd      = 40 * playedChange
)

// playProjector writes until it is killed, and prints each change.
func playProjector(ctx context.Context, path string) error {
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	for deposits := newDeposits(playedAccounts); ; fmt.Println(deposits.position) {
		if err := store.Apply(ctx, deposits.next(playedChange)); err != nil {
			return err
		}
	}
}

// playGateway reads until the views reach playedEnd. It fails if they ever go
// back or disagree with each other.
func playGateway(ctx context.Context, path string) error {
	reader, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return err
	}
	defer reader.Close(ctx)
	fmt.Println("reading")
	for last := int64(0); last < playedEnd; {
		at, err := reader.Checkpoint(ctx)
		if err != nil {
			return err
		}
		if at < last {
			return fmt.Errorf("the checkpoint went back from %d to %d", last, at)
		}
		last = at
		if lines, err := countLines(ctx, reader); err != nil || lines < at {
			return fmt.Errorf("checkpoint %d, then %d lines: %w", at, lines, err)
		}
	}
	return nil
}

// countLines is the number of lines of the accounts, which follows from their
// versions because all events are deposits.
func countLines(ctx context.Context, reader view.Reader) (int64, error) {
	total := int64(0)
	for i := range playedAccounts {
		lines, err := reader.History(ctx, benchAccount(i), view.Page{First: 1})
		if err != nil {
			return 0, err
		}
		if len(lines.Transactions) > 0 {
			total += lines.Transactions[0].Version
		}
	}
	return total, nil
}

// play starts a process and returns its output line by line.
func play(t *testing.T, part, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), partVariable+"="+part, pathVariable+"="+path)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, bufio.NewScanner(out)
}

func TestAGatewayInAnotherProcessFollows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	gateway, output := play(t, "gateway", path)
	if !output.Scan() {
		t.Fatal("the gateway said nothing")
	}
	store := openAt(t, path)
	defer closeNow(t, store)
	for deposits := newDeposits(playedAccounts); deposits.position < playedEnd; {
		if err := store.Apply(t.Context(), deposits.next(playedChange)); err != nil {
			t.Fatal(err)
		}
	}
	if err := gateway.Wait(); err != nil {
		t.Errorf("gateway: %v", err)
	}
}

func TestAKilledProjectorLeavesWholeChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	projector, output := play(t, "projector", path)
	reported := int64(0)
	for range 30 {
		if !output.Scan() {
			t.Fatal("the projector stopped by itself")
		}
		if _, err := fmt.Sscan(output.Text(), &reported); err != nil {
			t.Fatal(err)
		}
	}
	if err := projector.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = projector.Wait() // its error is that it was killed
	store := openAt(t, path)
	defer closeNow(t, store)
	at, err := store.Checkpoint(t.Context())
	if err != nil || at < reported || at%playedChange != 0 {
		t.Errorf("checkpoint is %d (%v), want whole changes of %d and at least %d", at, err, playedChange, reported)
	}
	if lines, err := countLines(t.Context(), store); err != nil || lines != at {
		t.Errorf("%d lines (%v) at checkpoint %d", lines, err, at)
	}
}
