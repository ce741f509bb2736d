package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/internal/view/sqlite"
)

var holder = bank.NewAccountID("holder", "first")

// build is a new generation in which the holder has so many deposits.
func build(t *testing.T, g *sqlite.Generations, deposits int64) view.Generation {
	t.Helper()
	built, err := g.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMicro(1).UTC()
	account := view.Account{Opened: 1, Account: bank.Account{ID: holder, Owner: "Ada", Currency: "EUR",
		Version: deposits + 1,
		Balance: bank.Money{Minor: deposits, Currency: "EUR"}, OpenedAt: at, ChangedAt: at}}
	changes := view.Changes{To: deposits + 1, Trial: view.Trial{Position: deposits + 1}, Accounts: []view.Account{account}}
	for n := range deposits {
		changes.Transactions = append(changes.Transactions, view.Transaction{Account: holder, Version: n + 2, Position: n + 2,
			Type: bank.DepositEntry, Currency: "EUR", Amount: 1, Credit: true, BalanceAfter: n + 1,
			OccurredAt: at, EffectiveAt: at})
	}
	if err := built.Store.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	return built
}

// goLive switches to a generation and closes it.
func goLive(t *testing.T, g *sqlite.Generations, to view.Generation) {
	t.Helper()
	if _, err := g.Switch(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	if err := to.Store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func openLive(t *testing.T, path string) *sqlite.Live {
	t.Helper()
	live, err := sqlite.OpenLive(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := live.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return live
}

func TestReadersFollowEverySwitchWhileTheyRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	g := sqlite.NewGenerations(path, sqlite.Options{})
	live := openLive(t, path)
	goLive(t, g, build(t, g, 1))
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for seen := int64(0); ctx.Err() == nil; {
				at, err := live.Checkpoint(t.Context())
				if err != nil || at < seen {
					t.Errorf("checkpoint %d after %d (%v)", at, seen, err)
					return
				}
				seen = at
				if _, err := live.History(t.Context(), holder, view.Page{First: 2}); err != nil {
					t.Errorf("history: %v", err)
				}
			}
		})
	}
	for deposits := range int64(5) {
		goLive(t, g, build(t, g, deposits+2))
		if at, err := live.Checkpoint(t.Context()); err != nil || at != deposits+3 {
			t.Fatalf("checkpoint is %d (%v) right after the switch, want %d", at, err, deposits+3)
		}
	}
	stop()
	readers.Wait()
	account, err := live.Account(t.Context(), holder)
	line, lineErr := live.Transaction(t.Context(), holder, 7)
	if errors.Join(err, lineErr) != nil || account.Balance.Minor != 6 || line.BalanceAfter != 6 {
		t.Errorf("account %+v, line %+v (%v, %v)", account, line, err, lineErr)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "views*.db"))
	if err != nil || len(files) != 2 {
		t.Errorf("%v are left (%v), want the live one and the previous", files, err)
	}
}

func TestASnapshotOutlivesASwitch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	g := sqlite.NewGenerations(path, sqlite.Options{})
	goLive(t, g, build(t, g, 3))
	live := openLive(t, path)
	snap, err := live.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for deposits := range int64(2) {
		goLive(t, g, build(t, g, 10+deposits))
	}
	if at, err := live.Checkpoint(t.Context()); err != nil || at != 12 {
		t.Fatalf("checkpoint is %d (%v), want 12", at, err)
	}
	lines := 0
	for _, err := range snap.Transactions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		lines++
	}
	if lines != 3 || snap.Checkpoint() != 4 {
		t.Errorf("the snapshot has %d lines at %d, want 3 at 4", lines, snap.Checkpoint())
	}
	if err := errors.Join(snap.Close(t.Context()), snap.Close(t.Context())); err != nil {
		t.Errorf("close twice: %v", err)
	}
}

func TestGenerationsThatAreMisused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	g := sqlite.NewGenerations(path, sqlite.Options{})
	built := build(t, g, 3)
	goLive(t, g, built)
	if err := g.Discard(t.Context(), built); err == nil || !strings.Contains(err.Error(), "is live") {
		t.Errorf("discard the live one: %v", err)
	}
	if file, err := sqlite.LiveFile(path); err != nil || file != filepath.Join(filepath.Dir(path), "views-1.db") {
		t.Errorf("live is %s (%v)", file, err)
	}
	if _, err := g.Previous(t.Context()); !errors.Is(err, view.ErrNotFound) { // it was never created
		t.Errorf("previous: %v, want ErrNotFound", err)
	}
	if err := os.WriteFile(path+".live", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, openErr := sqlite.OpenLive(t.Context(), path)
	_, liveErr := g.Live(t.Context())
	for _, err := range []error{openErr, liveErr} {
		if err == nil || !strings.Contains(err.Error(), "delete "+path+".live") {
			t.Errorf("a damaged pointer: %v, want what to do", err)
		}
	}
}
