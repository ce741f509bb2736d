package viewtest

import (
	"context"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// stale is a quarantine with every field set.
func stale(position, version int64) view.Stale {
	return view.Stale{Reason: "event <geld-gedrückt> is unknown", Position: position, Version: version,
		Since: opening.Add(time.Microsecond)}
}

func quarantineComesBack(_ *testing.T, h *harness) {
	h.open(ada, grace)
	h.pay(ada, 2)
	stopped, never := h.accounts[ada], view.Account{Account: bank.Account{ID: absent}}
	stopped.Stale, never.Stale = stale(h.position+1, stopped.Version+1), stale(h.position+2, 1)
	never.Stale.Reason = strings.Repeat("ß", view.MaxReason/2)
	h.apply(h.documents(2, stopped, never))
	h.matches()
	stopped.Stale = view.Stale{}
	h.apply(h.documents(1, stopped))
	h.matches()
}

func replacementIsWhole(_ *testing.T, h *harness) {
	h.open(ada, grace)
	h.pay(ada, 6)
	h.pay(grace, 3)
	stopped := h.accounts[ada]
	stopped.Stale = stale(h.position+1, stopped.Version+1)
	h.apply(h.documents(1, stopped))
	h.replace(h.replacement(ada, 9))
	h.matches()
	h.pay(ada, 2) // it goes on from there
	h.matches()
	h.replace(h.replacement(ada, 0))    // fewer lines than before
	h.replace(h.replacement(absent, 3)) // an account that had none
	h.matches()
}

// replacement makes other payments on an account, at the position of the store.
func (h *harness) replacement(id bank.AccountID, payments int) view.Replacement {
	other := newHarness(h.t, h.store)
	other.model.apply(other.opened(id))
	paid := other.paid(id, payments)
	for i := range paid.Transactions {
		paid.Transactions[i].Position = h.position
		paid.Transactions[i].Memo = "again"
	}
	return view.Replacement{At: h.position, Account: paid.Accounts[0], Transactions: paid.Transactions}
}

func refusedReplacements(t *testing.T, h *harness) {
	h.open(ada)
	h.pay(ada, 4)
	for _, at := range []int64{0, h.position - 1, h.position + 1} {
		r := h.replacement(ada, 0)
		r.At = at
		h.refused("a replacement at another position", h.store.Replace(t.Context(), r), view.ErrCheckpointMoved)
	}
	later, mixed, twice := h.replacement(ada, 3), h.replacement(ada, 3), h.replacement(ada, 3)
	later.Transactions[2].Position++
	mixed.Transactions[0].Account = grace
	twice.Transactions[1] = twice.Transactions[0]
	h.refused("a line from later", h.store.Replace(t.Context(), later), nil)
	h.refused("a line of another account", h.store.Replace(t.Context(), mixed), nil)
	h.refused("a line twice", h.store.Replace(t.Context(), twice), nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	h.refused("under a cancelled context", h.store.Replace(cancelled, h.replacement(ada, 2)), context.Canceled)
	h.matches()
}

// replacementCorrects replaces an account of which some postings were left out
// of the trial balances.
func replacementCorrects(t *testing.T, h *harness) {
	h.follow(Month(t), 6)
	at := h.position
	posted := func(position, minor int64) view.Posted {
		return view.Posted{Position: position, Postings: []bank.Posting{
			{LedgerAccount: "customer/x", Amount: cents(minor)}, {LedgerAccount: "fees/x", Amount: cents(-minor)}}}
	}
	one := view.Replacement{At: at, Account: h.accounts[ada], Missing: []view.Posted{posted(9, 700)}}
	err := h.store.Replace(t.Context(), one)
	h.refused("postings missing of a document that is not stale", err, view.ErrCheckpointMoved)
	r := view.Replacement{At: at, Account: h.accounts[ada], Transactions: h.lines[ada][:2], States: h.states[ada][:1],
		Missing: []view.Posted{posted(9, 700), posted(14, math.MaxInt64), posted(15, math.MaxInt64)}}
	for key, records := range h.references {
		for _, record := range records {
			if record.Account == ada && record.Position < 12 {
				r.References = append(r.References, view.Reference{Key: key, Record: record})
			}
		}
	}
	stopped := h.accounts[ada]
	stopped.Stale = stale(9, 3)
	h.replace(view.Replacement{At: at, Account: stopped})
	h.replace(r)
	for key, records := range h.references { // the model appends what the store sorts
		slices.SortFunc(records, func(a, b contract.Record) int { return int(a.Position - b.Position) })
		h.references[key] = records
	}
	h.matches()
	// The sum is wider than an amount.
	all := new(big.Int).Sub(big.NewInt(-700), new(big.Int).Lsh(big.NewInt(math.MaxInt64), 1)).String()
	for position, fees := range map[int64]string{8: "0", 13: "-700", at: all} {
		h.trialBefore(position, time.Time{})
		got, err := h.store.TrialBefore(t.Context(), position, time.Time{})
		if err != nil || feesOf(got) != fees {
			t.Errorf("the trial balance before %d has fees of %s (%v), want %s", position, feesOf(got), err, fees)
		}
	}
	if now, err := h.store.Trial(t.Context()); err != nil || feesOf(now) != all {
		t.Errorf("the trial balance has fees of %s (%v), want %s", feesOf(now), err, all)
	}
}

func feesOf(t view.Trial) string {
	for _, total := range t.Totals {
		if total.Kind == "fees" {
			return total.Sum.String()
		}
	}
	return "0"
}

// replacedMeanwhile replaces an account while a projector moves the checkpoint:
// both succeed, and neither undoes the other.
func replacedMeanwhile(t *testing.T, h *harness) {
	h.open(ada, grace)
	h.pay(ada, 5)
	r := view.Replacement{Account: h.accounts[ada]}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 30 {
			changes := h.paid(grace, 1)
			if err := h.store.Apply(t.Context(), changes); err != nil {
				t.Error(err)
				return
			}
			h.model.apply(changes)
		}
	}()
	for err := view.ErrCheckpointMoved; err != nil; {
		at, readErr := h.store.Checkpoint(t.Context())
		if readErr != nil {
			t.Fatal(readErr)
		}
		r.At = at
		if err = h.store.Replace(t.Context(), r); err != nil && !errors.Is(err, view.ErrCheckpointMoved) {
			t.Fatal(err)
		}
	}
	<-done
	h.model.replace(r)
	h.matches()
}
