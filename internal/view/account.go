package view

import (
	"time"

	"corebank/internal/bank"
)

// Account is the read model of one account.
type Account struct {
	ID       bank.AccountID
	Owner    string
	Currency bank.Currency
	// Balance is in minor units of Currency.
	Balance int64
	// Version is the stream version that the document reflects.
	Version int64
	// OpenedAt and UpdatedAt are UTC and whole microseconds.
	OpenedAt  time.Time
	UpdatedAt time.Time
	// Stale is set while an event of the account could not be folded. An
	// account whose very first event it was has nothing but ID and Stale.
	Stale Stale
}

// Money is the balance with its currency.
func (a Account) Money() bank.Money { return bank.Money{Minor: a.Balance, Currency: a.Currency} }
