package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/internal/view/sqlite"
)

// BenchmarkApply writes chunks of 1,000 deposits to 10,000 accounts, without
// the work of folding them. It reports lines per second.
func BenchmarkApply(b *testing.B) {
	const accounts, chunk = 10_000, 1000
	store := benchStore(b)
	deposits := newDeposits(accounts)
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		changes := deposits.next(chunk)
		b.StartTimer()
		if err := store.Apply(b.Context(), changes); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*chunk)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkHistoryPage reads pages of 50 lines from one account with 1,000,000
// of them: from both ends, from the middle, and with filters that few or no lines
// pass.
func BenchmarkHistoryPage(b *testing.B) {
	const lines = 1_000_000
	store := benchStore(b)
	deposits := newDeposits(1)
	for range lines / 10_000 {
		if err := store.Apply(b.Context(), deposits.next(10_000)); err != nil {
			b.Fatal(err)
		}
	}
	year := func(version int64) time.Time { return benchStart.Add(time.Duration(version) * time.Second) }
	for name, page := range map[string]view.Page{
		"newest":            {First: 50},
		"oldest":            {Last: 50},
		"after":             {First: 50, After: lines / 2},
		"before":            {Last: 50, Before: lines / 2},
		"rare type":         {First: 50, Filter: view.Filter{Types: []bank.EntryType{bank.WithdrawalEntry}}},
		"long ago":          {First: 50, Filter: view.Filter{Until: year(1000)}},
		"no such amount":    {First: 50, Filter: view.Filter{MinAmount: 2}},
		"no such reference": {First: 50, Filter: view.Filter{Reference: "rent"}},
		"time range":        {Last: 50, Filter: view.Filter{Since: year(lines / 2), Until: year(lines/2 + 100)}},
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if _, err := store.History(b.Context(), benchAccount(0), page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchStore(b *testing.B) *sqlite.Store {
	b.Helper()
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "views.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(b.Context()); err != nil {
			b.Error(err)
		}
	})
	return store
}

var benchStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func benchAccount(i int) bank.AccountID { return bank.NewAccountID("bench", fmt.Sprint(i)) }

// deposits makes changes: one unit into a random account each.
type deposits struct {
	position int64
	accounts []view.Account
	random   *rand.Rand
}

func newDeposits(accounts int) *deposits {
	d := &deposits{random: rand.New(rand.NewPCG(1, 2))}
	for i := range accounts {
		d.accounts = append(d.accounts, view.Account{Opened: int64(i) + 1, Account: bank.Account{ID: benchAccount(i),
			Owner: "Ada", Kind: bank.Current, Currency: "EUR", Balance: bank.Money{Currency: "EUR"}, OpenedAt: benchStart}})
	}
	return d
}

func (d *deposits) next(lines int) view.Changes {
	to := d.position + int64(lines)
	changes := view.Changes{From: d.position, To: to, Trial: view.Trial{Position: to}}
	touched := make(map[bank.AccountID]view.Account)
	for range lines {
		d.position++
		account := &d.accounts[d.random.IntN(len(d.accounts))]
		account.Version++
		account.Balance.Minor++
		account.ChangedAt = benchStart.Add(time.Duration(account.Version) * time.Second)
		touched[account.ID] = *account
		changes.Transactions = append(changes.Transactions, view.Transaction{
			Account: account.ID, Version: account.Version, Position: d.position, Type: bank.DepositEntry, Currency: "EUR",
			Amount: 1, Credit: true, BalanceAfter: account.Balance.Minor,
			OccurredAt: account.ChangedAt, EffectiveAt: account.ChangedAt,
			Reference: "salary", Caller: "teller",
		})
	}
	for _, account := range touched {
		changes.Accounts = append(changes.Accounts, account)
	}
	return changes
}
