package projector_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
	"corebank/projector"
)

// named makes the log answer with an id and the name of a takeover.
func (l *ledger) named(id, takeover string) {
	l.altered = func(reply *contract.Records) { reply.Log, reply.Takeover = id, takeover }
}

// putBack makes the log end at a position, as of another takeover.
func (l *ledger) putBack(t *testing.T, position int64) {
	t.Helper()
	records := l.records[:position]
	l.records, l.accounts = nil, newLedger().accounts
	for _, r := range records {
		account, err := contract.Fold(l.accounts[r.Account], r)
		if err != nil {
			t.Fatal(err)
		}
		l.accounts[r.Account], l.records = account, append(l.records, r)
	}
	l.named("a", "after it was put back")
}

// renewed catches up as the app does.
func (b *branch) renewed(generations view.Generations) error {
	return b.projector.RetryOnLive(b.t.Context(), generations, func() error { return b.projector.CatchUp(b.t.Context()) })
}

func TestViewsOfAnotherPastAreBuiltAgain(t *testing.T) {
	for name, later := range map[string]int{"the log is shorter": 0, "the log is longer": 30} {
		t.Run(name, func(t *testing.T) {
			b := newBranch(t, 1)
			b.log.named("a", "first")
			b.log.pay(t, 30) // so that the views know the id
			b.catchUp()
			b.log.putBack(t, 20)
			b.log.pay(t, later)
			b.restart()
			if err := b.projector.CatchUp(t.Context()); !errors.Is(err, logclient.ErrOtherLog) {
				t.Fatalf("catch up: %v, want ErrOtherLog", err)
			}
			if err := b.renewed(b.generations); err != nil {
				t.Fatal(err)
			}
			b.shows(1)
			b.log.pay(t, 5)
			b.catchUp()
			b.shows(1)
		})
	}
}

// Views that an earlier build wrote have no mark. They go on if they show the log's record.
func TestViewsWithoutAMarkAreAdoptedIfTheyFit(t *testing.T) {
	b := newBranch(t, 45) // of a log without a name
	b.log.named("a", "first")
	b.log.pay(t, 5)
	b.restart()
	if err := b.renewed(b.generations); err != nil {
		t.Fatal(err)
	}
	b.shows(0)

	b = newBranch(t, 45)
	b.log.putBack(t, 49)
	b.log.pay(t, 7) // at another time, for others
	b.log.records[49].At = b.log.records[49].At.Add(1000)
	b.restart()
	if err := b.renewed(b.generations); err != nil {
		t.Fatal(err)
	}
	b.shows(1)
}

// shared are generations in a store that another bank may use.
type shared struct{ view.Generations }

func (shared) Shared() string { return "the database of both (SETTING)" }

func TestViewsThatMayBeAnotherBanksAreLeftAlone(t *testing.T) {
	ctx := context.Background()
	b := newBranch(t, 1)
	b.log.named("a", "first")
	b.log.pay(t, 30)
	b.catchUp()
	at, err := b.reader().LogCheckpoint(ctx)
	if err != nil || at.Log != "a" {
		t.Fatalf("%+v (%v)", at, err)
	}
	b.log.named("b", "second")
	b.restart()
	err = b.renewed(shared{b.generations})
	if !errors.Is(err, projector.ErrOtherBank) || !strings.Contains(err.Error(), "the database of both (SETTING)") {
		t.Errorf("%v, want an error that names the setting", err)
	}
	if now, err := b.reader().LogCheckpoint(ctx); err != nil || now != at {
		t.Errorf("the views moved to %+v (%v)", now, err)
	}
	// The same log, put back, is certainly this bank's.
	b.log.putBack(t, 20)
	b.restart()
	if err := b.renewed(shared{b.generations}); err != nil {
		t.Error(err)
	}
	b.shows(1)
}
