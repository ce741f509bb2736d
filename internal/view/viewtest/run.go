package viewtest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Open gives a test an empty store of its own, which the test closes.
type Open func(t *testing.T) view.Store

// Run tests what every store promises.
func Run(t *testing.T, open Open) {
	for _, all := range []cases{changeCases, historyCases, replacementCases, referenceCases} {
		run(t, open, all)
	}
}

// cases are tests of a store by what has to hold.
type cases map[string]func(*harness)

func run(t *testing.T, open Open, all cases) {
	for name, test := range all {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			t.Cleanup(func() {
				if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			defer failed(t)
			test(newHarness(t, store))
		})
	}
}

// failed makes what must succeed and did not the failure of the test.
func failed(t *testing.T) {
	if p := recover(); p != nil {
		t.Fatalf("%v\n%s", p, debug.Stack())
	}
}

// cancelled is a context that has ended.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

var changeCases = cases{
	"a new store is empty": func(h *harness) {
		h.matches()
		h.pages(ada, view.Page{First: 10}, view.Page{Last: 10}, view.Page{First: 1, After: 5}, view.Page{Last: 1, Before: 5})
		if accounts, err := h.store.Accounts(h.Context(), nil); err != nil || len(accounts) != 0 {
			h.Errorf("accounts of no ids: %v (%v), want none", accounts, err)
		}
	},
	"every field comes back": func(h *harness) {
		line := view.Transaction{Account: ada, Version: 1<<62 + 1, Position: 1 << 62, Type: bank.TransferOutEntry,
			Currency: "KWD",
			Amount:   1<<63 - 1, BalanceAfter: -1 << 62, OccurredAt: opening.Add(time.Microsecond), EffectiveAt: opening,
			Reference: "rent", Memo: "March", ExternalID: "e-1", Caller: "teller", Counterparty: grace, Transfer: "trf_x",
			Journal: "jnl_x", Hold: 7, Reverses: 8, ReversesTransfer: "trf_y", Reason: "by <mistake>"}
		changes := h.documents(1<<62, fullAccount(ada, 1<<62))
		changes.Transactions = []view.Transaction{line}
		h.apply(changes)
		h.matches()
	},
	"texts in any script come back": func(h *harness) {
		texts := []string{"", " ", "Владимир", "山田花子", "שָׁלוֹם", "👩‍👩‍👧", "e\u0301 is not é", "a'b\"c;--", "$set.x",
			"line\nbreak\ttab", "%s\\u0000", strings.Repeat("ß", 500)}
		h.open(ada)
		changes := h.paid(ada, len(texts))
		for i := range changes.Transactions {
			changes.Transactions[i].Reference, changes.Transactions[i].Memo = texts[i], texts[len(texts)-1-i]
		}
		changes.Accounts[0].Owner = strings.Join(texts, "|")
		h.apply(changes)
		h.matches()
	},
	"changes move the checkpoint": func(h *harness) {
		h.open(ada, grace)
		h.matches()
		h.pay(grace, 3)
		h.pay(ada, 1)
		h.pay(ada, 2) // replaces the document before
		h.matches()
		h.apply(h.documents(7)) // records that no view shows move it as well
		h.matches()
		marked := h.documents(2)
		marked.Log, marked.Mark = "the log", contract.Mark{1, 2, 3}
		h.apply(marked)
		if at, err := h.store.LogCheckpoint(h.Context()); err != nil || at != marked.LogCheckpoint() {
			h.Errorf("the checkpoint is %+v (%v), want %+v", at, err, marked.LogCheckpoint())
		}
		for _, id := range []bank.AccountID{ada, grace, absent} {
			h.pages(id, view.Page{First: 100}, view.Page{Last: 100}, view.Page{First: 2, After: 4},
				view.Page{Last: 2, Before: 3})
		}
	},
	"refused changes do nothing": func(h *harness) {
		earlier := []view.Changes{h.opened(ada)}
		h.apply(earlier[0])
		earlier = append(earlier, h.paid(ada, 3))
		h.apply(earlier[1])
		at, account := h.position(), h.account(ada)
		line := h.paid(ada, 1).Transactions[0]
		state := view.State{Account: account.Account, Position: at + 1}
		record := contract.Record{Account: ada, Version: account.Version, Position: at + 1}
		reference := view.Reference{Key: "k", Record: record}
		for _, from := range []int64{0, at - 1, at + 1, at + 1000} {
			changes := h.paid(ada, 1)
			changes = view.Changes{From: from, To: from + 1, Accounts: changes.Accounts, Transactions: changes.Transactions}
			changes.Transactions[0].Position = from + 1
			err := h.store.Apply(h.Context(), withoutTrial(changes))
			h.refused(fmt.Sprint("changes from ", from), err, view.ErrCheckpointMoved)
		}
		for _, c := range earlier {
			h.refused("the same changes again", h.store.Apply(h.Context(), c), view.ErrCheckpointMoved)
		}
		with := func(add func(*view.Changes)) view.Changes {
			c := h.documents(1, account)
			add(&c)
			return c
		}
		line.Position = at + 1
		early, late, lateReference, earlyState := line, line, reference, state
		early.Position, late.Position, lateReference.Record.Position, earlyState.Position = at, at+2, at+2, at
		for name, changes := range map[string]view.Changes{
			"nothing happened":           withoutTrial(view.Changes{From: at, To: at}),
			"backwards":                  withoutTrial(view.Changes{From: at, To: at - 1}),
			"before the log":             withoutTrial(view.Changes{From: -1, To: at + 1}),
			"a line from before":         with(func(c *view.Changes) { c.Transactions = []view.Transaction{early} }),
			"a line from later":          with(func(c *view.Changes) { c.Transactions = []view.Transaction{late} }),
			"another's trial balance":    with(func(c *view.Changes) { c.Trial.Position = at }),
			"a reference from later":     with(func(c *view.Changes) { c.References = []view.Reference{lateReference} }),
			"a state from before":        with(func(c *view.Changes) { c.States = []view.State{earlyState} }),
			"a trial balance from later": with(func(c *view.Changes) { c.PastTrials = []view.Trial{{Position: at + 2}} }),
			"a line without its account": with(func(c *view.Changes) {
				c.Accounts, c.Transactions = nil, []view.Transaction{line}
			}),
			"a line of another account": with(func(c *view.Changes) {
				c.Accounts, c.Transactions = h.opened(grace).Accounts, []view.Transaction{line}
			}),
			"a reference without its account": with(func(c *view.Changes) {
				c.Accounts, c.References = nil, []view.Reference{reference}
			}),
			"a state without its account": with(func(c *view.Changes) { c.Accounts, c.States = nil, []view.State{state} }),
			"a state twice":               with(func(c *view.Changes) { c.States = []view.State{state, state} }),
			"a reference twice":           with(func(c *view.Changes) { c.References = []view.Reference{reference, reference} }),
		} {
			h.refused(name, h.store.Apply(h.Context(), changes), nil)
		}
		h.refused("under a cancelled context", h.store.Apply(cancelled(h.T), h.paid(ada, 1)), context.Canceled)
		h.matches()
	},
	"many accounts change at once": func(h *harness) {
		h.open(manyIDs("many", 120)...)
		h.matches()
	},
	// A reader that sees a version of the account finds its lines, and nothing ever goes back.
	"readers see changes whole while they are made": func(h *harness) {
		h.open(ada)
		stop := readConcurrently(h.T, h.store, 1)
		for range 40 {
			h.pay(ada, 1)
		}
		stop()
		h.matches()
	},
}

// fullAccount has a value in every field.
func fullAccount(id bank.AccountID, opened int64) view.Account {
	dinars := func(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "KWD"} }
	once, daily := dinars(5), dinars(1<<63-1)
	return view.Account{Opened: opened, Stale: stale(1<<62, 1<<62+2), Account: bank.Account{ID: id,
		Owner: "Ada Lovelace", Name: "Savings <1>", Kind: bank.Savings, ExternalID: "iban-1",
		Metadata: map[string]string{"a": "b", "ключ": ""}, Currency: "KWD", Balance: dinars(-1 << 62),
		Version: 1<<62 + 1, OpenedAt: opening, ClosedAt: opening.Add(time.Hour), ChangedAt: opening.Add(time.Microsecond),
		Freeze: bank.Freeze{Debits: true, Credits: true, Reason: "court", By: "clerk", Since: opening},
		Limits: bank.Limits{Overdraft: dinars(1 << 62), PerTransaction: &once, PerDay: &daily},
		Spent:  bank.Spent{Day: "2026-03-01", Amount: dinars(9)},
		Holds: []bank.Hold{{Version: 3, Amount: dinars(2), Remaining: dinars(1), PlacedAt: opening,
			ExpiresAt: opening.Add(time.Hour), Details: bank.Details{Reference: "hotel", Memo: "m", ExternalID: "x"}}},
		InTransit: []bank.Transit{{Transfer: "trf_z", To: grace, Amount: dinars(4), Reverses: 2}},
		Reversed:  []bank.Reversed{{Version: 2, Minor: 4, By: 9}}, Claimant: grace}}
}

// readConcurrently reads ada's account from several goroutines until it is stopped.
func readConcurrently(t *testing.T, store view.Reader, from int64) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			seen := readOnce(t, store, from)
			for ctx.Err() == nil {
				seen = readOnce(t, store, seen)
			}
		})
	}
	return func() { cancel(); readers.Wait() }
}

// readOnce returns the version that it saw, which is at least the one seen before.
func readOnce(t *testing.T, store view.Reader, seen int64) int64 {
	version, err := consistent(t.Context(), store)
	if err != nil || version < seen {
		t.Errorf("account at version %d after %d (%v)", version, seen, err)
		return seen
	}
	return version
}

// consistent is ada's version, 0 without a document; an error says which of her lines does not fit it.
func consistent(ctx context.Context, reader view.Reader) (int64, error) {
	account, err := reader.Account(ctx, ada)
	switch {
	case errors.Is(err, view.ErrNotFound):
		return 0, nil
	case err != nil || account.Version == 1:
		return account.Version, err
	}
	line, lineErr := reader.Transaction(ctx, ada, account.Version)
	page, pageErr := reader.History(ctx, ada, view.Page{First: 3})
	if err := errors.Join(lineErr, pageErr); err != nil || line.BalanceAfter != account.Balance.Minor ||
		len(page.Transactions) == 0 || page.Transactions[0].Version < account.Version ||
		page.Transactions[0].Version == account.Version && page.Transactions[0] != line {
		return 0, fmt.Errorf("version %d has balance %d, its line %d, history %+v (%w)", account.Version,
			account.Balance.Minor, line.BalanceAfter, page, err)
	}
	return account.Version, nil
}
