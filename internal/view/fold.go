package view

import (
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Fold is the account's document after the record, and the line that the
// record adds to its history (nil for events that move no money). The record
// must be the next of its account.
func Fold(a Account, r contract.Record) (Account, *Transaction, error) {
	if r.Version != a.Version+1 {
		return a, nil, fmt.Errorf("view of %s is at version %d and cannot take version %d", r.Account, a.Version, r.Version)
	}
	event, err := r.Event()
	if err != nil {
		return a, nil, err
	}
	a.ID, a.Version, a.UpdatedAt = r.Account, r.Version, r.At
	if opened, ok := event.(bank.AccountOpened); ok {
		a.Owner, a.Currency, a.OpenedAt = opened.Owner, opened.Currency, r.At
		return a, nil, nil
	}
	line := TransactionOf(r, event)
	a.Balance = line.BalanceAfter
	return a, line, nil
}

// TransactionOf is the history line of a record whose event is event, or nil
// for events that move no money.
func TransactionOf(r contract.Record, event bank.Event) *Transaction {
	line := Transaction{Account: r.Account, Version: r.Version, Position: r.Position, OccurredAt: r.At}
	switch e := event.(type) {
	case bank.AccountOpened:
		return nil
	case bank.MoneyDeposited:
		line.Type, line.Reference, line.Memo = Deposit, e.Reference, e.Memo
		line.Amount, line.BalanceAfter, line.Currency = e.Amount.Minor, e.Balance.Minor, e.Amount.Currency
	case bank.MoneyWithdrawn:
		line.Type, line.Reference, line.Memo = Withdrawal, e.Reference, e.Memo
		line.Amount, line.BalanceAfter, line.Currency = e.Amount.Minor, e.Balance.Minor, e.Amount.Currency
	default:
		panic(fmt.Sprintf("view: no history line for event %T", e))
	}
	return &line
}
