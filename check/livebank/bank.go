package livebank

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"corebank/check/must"
	"corebank/internal/app"
	"corebank/localbank"
	"corebank/localbank/datadir"
)

// Bounds of a bank's life.
const (
	// ColdStart is how long the first start may take, which may build the sidecar.
	ColdStart = 25 * time.Minute
	stopTime  = 20 * time.Second
	tick      = 10 * time.Millisecond
	readyTime = 3 * time.Second // of one look
)

// Bank is `corebank up` and its parts.
type Bank struct {
	Program, Data, Listen string
	// Arguments are those of corebank up besides its directory and address.
	Arguments []string
	// Addressed, unless it is nil, is called when the parts have addresses.
	Addressed func(context.Context, datadir.Running) error

	Where   datadir.Running
	Took    time.Duration // to be ready
	command *exec.Cmd
	ended   chan struct{}
}

// Start starts the bank and waits until it is ready. A bank that does not become
// ready must be killed.
func (b *Bank) Start(ctx context.Context, within time.Duration) (err error) {
	defer must.Catch(&err)
	must.Do(os.MkdirAll(b.Data, 0o700))
	output := must.Get(os.OpenFile(b.output(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))
	defer output.Close()
	if err := os.Remove(datadir.Dir{Path: b.Data}.RunFile()); !errors.Is(err, fs.ErrNotExist) {
		must.Do(err)
	}
	arguments := append([]string{"up", "--listen=" + b.Listen, "--data=" + b.Data}, b.Arguments...)
	b.command = exec.Command(b.Program, arguments...)
	b.command.Env, b.command.Stdout, b.command.Stderr = Environment(), output, output
	began := time.Now()
	b.ended = must.Get(Launch(b.command))
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for b.Where = (datadir.Running{}); b.Where.Gateway == ""; {
		where, err := datadir.ReadRunning(b.Data)
		if !errors.Is(err, datadir.ErrNeverRan) && !errors.Is(err, datadir.ErrCopied) {
			must.Do(err)
		}
		b.Where = where
		must.Do(b.await(ctx))
	}
	if b.Addressed != nil {
		must.Do(b.Addressed(ctx, b.Where))
	}
	for b.Readiness(ctx) != nil {
		must.Do(b.await(ctx))
	}
	b.Took = time.Since(began)
	return nil
}

// await waits a moment. It fails if the bank has ended or the time is over.
func (b *Bank) await(ctx context.Context) error {
	select {
	case <-b.ended:
		return fmt.Errorf("the bank ended before it was ready; it wrote last:\n%s", b.LastWords())
	default:
	}
	if !app.Pause(ctx, tick) {
		return fmt.Errorf("the bank is not ready: %w; it wrote last:\n%s", ctx.Err(), b.LastWords())
	}
	return nil
}

// Readiness is why the bank does not take mutations; nil if it does.
func (b *Bank) Readiness(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return app.CheckHealth(ctx, b.Where.Gateway+app.ReadyPath, 200)
}

func (b *Bank) output() string { return filepath.Join(b.Data, "up.log") }

// LastWords are the end of what the bank has written.
func (b *Bank) LastWords() string {
	text, err := os.ReadFile(b.output())
	if err != nil {
		return err.Error()
	}
	const maxShown = 20_000 // some parts write the same line again and again while another one is the cause
	return string(text[max(0, len(text)-maxShown):])
}

// Stop ends the bank as Ctrl-C does. It fails if the bank had ended before, does
// not end, or fails.
func (b *Bank) Stop() error {
	select {
	case <-b.ended:
		return fmt.Errorf("the bank had ended by itself: %s", b.LastWords())
	default:
	}
	if err := b.command.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case <-b.ended:
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("the bank did not stop within %v", stopTime), b.Kill(context.Background()))
	}
	if code := b.command.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the bank ended with code %d: %s", code, b.LastWords())
	}
	return nil
}

// Kill kills everything at once and returns when nothing is left.
func (b *Bank) Kill(ctx context.Context) error {
	if b.ended == nil {
		return nil // it never ran
	}
	parts, before := b.Parts(), Snapshot()
	_ = b.command.Process.Kill() // it may have ended
	for _, pid := range parts {
		_ = signal(pid, os.Kill) // the system kills them with their parent
	}
	<-b.ended
	for part, pid := range parts {
		for Snapshot()[pid].Starttime == before[pid].Starttime {
			if !app.Pause(ctx, tick) {
				return fmt.Errorf("%s (process %d) was killed and is still there", part, pid)
			}
		}
	}
	return nil
}

// Environment is that of this process without what would lead a bank to other
// data, and with more.
func Environment(more ...string) []string {
	const programs = "COREBANK_DAPRD_DIR"
	if dir, given := os.LookupEnv(programs); given {
		more = append(more, programs+"="+dir)
	}
	return localbank.Environment(more...)
}
