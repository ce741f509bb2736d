package immudb_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
	"corebank/internal/app"
	"corebank/internal/contract"
)

// failover lets another machine take over, and returns what it reported.
func failover(t testing.TB, config immudb.Config, wish copies.Wish) (string, error) {
	t.Helper()
	var reported strings.Builder
	err := immudb.NewMachines(config, slog.New(slog.DiscardHandler)).Failover(t.Context(), wish, false,
		func(line string) { reported.WriteString(line + "\n") })
	t.Logf("%v after:\n%s", err, &reported)
	return reported.String(), err
}

// awaitCopy waits until a machine has what is wanted.
func awaitCopy(t testing.TB, config immudb.Config, m *machine, want func(copies.Machine) bool) {
	t.Helper()
	until := time.Now().Add(time.Minute)
	for ; ; app.Pause(t.Context(), 50*time.Millisecond) {
		for _, seen := range config.Observe(t.Context()) {
			if seen.Address != m.address {
				continue
			}
			if want(seen) {
				return
			}
			if time.Now().After(until) {
				t.Fatalf("%s", seen)
			}
		}
	}
}

// TestNothingIsLostWithThePrimarysDisk: the one of the others that has the most takes over, and an empty machine takes
// the place of the lost one.
func TestNothingIsLostWithThePrimarysDisk(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	events := logtest.Deposits(60)
	commit(t, log, events[:20])
	primary, _ := primaryOf(t, config, all)
	primary.lose()
	eventually(t, func(ctx context.Context) error {
		if _, err := log.Acquire(ctx); err == nil || !strings.Contains(err.Error(), `"corebank failover" makes`) {
			return fmt.Errorf("without a primary: %w", err)
		}
		return nil
	})
	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	log = openLog(t, config)
	acquire(t, log, 20)
	commit(t, log, events[20:40])

	primary.restart()
	if _, err := failover(t, config, copies.Wish{}); err != nil { // gives the empty machine a copy
		t.Fatal(err)
	}
	commit(t, log, events[40:])
	awaitCopy(t, config, primary, func(m copies.Machine) bool { return m.Head == 60 && !m.Primary })
	read, err := log.ReadAll(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range read {
		if r.Position != int64(i+1) || r.Version != int64(i+1) {
			t.Errorf("record %d has position %d and version %d", i+1, r.Position, r.Version)
		}
	}
	if len(read) != 60 {
		t.Errorf("the log has %d records, want 60", len(read))
	}
}

// TestAFrozenPrimaryCommitsNothingWhenItThaws: no one acknowledges to it any more. What it has alone is discarded when
// it becomes a replica, and it is reported.
func TestAFrozenPrimaryCommitsNothingWhenItThaws(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	early := openLog(t, config)
	acquire(t, early, 0)
	events := logtest.Deposits(60)
	commit(t, early, events[:20])
	primary, replicas := primaryOf(t, config, all)
	primary.signal(syscall.SIGSTOP)
	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	late := openLog(t, config)
	acquire(t, late, 20)
	commit(t, late, events[20:30])

	primary.signal(syscall.SIGCONT)
	primary.await()
	written := make(chan error, 1)
	go func() { // as long as it waits, immudb changes nothing about its database
		waiting, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		written <- early.Commit(waiting, logtest.Deposits(50)[20:50], nil)
	}()
	awaitCopy(t, config, primary, func(m copies.Machine) bool { return m.Head == 50 && m.Committed < m.Has })
	reported, err := failover(t, config, copies.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(reported, "is the primary and stays it") {
		t.Errorf("another machine took over:\n%s", reported)
	}
	if err := <-written; err == nil {
		t.Error("the earlier primary has committed")
	}
	commit(t, late, events[30:40])
	awaitCopy(t, config, primary, func(m copies.Machine) bool {
		return !m.Primary && m.Head == 40 && m.Has == m.Committed
	})
	for _, m := range replicas {
		if m.process == nil {
			t.Error("a replica is away")
		}
	}
}

// TestAMachineThatHasCommittedMoreFollows: given a machine that has the most but has committed little of it, and one
// that has committed more; when the first one takes over, then the other follows it, and it can commit again.
func TestAMachineThatHasCommittedMoreFollows(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	events := logtest.Deposits(30)
	commit(t, log, events[:20])
	first, others := primaryOf(t, config, all)
	second := others[0]
	var before uint64
	isAt := func(committed, has uint64) func(copies.Machine) bool {
		return func(m copies.Machine) bool { return m.Committed == committed && m.Has == has }
	}
	for _, m := range all {
		awaitCopy(t, config, m, func(m copies.Machine) bool { before = m.Has; return m.Head == 20 && m.Committed == m.Has })
	}
	others[1].lose()
	wait := func(key string) { // for copies that it does not get
		waiting, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := config.Put(waiting, first.address, key); err == nil {
			t.Fatalf("%s is committed", key)
		}
	}
	must(t, config.Become(t.Context(), first.address, 3))
	wait("on both")
	awaitCopy(t, config, second, isAt(before, before+1))
	must(t, config.Follow(t.Context(), second.address, ""))
	wait("on the first")
	must(t, config.Follow(t.Context(), first.address, ""))
	must(t, config.CommitAlone(t.Context(), second.address))
	awaitCopy(t, config, second, isAt(before+1, before+1))
	must(t, config.Follow(t.Context(), second.address, ""))
	awaitCopy(t, config, first, isAt(before, before+2))

	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	log = openLog(t, config)
	acquire(t, log, 20)
	commit(t, log, events[20:])
	awaitCopy(t, config, second, func(m copies.Machine) bool { return !m.Primary && m.Head == 30 && m.Committed == m.Has })
}

// TestAMachineKeepsWhatItHasAcknowledged: also if it is killed before it learns that enough others have it.
func TestAMachineKeepsWhatItHasAcknowledged(t *testing.T) {
	all, config := startMachines(t, 3, 3)
	log := openLog(t, config)
	acquire(t, log, 0)
	events := logtest.Deposits(30)
	commit(t, log, events[:10])
	primary, replicas := primaryOf(t, config, all)
	acknowledges := replicas[0]
	replicas[1].kill()
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := log.Commit(short, events[10:], nil); err == nil {
		t.Fatal("acknowledged by two of three machines")
	}
	awaitCopy(t, config, acknowledges, func(m copies.Machine) bool { return m.Head == 30 && m.Committed < m.Has })
	primary.kill()
	acknowledges.kill()
	acknowledges.restart()
	awaitCopy(t, config, acknowledges, func(m copies.Machine) bool { return m.Fault == "" && m.Head == 30 })
}

// logFailover is what a failover logs.
func logFailover(t testing.TB, config immudb.Config) string {
	t.Helper()
	var logged strings.Builder
	err := immudb.NewMachines(config, slog.New(slog.NewTextHandler(&logged, nil))).Failover(t.Context(), copies.Wish{},
		false, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return logged.String()
}

// refusedAlone has a primary whose copies are away take records, which stay on its disk.
func refusedAlone(t testing.TB, log *immudb.Log, records []contract.Record) {
	t.Helper()
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := log.Commit(short, records, nil); err == nil {
		t.Fatal("an event that is only on the primary was acknowledged")
	}
}
