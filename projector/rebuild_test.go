package projector_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/internal/view/sqlite"
	"corebank/projector"
)

// branch is a bank with its views in generations, a projector of them, and a
// reader like the gateway's.
type branch struct {
	t           *testing.T
	log         *ledger
	path        string // of SQLite's first file
	generations view.Generations
	projector   *projector.Projector
	reader      func() view.Reader
}

// newBranch is one with its views in SQLite files.
func newBranch(t *testing.T, payments int) *branch {
	t.Helper()
	path := filepath.Join(t.TempDir(), "views.db")
	b := newBranchOn(t, payments, sqlite.NewGenerations(path, sqlite.Options{}))
	b.path = path
	reader, err := sqlite.OpenLive(t.Context(), b.path)
	if err != nil {
		t.Fatal(err)
	}
	b.reader = func() view.Reader { return reader }
	t.Cleanup(func() { reader.Close(context.WithoutCancel(t.Context())) })
	return b
}

func newBranchOn(t *testing.T, payments int, generations view.Generations) *branch {
	t.Helper()
	b := &branch{t: t, log: newLedger(), generations: generations}
	b.log.open(t, 5)
	b.log.pay(t, payments)
	b.restart()
	b.catchUp()
	return b
}

// restart is a new process of the projector.
func (b *branch) restart() {
	b.t.Helper()
	live, err := b.generations.Live(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	p := newProjector(live.Store, b.log)
	b.t.Cleanup(func() { p.Close(context.WithoutCancel(b.t.Context())) })
	b.projector = p
}

func (b *branch) catchUp() {
	b.t.Helper()
	if err := b.projector.CatchUp(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *branch) rebuild() projector.Rebuilt {
	b.t.Helper()
	done, err := b.projector.Rebuild(b.t.Context(), b.generations, func(projector.Progress) {})
	if err != nil {
		b.t.Fatal(err)
	}
	return done
}

func (b *branch) rollback() projector.Rebuilt {
	b.t.Helper()
	done, err := b.projector.Rollback(b.t.Context(), b.generations, func(projector.Progress) {})
	if err != nil {
		b.t.Fatal(err)
	}
	return done
}

// shows fails unless the wanted generation is live and the gateway reads the whole
// log from it.
func (b *branch) shows(generation int64) {
	b.t.Helper()
	live, err := b.generations.Live(b.t.Context())
	if err != nil || live.Number != generation {
		b.t.Fatalf("generation %d is live (%v), want %d", live.Number, err, generation)
	}
	defer live.Store.Close(b.t.Context())
	mustShow(b.t, b.t.Context(), live.Store, b.log, b.log.head())
	mustShow(b.t, b.t.Context(), b.reader(), b.log, b.log.head())
}

// damage changes the live views without the projector.
func (b *branch) damage() {
	b.t.Helper()
	live, err := b.generations.Live(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	defer live.Store.Close(b.t.Context())
	account := view.Account{Account: bank.Account{ID: customer(1), Owner: "Mallory", Currency: "EUR",
		Balance: euro(1_000_000), Version: 3}}
	if err := live.Store.Replace(b.t.Context(), view.Replacement{At: b.log.head(), Account: account}); err != nil {
		b.t.Fatal(err)
	}
}

func TestARebuildReplacesDamagedViews(t *testing.T) {
	b := newBranch(t, 45)
	b.damage()
	done := b.rebuild()
	want := projector.Rebuilt{Generation: 1, Was: 0, Position: 50, Events: 50, Seconds: done.Seconds,
		Compared: &projector.Compared{Position: 50, Accounts: 5, Transactions: 45}}
	if *done.Compared != *want.Compared {
		t.Errorf("compared %+v, want %+v", *done.Compared, *want.Compared)
	}
	if done.Compared = want.Compared; done != want {
		t.Errorf("rebuilt %+v, want %+v", done, want)
	}
	b.shows(1)
	b.log.pay(t, 10)
	handle(t, b.projector, b.log.heartbeat()) // the projector goes on with the new views
	b.shows(1)
	b.restart()
	b.log.pay(t, 10)
	b.catchUp()
	b.shows(1)
}

func TestARollbackBringsThePreviousViewsUpToDate(t *testing.T) {
	b := newBranch(t, 45)
	b.rebuild()
	b.log.pay(t, 30)
	b.catchUp()
	if done := b.rollback(); done.Generation != 0 || done.Was != 1 || done.Events != 30 || done.Compared != nil {
		t.Errorf("rolled back %+v, want from 1 to 0 with 30 events", done)
	}
	b.shows(0)
	b.log.pay(t, 5)
	b.catchUp()
	b.shows(0)
	b.rollback() // undoes it
	b.shows(1)
	if done := b.rebuild(); done.Generation != 2 {
		t.Errorf("rebuilt %+v, want generation 2", done)
	}
	b.shows(2)
	if _, err := os.Stat(b.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("generation 0 is still there: %v", err)
	}
}

func TestWithoutAPreviousGenerationThereIsNoRollback(t *testing.T) {
	b := newBranch(t, 5)
	_, err := b.projector.Rollback(t.Context(), b.generations, func(projector.Progress) {})
	if !errors.Is(err, view.ErrNotFound) {
		t.Errorf("rollback: %v, want ErrNotFound", err)
	}
	b.shows(0)
}

func TestAQuarantineIsInTheNewViewsAsWell(t *testing.T) {
	b := newBranch(t, 45)
	b.log.records[24].Schema = 99
	done := b.rebuild()
	if done.Compared.Quarantined != 1 || done.Compared.Accounts != 5 {
		t.Errorf("compared %+v, want one of five accounts quarantined", done.Compared)
	}
	live, err := b.generations.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer live.Store.Close(t.Context())
	mustStand(t, t.Context(), live.Store, b.log, 50)
}

// Payments come in during every phase.
func TestARebuildWhilePaymentsComeInIsExactlyOnce(t *testing.T) {
	b := newBranch(t, 500)
	done := make(chan struct{})
	var serving sync.WaitGroup
	serving.Go(func() {
		for range 2_000 { // a limit for slow machines
			select {
			case <-done:
				return
			default:
			}
			b.log.pay(t, 7)
			batch := b.log.batch(b.log.head()-6, b.log.head())
			if err := b.projector.Handle(t.Context(), batch); err != nil {
				t.Errorf("batch %d to %d: %v", batch.First, batch.Last, err)
				return
			}
		}
	})
	b.rebuild()
	b.rollback()
	b.rebuild()
	close(done)
	serving.Wait()
	b.catchUp()
	b.mustEqualTheLog()
}

// mustEqualTheLog compares histories of any length.
func (b *branch) mustEqualTheLog() {
	b.t.Helper()
	live, err := b.generations.Live(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	defer live.Store.Close(b.t.Context())
	if at, err := live.Store.Checkpoint(b.t.Context()); err != nil || at != b.log.head() {
		b.t.Fatalf("checkpoint is %d (%v), want %d", at, err, b.log.head())
	}
	accounts, lines := expected(b.t, b.log.records)
	for id, want := range accounts {
		if got, err := live.Store.Account(b.t.Context(), id); err != nil || !reflect.DeepEqual(got, want) {
			b.t.Fatalf("account is\n%+v (%v), want\n%+v", got, err, want)
		}
	}
	snapshot, err := live.Store.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	defer snapshot.Close(b.t.Context())
	seen := make(map[bank.AccountID]int)
	for line, err := range snapshot.Transactions(b.t.Context()) {
		at := seen[line.Account]
		if err != nil || at >= len(lines[line.Account]) || line != lines[line.Account][at] {
			b.t.Fatalf("line %d of %s is %+v (%v)", at, line.Account, line, err)
		}
		seen[line.Account]++
	}
	for id := range accounts {
		if seen[id] != len(lines[id]) {
			b.t.Fatalf("account %s has %d lines, want %d", id, seen[id], len(lines[id]))
		}
	}
}

func TestProgressEndsWithAll(t *testing.T) {
	b := newBranch(t, 45)
	last := make(map[string]projector.Progress)
	var phases []string
	_, err := b.projector.Rebuild(t.Context(), b.generations, func(p projector.Progress) {
		if _, seen := last[p.Phase]; !seen {
			phases = append(phases, p.Phase)
		}
		last[p.Phase] = p
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(phases, " ") != "building comparing switching" ||
		last[projector.PhaseBuilding] != (projector.Progress{Phase: projector.PhaseBuilding, Done: 50, Total: 50}) ||
		last[projector.PhaseComparing] != (projector.Progress{Phase: projector.PhaseComparing, Done: 50, Total: 50}) {
		t.Errorf("progress was %v: %+v", phases, last)
	}
}
