package viewtest

import (
	"errors"
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

var (
	ada   = bank.NewAccountID("ada", "first")
	grace = bank.NewAccountID("grace", "first")
	// absent never gets a document.
	absent = bank.NewAccountID("absent", "none")
)

// opening is the time at which every test begins.
var opening = time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC)

// harness applies changes to a store and to its model.
type harness struct {
	t     *testing.T
	store view.Store
	model
}

func newHarness(t *testing.T, store view.Store) *harness { return &harness{t, store, newModel()} }

// opened are the changes that open accounts.
func (h *harness) opened(ids ...bank.AccountID) view.Changes {
	changes := view.Changes{From: h.position, To: h.position + int64(len(ids))}
	for i, id := range ids {
		changes.Accounts = append(changes.Accounts, euroAccount(id, h.position+int64(i)+1))
	}
	changes.Trial = h.trialWith(changes)
	return changes
}

// euroAccount is an account with nothing special about it.
func euroAccount(id bank.AccountID, opened int64) view.Account {
	return view.Account{Opened: opened, Account: bank.Account{ID: id, Owner: "Ada Lovelace", Kind: bank.Current,
		Currency: "EUR", Balance: bank.Money{Currency: "EUR"}, Version: 1, OpenedAt: opening, ChangedAt: opening}}
}

// paid are the changes that make payments on one account. Two of three bring
// 10.00 and the third takes 5.00; every fifth version is an event that moves no
// money; every other payment happens in the same microsecond as the one before
// it.
func (h *harness) paid(id bank.AccountID, count int) view.Changes {
	account := h.accounts[id]
	changes := view.Changes{From: h.position, To: h.position}
	for range count {
		account.Version++
		changes.To++
		if account.Version%5 == 0 {
			account.Version++
			changes.To++
		}
		line := view.Transaction{Account: id, Version: account.Version, Position: changes.To, Type: bank.DepositEntry,
			Currency: "EUR", Amount: 1000, Credit: true,
			OccurredAt: opening.Add(time.Duration(account.Version/2) * time.Microsecond)}
		if account.Version%3 == 0 {
			line.Type, line.Amount, line.Credit = bank.WithdrawalEntry, 500, false
			account.Balance.Minor -= 2 * line.Amount
		}
		account.Balance.Minor += line.Amount
		line.EffectiveAt, account.ChangedAt, line.BalanceAfter = line.OccurredAt, line.OccurredAt, account.Balance.Minor
		changes.Transactions = append(changes.Transactions, line)
	}
	changes.Accounts = []view.Account{account}
	changes.Trial = h.trialWith(changes)
	return changes
}

// trialWith is the trial balance after changes of a log that only opens accounts
// and pays in euros.
func (h *harness) trialWith(changes view.Changes) view.Trial {
	accounts := maps.Clone(h.accounts)
	for _, a := range changes.Accounts {
		accounts[a.ID] = a
	}
	customers := new(big.Int)
	for _, a := range accounts {
		customers.Add(customers, big.NewInt(a.Balance.Minor))
	}
	return view.Trial{Position: changes.To, At: opening, Totals: []view.Total{
		{Currency: "EUR", Kind: "cash", Sum: new(big.Int).Neg(customers)},
		{Currency: "EUR", Kind: "customer", Sum: customers}}}
}

// documents are the changes of the next records which only put documents.
func (h *harness) documents(records int64, accounts ...view.Account) view.Changes {
	return withoutTrial(view.Changes{From: h.position, To: h.position + records, Accounts: accounts})
}

// withoutTrial are changes whose trial balance is empty.
func withoutTrial(c view.Changes) view.Changes {
	c.Trial.Position = c.To
	return c
}

func (h *harness) open(ids ...bank.AccountID)       { h.t.Helper(); h.apply(h.opened(ids...)) }
func (h *harness) pay(id bank.AccountID, count int) { h.t.Helper(); h.apply(h.paid(id, count)) }

// apply makes the changes, which must succeed.
func (h *harness) apply(c view.Changes) {
	h.t.Helper()
	if err := h.store.Apply(h.t.Context(), c); err != nil {
		h.t.Fatalf("apply %d to %d: %v", c.From+1, c.To, err)
	}
	h.model.apply(c)
}

// replace replaces an account, which must succeed.
func (h *harness) replace(r view.Replacement) {
	h.t.Helper()
	if err := h.store.Replace(h.t.Context(), r); err != nil {
		h.t.Fatal(err)
	}
	h.model.replace(r)
}

// refused fails unless err is the wanted error or, where that is nil, an error
// that says what is wrong.
func (h *harness) refused(what string, err, want error) {
	h.t.Helper()
	if want == nil && (err == nil || errors.Is(err, view.ErrCheckpointMoved)) || want != nil && !errors.Is(err, want) {
		h.t.Errorf("%s: %v, want an error that says so (%v)", what, err, want)
	}
}

// matches fails unless the store shows the model, and nothing else.
func (h *harness) matches() {
	h.t.Helper()
	ctx := h.t.Context()
	at, err := h.store.Checkpoint(ctx)
	expect(h.t, "checkpoint", at, err, h.position)
	if trial, err := h.store.Trial(ctx); err != nil || !trial.Equal(h.trial) {
		h.t.Errorf("trial balance is\n%+v (%v), want\n%+v", trial, err, h.trial)
	}
	ids := append(slices.Collect(maps.Keys(h.accounts)), ada, grace, absent)
	accounts, err := h.store.Accounts(ctx, ids)
	expect(h.t, "documents", accounts, err, h.accounts)
	for _, id := range ids {
		h.matchesAccount(id)
	}
	for key, want := range h.references {
		got, err := h.store.References(ctx, key)
		if err != nil || len(got) != len(want) || len(want) > 0 && !same(got, want) {
			h.t.Errorf("under %s are\n%+v (%v), want\n%+v", key, got, err, want)
		}
	}
	if got, err := h.store.References(ctx, "trf_none"); err != nil || len(got) != 0 {
		h.t.Errorf("under a key without references are %+v (%v), want none", got, err)
	}
	h.stateBefore(ada, view.NoVersion, time.Time{})
	h.trialBefore(view.NoVersion, time.Time{})
}

func (h *harness) matchesAccount(id bank.AccountID) {
	h.t.Helper()
	account, err := h.store.Account(h.t.Context(), id)
	if want, exists := h.accounts[id]; exists {
		expect(h.t, "account", account, err, want)
	} else if !errors.Is(err, view.ErrNotFound) {
		h.t.Errorf("account %s is %+v (%v), want ErrNotFound", id, account, err)
	}
	if len(h.lines[id]) > view.MaxPage {
		h.t.Errorf("a history of %d lines does not fit into a page: walk it", len(h.lines[id]))
	}
	h.pages(id, view.Page{First: view.MaxPage})
	version := int64(9) // one of others
	if lines := h.lines[id]; len(lines) > 0 {
		version = lines[len(lines)-1].Version
		line, err := h.store.Transaction(h.t.Context(), id, version)
		expect(h.t, "line", line, err, lines[len(lines)-1])
		version += 2
	}
	if line, err := h.store.Transaction(h.t.Context(), id, version); !errors.Is(err, view.ErrNotFound) {
		h.t.Errorf("line %d of %s is %+v (%v), want ErrNotFound", version, id, line, err)
	}
}

// pages fails unless pages of a history are those of the model.
func (h *harness) pages(id bank.AccountID, pages ...view.Page) {
	h.t.Helper()
	for _, page := range pages {
		lines, err := h.store.History(h.t.Context(), id, page)
		if diff := difference(lines, h.page(id, page)); err != nil || diff != "" {
			h.t.Fatalf("page %+v of %s: %v\n%s", page, id, err, diff)
		}
	}
}

// stateBefore fails unless a history state is that of the model.
func (h *harness) stateBefore(id bank.AccountID, version int64, moment time.Time) {
	h.t.Helper()
	var want view.State
	for _, state := range h.states[id] {
		if state.Account.Version <= version && (moment.IsZero() || !state.Account.ChangedAt.After(moment)) {
			want = state
		}
	}
	got, err := h.store.StateBefore(h.t.Context(), id, version, moment)
	if err != nil || !same(got, want) {
		h.t.Fatalf("state of %s at version %d, %s is\n%+v (%v), want\n%+v", id, version, moment, got, err, want)
	}
}

// trialBefore fails unless a past trial balance is that of the model.
func (h *harness) trialBefore(position int64, moment time.Time) {
	h.t.Helper()
	var want view.Trial
	for _, trial := range h.pastTrials {
		if trial.Position <= position && (moment.IsZero() || !trial.At.After(moment)) {
			want = trial
		}
	}
	got, err := h.store.TrialBefore(h.t.Context(), position, moment)
	if err != nil || !got.Equal(want) {
		h.t.Fatalf("trial balance at %d, %s is\n%+v (%v), want\n%+v", position, moment, got, err, want)
	}
}
