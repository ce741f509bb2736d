package immudb_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"corebank/eventsource"
	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
	"corebank/internal/app"
	"corebank/internal/contract"
)

// load appends the records of one account one after another, as an actor does: after an unknown outcome it reads how
// far its stream is.
type load struct {
	log    *immudb.Log
	writer *eventsource.Writer
	acked  atomic.Int64 // the last version that was acknowledged
	at     atomic.Int64 // when, in Unix nanoseconds
}

func (l *load) run(ctx context.Context) {
	records := logtest.Deposits(20_000)
	for next := int64(1); ctx.Err() == nil && next < int64(len(records)); {
		a := contract.Append{Account: records[0].Account, ExpectedVersion: next - 1, Records: records[next-1 : next]}
		trying, cancel := context.WithTimeout(ctx, 15*time.Second)
		result := l.writer.Append(trying, []contract.Append{a})[0]
		cancel()
		switch result.Status {
		case contract.Appended:
			l.acked.Store(next)
			l.at.Store(time.Now().UnixNano())
			next++
		case contract.VersionConflict:
			next = result.Version + 1
		default:
			app.Pause(ctx, 20*time.Millisecond)
			if version, err := l.log.StreamVersion(ctx, a.Account); err == nil {
				next = version + 1
			}
		}
	}
}

// startLoad starts an event source's writer that looks after the machines, and a client.
func startLoad(t *testing.T, config immudb.Config) *load {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("TEST_IMMUDB_OUTPUT") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	config.Machines = immudb.NewMachines(config, log)
	config.StateDir = t.TempDir()
	l := &load{log: immudb.NewLog(config)}
	l.writer = eventsource.NewWriter(l.log, log)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = config.Machines.Tend(ctx) })
	running.Go(func() {
		if err := l.writer.Run(ctx); err != nil {
			t.Errorf("the writer has ended: %v", err)
		}
	})
	running.Go(func() { l.run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = l.log.Close(context.WithoutCancel(ctx))
	})
	return l
}

// await waits until more is acknowledged than now.
func (l *load) await(t *testing.T, more int64) {
	t.Helper()
	from := l.acked.Load()
	eventually(t, func(context.Context) error {
		if now := l.acked.Load(); now < from+more {
			return copies.Refusal("nothing is acknowledged")
		}
		return nil
	})
}

// missing are the versions up to one that the log does not have in their place.
func missing(t *testing.T, log *immudb.Log, acked int64) (gone []int64) {
	t.Helper()
	have := make(map[int64]bool)
	for after := int64(0); ; {
		read, err := log.ReadAll(t.Context(), after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(read) == 0 {
			break
		}
		for _, r := range read {
			have[r.Version] = r.Version == r.Position // one account: its versions are the positions
		}
		after = read[len(read)-1].Position
	}
	for version := int64(1); version <= acked; version++ {
		if !have[version] {
			gone = append(gone, version)
		}
	}
	return gone
}

// TestThePrimaryIsReplacedByItself: within seconds, under load, and nothing that was acknowledged is lost. The machine
// that comes back has a copy.
func TestThePrimaryIsReplacedByItself(t *testing.T) {
	for name, test := range map[string]struct{ lose, back func(*machine) }{
		"killed, with its disk": {(*machine).lose, (*machine).restart},
		"frozen, and then thawed": {func(m *machine) { m.signal(syscall.SIGSTOP) },
			func(m *machine) { m.signal(syscall.SIGCONT) }},
	} {
		t.Run(name, func(t *testing.T) {
			all, config := startMachines(t, 3, 2)
			load := startLoad(t, config)
			load.await(t, 20)
			primary, _ := primaryOf(t, config, all)
			test.lose(primary)
			lost := time.Now()
			acked := load.acked.Load()
			load.await(t, 2) // the next may be one that was under way
			t.Logf("%v from the loss of the primary to the next deposit, version %d",
				time.Unix(0, load.at.Load()).Sub(lost).Round(10*time.Millisecond), acked+2)
			test.back(primary)
			load.await(t, 20)
			awaitCopy(t, config, primary, func(m copies.Machine) bool {
				return m.Fault == "" && !m.Primary && m.Follows != "" && m.Head > acked
			})
			if gone := missing(t, load.log, load.acked.Load()); len(gone) > 0 {
				t.Errorf("versions that were acknowledged are lost: %v", gone)
			}
		})
	}
}

// TestAnAcknowledgementBeforeTheCopyIsNoticed breaks the promise on purpose: the primary commits alone.
func TestAnAcknowledgementBeforeTheCopyIsNoticed(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	commit(t, log, logtest.Deposits(10))
	primary, replicas := primaryOf(t, config, all)
	if err := config.CommitAlone(t.Context(), primary.address); err != nil {
		t.Fatal(err)
	}
	for _, m := range replicas {
		awaitCopy(t, config, m, func(m copies.Machine) bool { return m.Head == 10 })
		m.kill()
	}
	commit(t, log, logtest.Deposits(30)[10:])
	primary.lose()
	for _, m := range replicas {
		m.restart()
	}
	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	log = openLog(t, config)
	if _, err := log.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if gone := missing(t, log, 30); len(gone) == 0 {
		t.Error("the loss of what was acknowledged too early is not noticed")
	}
}

// TestAPrimaryThatIsCutOffCannotShowThatTheLogIsItsOwn: no one acknowledges its commit, and later another one leads.
func TestAPrimaryThatIsCutOffCannotShowThatTheLogIsItsOwn(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	early := openLog(t, config)
	began := time.Now()
	acquire(t, early, 0)
	show := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		return early.ShowOurs(ctx)
	}
	eventually(t, func(context.Context) error { return show() })
	if early.Ours().Before(began) {
		t.Error("what was acknowledged does not show that the log is its own")
	}
	primary, replicas := primaryOf(t, config, all)
	for _, m := range replicas {
		m.kill()
	}
	shown := early.Ours()
	if show() == nil || early.Ours() != shown {
		t.Error("a primary alone shows that the log is its own")
	}
	primary.signal(syscall.SIGSTOP)
	for _, m := range replicas {
		m.restart()
	}
	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	acquire(t, openLog(t, config), 0)
	primary.signal(syscall.SIGCONT)
	if show() == nil {
		t.Error("a primary that others have left shows that the log is its own")
	}
}

// TestTheOneThatIsBehindDoesNotTakeOver: not even if an operator asks for it, who is answered what would be lost. With
// --force-loss it is lost.
func TestTheOneThatIsBehindDoesNotTakeOver(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	commit(t, log, logtest.Deposits(10))
	primary, replicas := primaryOf(t, config, all)
	for _, m := range replicas {
		awaitCopy(t, config, m, func(m copies.Machine) bool { return m.Head == 10 })
	}
	behind := replicas[0]
	behind.kill()
	commit(t, log, logtest.Deposits(30)[10:])
	primary.kill()
	behind.restart()
	for range 2 { // the second time, both follow no one
		_, err := failover(t, config, copies.Wish{To: behind.address})
		if err == nil || !strings.Contains(err.Error(), "it has 10 records and") ||
			!strings.Contains(err.Error(), "so 20 records would be lost, those after position 10") {
			t.Fatalf("got %v, want a refusal", err)
		}
	}
	if _, err := failover(t, config, copies.Wish{To: behind.address, ForceLoss: true}); err != nil {
		t.Fatal(err)
	}
	log = openLog(t, config)
	acquire(t, log, 10)
	if gone := missing(t, log, 30); len(gone) != 20 {
		t.Errorf("what was lost by force is not noticed: %v", gone)
	}
}
