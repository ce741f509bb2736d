package view

import (
	"time"

	"corebank/internal/bank"
)

// TransactionType says which way money moved.
type TransactionType string

// The types of transactions, as the API spells them.
const (
	Deposit    TransactionType = "DEPOSIT"
	Withdrawal TransactionType = "WITHDRAWAL"
)

// Transaction is one line of an account's history. Account and Version
// identify it.
type Transaction struct {
	Account bank.AccountID
	// Version is the stream version of the event behind it.
	Version int64
	// Position is the event's place in the whole log.
	Position int64
	Type     TransactionType
	Currency bank.Currency
	// Amount is positive; BalanceAfter the balance right after it; both in
	// minor units of Currency.
	Amount       int64
	BalanceAfter int64
	// OccurredAt is UTC, whole microseconds, and never before the account's
	// previous line.
	OccurredAt time.Time
	Reference  string
	Memo       string
}
