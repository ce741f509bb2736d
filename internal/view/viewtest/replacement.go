package viewtest

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// stale is a quarantine with every field set.
func stale(position, version int64) view.Stale {
	return view.Stale{Reason: "event <geld-gedrückt> is unknown", Position: position, Version: version,
		Since: opening.Add(time.Microsecond)}
}

var replacementCases = cases{
	"a quarantine comes back": func(h *harness) {
		h.open(ada, grace)
		h.pay(ada, 2)
		stopped, never := h.account(ada), view.Account{Account: bank.Account{ID: absent}}
		stopped.Stale, never.Stale = stale(h.position()+1, stopped.Version+1), stale(h.position()+2, 1)
		never.Stale.Reason = strings.Repeat("ß", view.MaxReason/2)
		h.apply(h.documents(2, stopped, never))
		h.matches()
		stopped.Stale = view.Stale{}
		h.apply(h.documents(1, stopped))
		h.matches()
	},
	"a replacement is whole": func(h *harness) {
		h.open(ada, grace)
		h.pay(ada, 6)
		h.pay(grace, 3)
		stopped := h.account(ada)
		stopped.Stale = stale(h.position()+1, stopped.Version+1)
		h.apply(h.documents(1, stopped))
		h.replace(h.replacement(ada, 9))
		h.matches()
		h.pay(ada, 2) // it goes on from there
		h.matches()
		h.replace(h.replacement(ada, 0))    // fewer lines than before
		h.replace(h.replacement(absent, 3)) // an account that had none
		h.matches()
	},
	"refused replacements do nothing": func(h *harness) {
		h.open(ada)
		h.pay(ada, 4)
		for _, at := range []int64{0, h.position() - 1, h.position() + 1} {
			r := h.replacement(ada, 0)
			r.At = at
			h.refused("a replacement at another position", h.store.Replace(h.Context(), r), view.ErrCheckpointMoved)
		}
		later, mixed, twice := h.replacement(ada, 3), h.replacement(ada, 3), h.replacement(ada, 3)
		later.Transactions[2].Position++
		mixed.Transactions[0].Account = grace
		twice.Transactions[1] = twice.Transactions[0]
		h.refused("a line from later", h.store.Replace(h.Context(), later), nil)
		h.refused("a line of another account", h.store.Replace(h.Context(), mixed), nil)
		h.refused("a line twice", h.store.Replace(h.Context(), twice), nil)
		h.refused("under a cancelled context", h.store.Replace(cancelled(h.T), h.replacement(ada, 2)), context.Canceled)
		h.matches()
	},
	// An account is replaced of which some postings were left out of the trial balances.
	"a replacement corrects the trial balances": func(h *harness) {
		h.follow(Month(h.T), 6)
		at, content := h.position(), h.content()
		posted := func(position, minor int64) view.Posted {
			return view.Posted{Position: position, Postings: []bank.Posting{
				{LedgerAccount: "customer/x", Amount: cents(minor)}, {LedgerAccount: "fees/x", Amount: cents(-minor)}}}
		}
		one := view.Replacement{At: at, Account: h.account(ada), Missing: []view.Posted{posted(9, 700)}}
		err := h.store.Replace(h.Context(), one)
		h.refused("postings missing of a document that is not stale", err, view.ErrCheckpointMoved)
		r := view.Replacement{At: at, Account: h.account(ada), Transactions: content.lines[ada][:2],
			States:  content.states[ada][:1],
			Missing: []view.Posted{posted(9, 700), posted(14, math.MaxInt64), posted(15, math.MaxInt64)}}
		for _, references := range content.references {
			for _, reference := range references {
				if reference.Record.Account == ada && reference.Record.Position < 12 {
					r.References = append(r.References, reference)
				}
			}
		}
		stopped := h.account(ada)
		stopped.Stale = stale(9, 3)
		h.replace(view.Replacement{At: at, Account: stopped})
		h.replace(r)
		h.matches()
		// The sum is wider than an amount.
		all := new(big.Int).Sub(big.NewInt(-700), new(big.Int).Lsh(big.NewInt(math.MaxInt64), 1)).String()
		for position, fees := range map[int64]string{8: "0", 13: "-700", at: all} {
			h.trialBefore(position, time.Time{})
			got := feesOf(must(h.store.TrialBefore(h.Context(), position, time.Time{})))
			expect(h.T, fmt.Sprint("the fees before ", position), got, nil, fees)
		}
		expect(h.T, "the fees", feesOf(must(h.store.Trial(h.Context()))), nil, all)
	},
}

// replacement makes other payments on an account, at the position of the store.
func (h *harness) replacement(id bank.AccountID, payments int) view.Replacement {
	other, at := newHarness(h.T, nil), h.position()
	other.applied(other.opened(id))
	if payments > 0 {
		other.applied(other.paid(id, payments))
	}
	lines := other.want.lines(id)
	for i := range lines {
		lines[i].Position, lines[i].Memo = at, "again"
	}
	return view.Replacement{At: at, Account: other.account(id), Transactions: lines}
}

func feesOf(t view.Trial) string {
	for _, total := range t.Totals {
		if total.Kind == "fees" {
			return total.Sum.String()
		}
	}
	return "0"
}
