package viewtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	run(t, open, map[string]func(*testing.T, *story){
		"a new store is empty":                          newStoreIsEmpty,
		"every field comes back":                        everyFieldComesBack,
		"texts in any script come back":                 textsComeBack,
		"a change moves the checkpoint":                 changeMovesCheckpoint,
		"a later document replaces the earlier":         laterDocumentReplaces,
		"changes that start elsewhere are refused":      changesFromElsewhere,
		"the same changes again are refused":            sameChangesAgain,
		"malformed changes are refused":                 malformedChanges,
		"changes under a cancelled context do nothing":  cancelledChanges,
		"many accounts change at once":                  manyAccounts,
		"an account sees its own history only":          ownHistoryOnly,
		"pages in both directions between all bounds":   pagesBetweenBounds,
		"walking the pages meets every line once":       walkingPages,
		"filters let through what they name":            filters,
		"malformed pages are refused":                   malformedPages,
		"a quarantine comes back":                       quarantineComesBack,
		"a replacement is whole":                        replacementIsWhole,
		"a replacement elsewhere is refused":            replacementElsewhere,
		"sums are those of the lines":                   sumsOfLines,
		"a transfer's name finds its lines":             textFilters,
		"records are filed and found":                   recordsAreFiled,
		"what is filed twice is refused":                filedTwice,
		"states and trial balances are kept":            lookingBack,
		"accounts are listed":                           accountsAreListed,
		"malformed lists are refused":                   malformedLists,
		"a replacement corrects the trial balances":     replacementCorrects,
		"any page of any history is as in a plain list": anyPage,
		"readers see changes whole while they are made": readersDuringWrites,
	})
}

func run(t *testing.T, open Open, tests map[string]func(*testing.T, *story)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			t.Cleanup(func() {
				if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			test(t, begin(t, store))
		})
	}
}

func newStoreIsEmpty(t *testing.T, s *story) {
	s.checkpoint(0)
	if _, err := s.store.Account(t.Context(), ada); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("account: %v, want ErrNotFound", err)
	}
	if _, err := s.store.Transaction(t.Context(), ada, 1); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("transaction: %v, want ErrNotFound", err)
	}
	for _, ids := range [][]bank.AccountID{nil, {ada, nobody}} {
		accounts, err := s.store.Accounts(t.Context(), ids)
		if err != nil || len(accounts) != 0 {
			t.Errorf("accounts of %v: %v (%v), want none", ids, accounts, err)
		}
	}
	for _, page := range []view.Page{{First: 10}, {Last: 10}, {First: 1, After: 5}, {Last: 1, Before: 5}} {
		if diff := difference(s.page(ada, page), view.Lines{}); diff != "" {
			t.Errorf("page %+v: %s", page, diff)
		}
	}
}

func everyFieldComesBack(t *testing.T, s *story) {
	account := fullAccount(ada, 1<<62)
	line := view.Transaction{Account: ada, Version: 1<<62 + 1, Position: 1 << 62, Type: bank.TransferOutEntry, Currency: "KWD",
		Amount: 1<<63 - 1, BalanceAfter: -1 << 62, OccurredAt: opening.Add(time.Microsecond), EffectiveAt: opening, Reference: "rent",
		Memo: "March", ExternalID: "e-1", Caller: "teller", Counterparty: grace, Transfer: "trf_x", Hold: 7, Reverses: 8,
		ReversesTransfer: "trf_y", Reason: "by <mistake>"}
	s.apply(bare(view.Changes{From: 0, To: 1 << 62, Accounts: []view.Account{account}, Transactions: []view.Transaction{line}}))
	s.checkpoint(1 << 62)
	s.account(account)
	accounts, err := s.store.Accounts(t.Context(), []bank.AccountID{nobody, ada})
	if err != nil || len(accounts) != 1 || !same(accounts[ada], account) {
		t.Errorf("accounts are %+v (%v), want %+v", accounts, err, account)
	}
	got, err := s.store.Transaction(t.Context(), ada, line.Version)
	if err != nil || got != line {
		t.Errorf("line is\n%+v (%v), want\n%+v", got, err, line)
	}
	if lines := s.page(ada, view.Page{First: 1}); len(lines.Transactions) != 1 || lines.Transactions[0] != line {
		t.Errorf("page is\n%+v, want\n%+v", lines, line)
	}
}

// fullAccount has something in every field.
func fullAccount(id bank.AccountID, opened int64) view.Account {
	dinars := func(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "KWD"} }
	once, daily := dinars(5), dinars(1<<63-1)
	return view.Account{Opened: opened, Stale: stale(1<<62, 1<<62+2), Account: bank.Account{ID: id, Owner: "Ada Lovelace", Name: "Savings <1>",
		Kind: bank.Savings, ExternalID: "iban-1", Metadata: map[string]string{"a": "b", "ключ": ""}, Currency: "KWD", Balance: dinars(-1 << 62),
		Version: 1<<62 + 1, OpenedAt: opening, ClosedAt: opening.Add(time.Hour), ChangedAt: opening.Add(time.Microsecond),
		Freeze: bank.Freeze{Debits: true, Credits: true, Reason: "court", By: "clerk", Since: opening},
		Limits: bank.Limits{Overdraft: dinars(1 << 62), PerTransaction: &once, PerDay: &daily},
		Spent:  bank.Spent{Day: "2026-03-01", Amount: dinars(9)},
		Holds: []bank.Hold{{Version: 3, Amount: dinars(2), Remaining: dinars(1), PlacedAt: opening, ExpiresAt: opening.Add(time.Hour),
			Details: bank.Details{Reference: "hotel", Memo: "m", ExternalID: "x"}}},
		InTransit: []bank.Transit{{Transfer: "trf_z", To: grace, Amount: dinars(4), Reverses: 2}},
		Reversed:  []bank.Reversed{{Version: 2, Minor: 4, By: 9}}, Claimant: grace}}
}

func textsComeBack(t *testing.T, s *story) {
	texts := []string{"", " ", "Владимир", "山田花子", "שָׁלוֹם", "👩‍👩‍👧", "e\u0301 is not é", "a'b\"c;--", "$set.x", "line\nbreak\ttab", "%s\\u0000", strings.Repeat("ß", 500)}
	changes := s.open(ada)
	s.apply(changes)
	changes = s.pay(ada, len(texts))
	for i := range changes.Transactions {
		changes.Transactions[i].Reference, changes.Transactions[i].Memo = texts[i], texts[len(texts)-1-i]
	}
	changes.Accounts[0].Owner = strings.Join(texts, "|")
	s.apply(changes)
	s.account(changes.Accounts[0])
	for i, line := range s.page(ada, view.Page{Last: 100}).Transactions {
		if want := changes.Transactions[len(texts)-1-i]; line != want {
			t.Errorf("line is\n%+v, want\n%+v", line, want)
		}
	}
}

func changeMovesCheckpoint(t *testing.T, s *story) {
	s.apply(s.open(ada, grace))
	s.checkpoint(2)
	s.apply(s.pay(grace, 3))
	s.checkpoint(s.position)
	s.account(s.accounts[ada])
	s.account(s.accounts[grace])
	// Records that no view shows move it as well.
	s.apply(bare(view.Changes{From: s.position, To: s.position + 7}))
	s.checkpoint(s.position + 7)
}

func laterDocumentReplaces(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(ada, 1), s.pay(ada, 2))
	s.account(s.accounts[ada])
	s.account(s.accounts[grace])
}

func changesFromElsewhere(t *testing.T, s *story) {
	s.apply(s.open(ada), s.pay(ada, 2))
	at, was := s.position, s.accounts[ada]
	for _, from := range []int64{0, at - 1, at + 1, at + 1000} {
		changes := s.pay(ada, 1)
		changes.From, changes.To, changes.Trial.Position = from, from+1, from+1
		changes.Transactions[0].Position = from + 1
		if err := s.store.Apply(t.Context(), changes); !errors.Is(err, view.ErrCheckpointMoved) {
			t.Errorf("changes from %d at checkpoint %d: %v, want ErrCheckpointMoved", from, at, err)
		}
	}
	s.checkpoint(at)
	s.account(was)
	if lines := s.page(ada, view.Page{First: 100}); len(lines.Transactions) != 2 {
		t.Errorf("history has %s, want 2 lines", brief(lines))
	}
}

func sameChangesAgain(t *testing.T, s *story) {
	changes := []view.Changes{s.open(ada), s.pay(ada, 3), s.pay(ada, 2)}
	s.apply(changes...)
	for _, c := range changes {
		if err := s.store.Apply(t.Context(), c); !errors.Is(err, view.ErrCheckpointMoved) {
			t.Errorf("again %d to %d: %v, want ErrCheckpointMoved", c.From+1, c.To, err)
		}
	}
	s.checkpoint(s.position)
	s.account(s.accounts[ada])
	if diff := difference(s.page(ada, view.Page{First: 100}), modelPage(s.lines[ada], view.Page{First: 100})); diff != "" {
		t.Error(diff)
	}
}

func malformedChanges(t *testing.T, s *story) {
	s.apply(s.open(ada))
	line := s.pay(ada, 1).Transactions[0]
	with := func(position int64) view.Transaction { line.Position = position; return line }
	for name, changes := range map[string]view.Changes{
		"nothing happened":        {From: 1, To: 1},
		"backwards":               {From: 1, To: 0},
		"before the log":          {From: -1, To: 2},
		"a line from before":      {From: 1, To: 2, Accounts: []view.Account{s.accounts[ada]}, Transactions: []view.Transaction{with(1)}},
		"a line from later":       {From: 1, To: 2, Accounts: []view.Account{s.accounts[ada]}, Transactions: []view.Transaction{with(3)}},
		"another's trial balance": {From: 1, To: 2, Accounts: []view.Account{s.accounts[ada]}, Trial: view.Trial{Position: 1}},
		"a link of nobody":        {From: 1, To: 2, References: []view.Reference{{Key: "k", Record: contract.Record{Account: ada, Version: 2, Position: 2}}}},
		"a link from later": {From: 1, To: 2, Accounts: []view.Account{s.accounts[ada]},
			References: []view.Reference{{Key: "k", Record: contract.Record{Account: ada, Version: 2, Position: 3}}}},
		"a state of nobody": {From: 1, To: 2, States: []view.State{{Account: s.accounts[ada].Account, Position: 2}}},
		"a state from before": {From: 1, To: 2, Accounts: []view.Account{s.accounts[ada]},
			States: []view.State{{Account: s.accounts[ada].Account, Position: 1}}},
		"a trial balance from later": {From: 1, To: 2, PastTrials: []view.Trial{{Position: 3}}},
		"a line of nobody":           {From: 1, To: 2, Transactions: []view.Transaction{with(2)}},
		"a line of someone else":     {From: 1, To: 2, Accounts: []view.Account{euros(grace, 2)}, Transactions: []view.Transaction{with(2)}},
	} {
		if name != "another's trial balance" {
			changes = bare(changes)
		}
		if err := s.store.Apply(t.Context(), changes); err == nil || errors.Is(err, view.ErrCheckpointMoved) {
			t.Errorf("%s: %v, want an error that says so", name, err)
		}
	}
	s.checkpoint(1)
	if lines := s.page(ada, view.Page{First: 1}); len(lines.Transactions) != 0 {
		t.Errorf("history has %s, want none", brief(lines))
	}
}

func cancelledChanges(t *testing.T, s *story) {
	s.apply(s.open(ada))
	was := s.accounts[ada]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.store.Apply(ctx, s.pay(ada, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("apply: %v, want context.Canceled", err)
	}
	s.checkpoint(1)
	s.account(was)
}

func manyAccounts(t *testing.T, s *story) {
	ids := make([]bank.AccountID, 120)
	for i := range ids {
		ids[i] = bank.NewAccountID("many", fmt.Sprint(i))
	}
	s.apply(s.open(ids...))
	accounts, err := s.store.Accounts(t.Context(), append(ids, nobody))
	if err != nil || len(accounts) != len(ids) {
		t.Fatalf("%d accounts (%v), want %d", len(accounts), err, len(ids))
	}
	for _, id := range ids {
		if !same(accounts[id], s.accounts[id]) {
			t.Errorf("account is %+v, want %+v", accounts[id], s.accounts[id])
		}
	}
}

func ownHistoryOnly(t *testing.T, s *story) {
	s.apply(s.open(ada, grace), s.pay(ada, 4), s.pay(grace, 3), s.pay(ada, 2))
	for _, id := range []bank.AccountID{ada, grace, nobody} {
		for _, page := range []view.Page{{First: 100}, {Last: 100}, {First: 2, After: 4}, {Last: 2, Before: 3}} {
			if diff := difference(s.page(id, page), modelPage(s.lines[id], page)); diff != "" {
				t.Errorf("page %+v of %s: %s", page, id, diff)
			}
		}
	}
	if _, err := s.store.Transaction(t.Context(), grace, 9); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("line 9 of grace, which ada has: %v, want ErrNotFound", err)
	}
}
