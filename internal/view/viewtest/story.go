package viewtest

import (
	"math/big"
	"reflect"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

var (
	ada   = bank.NewAccountID("ada", "first")
	grace = bank.NewAccountID("grace", "first")
	// nobody never gets a document.
	nobody = bank.NewAccountID("nobody", "none")
)

// opening is the moment at which every story begins.
var opening = time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC)

// story is what happens to a store, one change after the other.
type story struct {
	t        *testing.T
	store    view.Store
	position int64
	accounts map[bank.AccountID]view.Account
	lines    map[bank.AccountID][]view.Transaction // oldest first
	links    map[string][]contract.Record          // oldest first
	states   map[bank.AccountID][]view.State       // oldest first
	kept     []view.Trial                          // oldest first
}

func begin(t *testing.T, store view.Store) *story {
	return &story{t: t, store: store, accounts: make(map[bank.AccountID]view.Account),
		lines: make(map[bank.AccountID][]view.Transaction), links: make(map[string][]contract.Record),
		states: make(map[bank.AccountID][]view.State)}
}

// trial is the trial balance of a story that only opens accounts and pays in
// euros.
func (s *story) trial() view.Trial {
	customers := new(big.Int)
	for _, a := range s.accounts {
		customers.Add(customers, big.NewInt(a.Balance.Minor))
	}
	return view.Trial{Position: s.position, At: opening, Totals: []view.Total{
		{Currency: "EUR", Kind: "cash", Sum: new(big.Int).Neg(customers)}, {Currency: "EUR", Kind: "customer", Sum: customers}}}
}

// bare are changes without a trial balance.
func bare(c view.Changes) view.Changes {
	c.Trial.Position = c.To
	return c
}

// euros is an account with nothing special about it.
func euros(id bank.AccountID, opened int64) view.Account {
	return view.Account{Opened: opened, Account: bank.Account{ID: id, Owner: "Ada Lovelace", Kind: bank.Current, Currency: "EUR",
		Balance: bank.Money{Currency: "EUR"}, Version: 1, OpenedAt: opening, ChangedAt: opening}}
}

// open is the change in which the accounts are opened.
func (s *story) open(ids ...bank.AccountID) view.Changes {
	changes := view.Changes{From: s.position, To: s.position + int64(len(ids))}
	for i, id := range ids {
		account := euros(id, s.position+int64(i)+1)
		s.accounts[id] = account
		changes.Accounts = append(changes.Accounts, account)
	}
	s.position = changes.To
	changes.Trial = s.trial()
	return changes
}

// pay is the change in which count payments are made on one account. Two of
// three bring 10.00 and the third takes 5.00; every fifth version is an event
// that moves no money; every other payment happens in the same microsecond as
// the one before it.
func (s *story) pay(id bank.AccountID, count int) view.Changes {
	account := s.accounts[id]
	changes := view.Changes{From: s.position}
	for range count {
		account.Version++
		s.position++
		if account.Version%5 == 0 {
			account.Version++
			s.position++
		}
		line := view.Transaction{Account: id, Version: account.Version, Position: s.position, Type: bank.DepositEntry,
			Currency: "EUR", Amount: 1000, Credit: true, OccurredAt: opening.Add(time.Duration(account.Version/2) * time.Microsecond)}
		if account.Version%3 == 0 {
			line.Type, line.Amount, line.Credit = bank.WithdrawalEntry, 500, false
			account.Balance.Minor -= 2 * line.Amount
		}
		account.Balance.Minor += line.Amount
		line.EffectiveAt, account.ChangedAt, line.BalanceAfter = line.OccurredAt, line.OccurredAt, account.Balance.Minor
		changes.Transactions = append(changes.Transactions, line)
	}
	s.accounts[id] = account
	s.lines[id] = append(s.lines[id], changes.Transactions...)
	changes.To, changes.Accounts, changes.Trial = s.position, []view.Account{account}, s.trial()
	return changes
}

// apply makes the changes, which have to succeed.
func (s *story) apply(changes ...view.Changes) {
	s.t.Helper()
	for _, c := range changes {
		if err := s.store.Apply(s.t.Context(), c); err != nil {
			s.t.Fatalf("apply %d to %d: %v", c.From+1, c.To, err)
		}
	}
}

// checkpoint has to be at.
func (s *story) checkpoint(at int64) {
	s.t.Helper()
	got, err := s.store.Checkpoint(s.t.Context())
	if err != nil || got != at {
		s.t.Errorf("checkpoint is %d (%v), want %d", got, err, at)
	}
}

// account has to be as told.
func (s *story) account(want view.Account) {
	s.t.Helper()
	got, err := s.store.Account(s.t.Context(), want.ID)
	if err != nil || !same(got, want) {
		s.t.Errorf("account is\n%+v (%v), want\n%+v", got, err, want)
	}
}

// page reads one page, which has to succeed.
func (s *story) page(id bank.AccountID, page view.Page) view.Lines {
	s.t.Helper()
	lines, err := s.store.History(s.t.Context(), id, page)
	if err != nil {
		s.t.Fatalf("history %+v: %v", page, err)
	}
	return lines
}

// same reports whether two documents are alike to the last field.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }
