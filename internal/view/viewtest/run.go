package viewtest

import (
	"context"
	"errors"
	"fmt"
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
	run(t, open, map[string]func(*testing.T, *harness){
		"a new store is empty":                          newStoreIsEmpty,
		"every field comes back":                        everyFieldComesBack,
		"texts in any script come back":                 textsComeBack,
		"changes move the checkpoint":                   changesMoveCheckpoint,
		"refused changes do nothing":                    refusedChanges,
		"many accounts change at once":                  manyAccounts,
		"pages in both directions between all bounds":   pagesBetweenBounds,
		"walking the pages meets every line once":       walkingPages,
		"filters let through what they name":            filters,
		"filters find texts and transfers":              textFilters,
		"sums are those of the lines":                   sumsOfLines,
		"malformed pages are refused":                   malformedPages,
		"any page of any history is as in a plain list": anyPage,
		"a quarantine comes back":                       quarantineComesBack,
		"a replacement is whole":                        replacementIsWhole,
		"refused replacements do nothing":               refusedReplacements,
		"a replacement corrects the trial balances":     replacementCorrects,
		"references are found by their keys":            referencesAreFound,
		"states and trial balances are retained":        historyStates,
		"accounts are listed":                           accountsAreListed,
		"readers see changes whole while they are made": readersDuringWrites,
	})
}

func run(t *testing.T, open Open, tests map[string]func(*testing.T, *harness)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			t.Cleanup(func() {
				if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			test(t, newHarness(t, store))
		})
	}
}

func newStoreIsEmpty(t *testing.T, h *harness) {
	h.matches()
	h.pages(ada, view.Page{First: 10}, view.Page{Last: 10}, view.Page{First: 1, After: 5}, view.Page{Last: 1, Before: 5})
	if accounts, err := h.store.Accounts(t.Context(), nil); err != nil || len(accounts) != 0 {
		t.Errorf("accounts of no ids: %v (%v), want none", accounts, err)
	}
}

func everyFieldComesBack(_ *testing.T, h *harness) {
	line := view.Transaction{Account: ada, Version: 1<<62 + 1, Position: 1 << 62, Type: bank.TransferOutEntry,
		Currency: "KWD",
		Amount:   1<<63 - 1, BalanceAfter: -1 << 62, OccurredAt: opening.Add(time.Microsecond), EffectiveAt: opening,
		Reference: "rent", Memo: "March", ExternalID: "e-1", Caller: "teller", Counterparty: grace, Transfer: "trf_x",
		Hold: 7, Reverses: 8, ReversesTransfer: "trf_y", Reason: "by <mistake>"}
	changes := h.documents(1<<62, fullAccount(ada, 1<<62))
	changes.Transactions = []view.Transaction{line}
	h.apply(changes)
	h.matches()
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

func textsComeBack(_ *testing.T, h *harness) {
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
}

func changesMoveCheckpoint(_ *testing.T, h *harness) {
	h.open(ada, grace)
	h.matches()
	h.pay(grace, 3)
	h.pay(ada, 1)
	h.pay(ada, 2) // replaces the document before
	h.matches()
	h.apply(h.documents(7)) // records that no view shows move it as well
	h.matches()
	for _, id := range []bank.AccountID{ada, grace, absent} {
		h.pages(id, view.Page{First: 100}, view.Page{Last: 100}, view.Page{First: 2, After: 4}, view.Page{Last: 2, Before: 3})
	}
}

func refusedChanges(t *testing.T, h *harness) {
	earlier := []view.Changes{h.opened(ada)}
	h.apply(earlier[0])
	earlier = append(earlier, h.paid(ada, 3))
	h.apply(earlier[1])
	at, account := h.position, h.accounts[ada]
	line := h.paid(ada, 1).Transactions[0]
	state := view.State{Account: account.Account, Position: at + 1}
	record := contract.Record{Account: ada, Version: account.Version, Position: at + 1}
	reference := view.Reference{Key: "k", Record: record}
	for _, from := range []int64{0, at - 1, at + 1, at + 1000} {
		changes := h.paid(ada, 1)
		changes.From, changes.To, changes.Trial.Position = from, from+1, from+1
		changes.Transactions[0].Position = from + 1
		h.refused(fmt.Sprint("changes from ", from), h.store.Apply(t.Context(), changes), view.ErrCheckpointMoved)
	}
	for _, c := range earlier {
		h.refused("the same changes again", h.store.Apply(t.Context(), c), view.ErrCheckpointMoved)
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
			c.Accounts, c.Transactions = []view.Account{euroAccount(grace, at+1)}, []view.Transaction{line}
		}),
		"a reference without its account": with(func(c *view.Changes) {
			c.Accounts, c.References = nil, []view.Reference{reference}
		}),
		"a state without its account": with(func(c *view.Changes) { c.Accounts, c.States = nil, []view.State{state} }),
		"a state twice":               with(func(c *view.Changes) { c.States = []view.State{state, state} }),
		"a reference twice":           with(func(c *view.Changes) { c.References = []view.Reference{reference, reference} }),
	} {
		h.refused(name, h.store.Apply(t.Context(), changes), nil)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	h.refused("under a cancelled context", h.store.Apply(cancelled, h.paid(ada, 1)), context.Canceled)
	h.matches()
}

func manyAccounts(_ *testing.T, h *harness) {
	ids := make([]bank.AccountID, 120)
	for i := range ids {
		ids[i] = bank.NewAccountID("many", fmt.Sprint(i))
	}
	h.open(ids...)
	h.matches()
}

// readersDuringWrites reads while payments come in: a reader that sees a version
// of the account finds its lines, and nothing ever goes back.
func readersDuringWrites(t *testing.T, h *harness) {
	h.open(ada)
	stop := readConcurrently(t, h.store, 1)
	for range 40 {
		h.pay(ada, 1)
	}
	stop()
	h.matches()
}

// readConcurrently reads ada's account from several goroutines until it is
// stopped.
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

// readOnce returns the version that it saw, which is at least the one seen
// before.
func readOnce(t *testing.T, store view.Reader, seen int64) int64 {
	account, err := store.Account(t.Context(), ada)
	if err != nil || account.Version < seen {
		t.Errorf("account at version %d after %d (%v)", account.Version, seen, err)
		return seen
	}
	if account.Version == 1 {
		return 1
	}
	line, lineErr := store.Transaction(t.Context(), ada, account.Version)
	lines, err := store.History(t.Context(), ada, view.Page{First: 3})
	if err := errors.Join(lineErr, err); err != nil || line.BalanceAfter != account.Balance.Minor ||
		len(lines.Transactions) == 0 || lines.Transactions[0].Version < account.Version {
		t.Errorf("version %d has balance %d, its line %d, history %s (%v)",
			account.Version, account.Balance.Minor, line.BalanceAfter, summary(lines), err)
	}
	return account.Version
}
