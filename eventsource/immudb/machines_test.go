package immudb_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
	"corebank/internal/contract"
)

// openLog opens the log of a configuration as another event source would.
func openLog(t testing.TB, config immudb.Config) *immudb.Log {
	t.Helper()
	config.StateDir = t.TempDir()
	config.Machines = immudb.NewMachines(config, slog.New(slog.DiscardHandler))
	log := immudb.NewLog(config)
	t.Cleanup(func() { _ = log.Close(context.WithoutCancel(t.Context())) })
	return log
}

// commit commits records and fails the test if that takes too long.
func commit(t testing.TB, log *immudb.Log, records []contract.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := log.Commit(ctx, records, nil); err != nil {
		t.Fatal(err)
	}
}

func acquire(t testing.TB, log *immudb.Log, want int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	head, err := log.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if head != want {
		t.Fatalf("the log ends at %d, want %d", head, want)
	}
}

// primaryOf is the machine that takes commits, and the others.
func primaryOf(t testing.TB, config immudb.Config, all []*machine) (primary *machine, replicas []*machine) {
	t.Helper()
	for _, seen := range config.Observe(t.Context()) {
		i := slices.IndexFunc(all, func(m *machine) bool { return m.address == seen.Address })
		if seen.Primary && seen.Fault == "" && !seen.Empty {
			primary = all[i]
		} else {
			replicas = append(replicas, all[i])
		}
	}
	if primary == nil {
		t.Fatalf("no primary in %v", config.Observe(t.Context()))
	}
	return primary, replicas
}

// TestAnEventIsOnTwoMachinesBeforeItIsAcknowledged: of three machines one may be away; with two away nothing is
// acknowledged until one returns.
func TestAnEventIsOnTwoMachinesBeforeItIsAcknowledged(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	events := logtest.Deposits(40)
	commit(t, log, events[:10])

	primary, replicas := primaryOf(t, config, all)
	seen := config.Observe(t.Context())
	holders := 0
	for _, m := range seen {
		if m.Fault != "" || m.Empty {
			t.Errorf("%s", m)
		}
		if m.Head == 10 {
			holders++
		}
	}
	if holders < 2 {
		t.Errorf("%d machines have the 10 events that were acknowledged: %v", holders, seen)
	}

	replicas[0].kill()
	commit(t, log, events[10:20])
	replicas[1].kill()
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := log.Commit(short, events[20:30], nil); err == nil {
		t.Error("an event that is only on the primary was acknowledged")
	}
	replicas[0].restart()
	acquire(t, log, 30)
	commit(t, log, events[30:])

	for m, says := range map[*machine]string{replicas[0]: "is a replica of another machine",
		primary: "one copy is asked for"} {
		single := config
		single.Address, single.Addresses, single.StateDir = m.address, nil, t.TempDir()
		alone := immudb.NewLog(single)
		if _, err := alone.Acquire(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("written with one address: %v, want a refusal that says %q", err, says)
		}
		if err := alone.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestANewLogIsMadeOnlyIfAllMachinesAnswer: the one that does not could have the log.
func TestANewLogIsMadeOnlyIfAllMachinesAnswer(t *testing.T) {
	all, config := startMachines(t, 2, 2)
	all[1].kill()
	log := openLog(t, config)
	_, err := log.Acquire(t.Context())
	if refusal := copies.Refusal(""); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "does not answer") {
		t.Fatalf("got %v, want a refusal", err)
	}
	all[1].restart()
	acquire(t, log, 0)
}
