package projector_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/sqlite"
	"corebank/projector"
)

// poisons are the ways in which an event cannot be folded.
var poisons = map[string]func(*contract.Record){
	"a gap in the account":     func(r *contract.Record) { r.Version++ },
	"a version that was there": func(r *contract.Record) { r.Version-- },
	"an unknown event":         func(r *contract.Record) { r.Type = "money-printed" },
	"an unknown schema":        func(r *contract.Record) { r.Schema = 99 },
	"data of another shape":    func(r *contract.Record) { r.Data = json.RawMessage(`{"colour":"red"}`) },
	"data that are none":       func(r *contract.Record) { r.Data = json.RawMessage(`null`) },
}

// quarantined are the accounts with a poison record, each with its first one, found
// by the bank's own fold.
func quarantined(records []contract.Record) map[bank.AccountID]contract.Record {
	stopped := make(map[bank.AccountID]contract.Record)
	states := make(map[bank.AccountID]bank.Account)
	for _, r := range records {
		if _, is := stopped[r.Account]; is {
			continue
		}
		now, err := contract.Fold(states[r.Account], r)
		if err != nil {
			stopped[r.Account] = r
			continue
		}
		states[r.Account] = now
	}
	return stopped
}

// mustStand fails unless the views show the log up to a position: every account
// without poison completely, every other account up to its poison, with the reason.
func mustStand(t fatal, ctx context.Context, store view.Reader, log *ledger, position int64) {
	t.Helper()
	records := log.records[:position]
	stopped := quarantined(records)
	good := slices.DeleteFunc(slices.Clone(records), func(r contract.Record) bool {
		first, is := stopped[r.Account]
		return is && r.Position >= first.Position
	})
	accounts, lines := expected(t, good)
	for id, first := range stopped {
		account := accounts[id]
		account.ID = id
		account.Stale = view.Stale{Position: first.Position, Version: first.Version, Since: first.At}
		accounts[id] = account
	}
	if at, err := store.Checkpoint(ctx); err != nil || at != position {
		t.Fatalf("checkpoint is %d (%v), want %d", at, err, position)
	}
	mustBalance(t, ctx, store, records)
	for id, want := range accounts {
		got, err := store.Account(ctx, id)
		if (got.Stale.Reason == "") == want.Quarantined() || len(got.Stale.Reason) > view.MaxReason {
			t.Fatalf("account %s is stale because of %q (%v)", id, got.Stale.Reason, err)
		}
		want.Stale.Reason = got.Stale.Reason
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("account is\n%+v (%v), want\n%+v", got, err, want)
		}
		page, err := store.History(ctx, id, view.Page{Last: view.MaxPage})
		slices.Reverse(page.Transactions)
		if err != nil || !slices.Equal(page.Transactions, lines[id]) {
			t.Fatalf("history of %s is\n%+v (%v), want\n%+v", id, page.Transactions, err, lines[id])
		}
	}
}

func TestAPoisonEventStopsItsAccountAndNoOther(t *testing.T) {
	for name, spoil := range poisons {
		t.Run(name, func(t *testing.T) {
			log, store, p := bankDay(t)
			good := log.records[24]
			spoil(&log.records[24])
			for _, b := range log.batches(10) {
				handle(t, p, b, b)
			}
			mustStand(t, t.Context(), store, log, 50)
			stale, err := store.Account(t.Context(), good.Account)
			if err != nil || stale.Stale.Position != 25 || stale.Version != good.Version-1 {
				t.Fatalf("account is %+v (%v), want it to stop at position 25, version %d", stale, err, good.Version-1)
			}
			if s := p.Status(); s.Fault != nil || s.Lag() != 0 {
				t.Errorf("status is %+v, want no fault and no lag", s)
			}
			bad := (*projector.RecordError)(nil)
			if _, err := p.Replay(t.Context(), good.Account); !errors.As(err, &bad) || bad.Position != 25 {
				t.Fatalf("replay before the cause is fixed: %v, want an error about position 25", err)
			}
			mustStand(t, t.Context(), store, log, 50)
			log.records[24] = good
			replay(t, p, good.Account)
			mustShow(t, t.Context(), store, log, 50)
		})
	}
}

func replay(t *testing.T, p *projector.Projector, id bank.AccountID) {
	t.Helper()
	account, err := p.Replay(t.Context(), id)
	if err != nil || account.ID != id || account.Quarantined() {
		t.Fatalf("replay: %+v (%v)", account, err)
	}
}

func TestAnAccountWhoseFirstEventIsPoisonIsStaleAndNotMissing(t *testing.T) {
	log, store, p := bankDay(t)
	good := log.records[2]
	log.records[2].Type = "account-dreamt-up"
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	account, err := store.Account(t.Context(), good.Account)
	if err != nil || account.Version != 0 || account.Stale.Version != 1 || account.Stale.Position != 3 {
		t.Fatalf("account is %+v (%v), want version 0, stale since version 1", account, err)
	}
	if !strings.Contains(account.Stale.Reason, "account-dreamt-up") {
		t.Errorf("the reason %q does not name the event", account.Stale.Reason)
	}
	mustStand(t, t.Context(), store, log, 50)
	log.records[2] = good
	replay(t, p, good.Account)
	mustShow(t, t.Context(), store, log, 50)
}

func TestOnlyTheLogCanQuarantineAnAccount(t *testing.T) {
	log, store, p := bankDay(t)
	batch := log.batch(1, 10)
	batch.Records = slices.Clone(batch.Records)
	batch.Records[7].Type = "money-printed" // in the topic, but not in the log
	handle(t, p, batch)
	mustShow(t, t.Context(), store, log, 50)
}

func TestAQuarantineOutlivesItsProjector(t *testing.T) {
	log, store, p := bankDay(t)
	log.records[24].Schema = 99
	handle(t, p, log.batch(1, 30))
	handle(t, newProjector(store, log), log.batch(31, 50))
	mustStand(t, t.Context(), store, log, 50)
}

func TestAnAccountIsReplayedAsOfTheViewsPosition(t *testing.T) {
	log, store, p := bankDay(t)
	all, good := log.records, log.records[24]
	log.records[24].Schema = 99
	log.records = all[:40]
	handle(t, p, log.batch(1, 40))
	log.records = all[:45]
	handle(t, newProjector(store, log), log.batch(41, 45)) // p does not know of it
	log.records = all
	log.records[24] = good
	replay(t, p, good.Account)
	mustShow(t, t.Context(), store, log, 45)
	handle(t, p, log.batch(41, 50))
	mustShow(t, t.Context(), store, log, 50)
}

func TestReplayRepairsAnyAccountAndRefusesUnknownOnes(t *testing.T) {
	log, store, p := bankDay(t)
	handle(t, p, log.batch(1, 50))
	broken := view.Replacement{At: 50,
		Account: view.Account{Account: bank.Account{ID: customer(1), Version: 3, Currency: "EUR"}}}
	if err := store.Replace(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	replay(t, p, customer(1))
	mustShow(t, t.Context(), store, log, 50)
	if _, err := p.Replay(t.Context(), customer(99)); !errors.Is(err, projector.ErrNoEvents) {
		t.Errorf("replay of an unknown account: %v, want ErrNoEvents", err)
	}
	log.broken = errLogAway
	if _, err := p.Replay(t.Context(), customer(1)); !errors.Is(err, errLogAway) {
		t.Errorf("replay without a log: %v, want that it is unavailable", err)
	}
	if s := p.Status(); s.Fault != nil {
		t.Errorf("status is %+v: a failed replay is no fault of the views", s)
	}
}

func TestALongReasonIsCut(t *testing.T) {
	r := contract.Record{Position: 7, Account: customer(1), Version: 1,
		At: time.Unix(1, 1500).In(time.FixedZone("x", 3600))}
	stale := view.Quarantine(view.Account{}, r, errors.New(strings.Repeat("ä", 400)+"\xff")).Stale
	if want := strings.Repeat("ä", view.MaxReason/2); stale.Reason != want {
		t.Errorf("reason is %q", stale.Reason)
	}
	if !stale.Since.Equal(time.Unix(1, 1000)) || stale.Since.Location() != time.UTC {
		t.Errorf("since %v", stale.Since)
	}
}

// Poison at random positions never changes other accounts. After the cause is fixed
// and the accounts are replayed, the views are those of the log.
func TestPoisonAnywhereStopsOnlyItsAccount(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) { poisonAnywhere(rt, t, memory.New()) })
	})
	t.Run("sqlite", func(t *testing.T) {
		dir, file := t.TempDir(), 0
		rapid.Check(t, func(rt *rapid.T) {
			file++
			store, err := sqlite.Open(t.Context(), filepath.Join(dir, strconv.Itoa(file)), sqlite.Options{})
			if err != nil {
				rt.Fatal(err)
			}
			defer store.Close(t.Context())
			poisonAnywhere(rt, t, store)
		})
	})
}

func poisonAnywhere(rt *rapid.T, t *testing.T, store view.Store) {
	log := newLedger()
	log.open(t, 6)
	log.pay(t, 60)
	good := slices.Clone(log.records)
	kinds := slices.Sorted(maps.Keys(poisons))
	for range rapid.IntRange(0, 8).Draw(rt, "poisons") {
		at := rapid.IntRange(0, len(good)-1).Draw(rt, "at")
		poisons[rapid.SampledFrom(kinds).Draw(rt, "kind")](&log.records[at])
	}
	p := newProjector(store, log)
	for p.Position() < log.head() {
		last := min(log.head(), p.Position()+rapid.Int64Range(1, 20).Draw(rt, "step"))
		if err := p.Handle(t.Context(), log.batch(p.Position()+1, last)); err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "restart") {
			p = newProjector(store, log)
			if err := p.Handle(t.Context(), contract.Batch{}); err != nil {
				rt.Fatal(err)
			}
		}
	}
	mustStand(rt, t.Context(), store, log, log.head())
	stopped := quarantined(log.records)
	log.records = good
	for id := range stopped {
		if _, err := p.Replay(t.Context(), id); err != nil {
			rt.Fatal(err)
		}
	}
	mustShow(rt, t.Context(), store, log, log.head())
}
