package bank

import (
	"errors"
	"fmt"
)

// Event is a fact about one account. The set is closed: AccountOpened,
// MoneyDeposited, MoneyWithdrawn. Their stored names and schema versions are
// in package contract.
type Event interface {
	isEvent()
	// PostingLines are the double entry of the event; they sum to zero.
	PostingLines() []Posting
}

// AccountOpened says that the account exists from now on, empty.
type AccountOpened struct {
	Owner    string   `json:"owner"`
	Currency Currency `json:"currency"`
}

// MoneyDeposited says that cash came in. Balance is the account's balance
// after it.
type MoneyDeposited struct {
	Amount    Money     `json:"amount"`
	Balance   Money     `json:"balance"`
	Postings  []Posting `json:"postings"`
	Reference string    `json:"reference,omitempty"`
	Memo      string    `json:"memo,omitempty"`
}

// MoneyWithdrawn says that cash went out. Amount is positive; Balance is the
// account's balance after it.
type MoneyWithdrawn struct {
	Amount    Money     `json:"amount"`
	Balance   Money     `json:"balance"`
	Postings  []Posting `json:"postings"`
	Reference string    `json:"reference,omitempty"`
	Memo      string    `json:"memo,omitempty"`
}

func (AccountOpened) isEvent()  {}
func (MoneyDeposited) isEvent() {}
func (MoneyWithdrawn) isEvent() {}

// PostingLines of an opening are none: no money moves.
func (AccountOpened) PostingLines() []Posting { return nil }

// PostingLines of a deposit credit the customer and debit cash.
func (e MoneyDeposited) PostingLines() []Posting { return e.Postings }

// PostingLines of a withdrawal debit the customer and credit cash.
func (e MoneyWithdrawn) PostingLines() []Posting { return e.Postings }

// CheckEvent is nil for an event that says all that its kind must say, and
// otherwise tells what is missing or makes no sense. It asks nothing of today's
// rules, which history need not obey; a currency, for one, may have been
// withdrawn since.
func CheckEvent(e Event) error {
	switch e := e.(type) {
	case AccountOpened:
		if e.Owner == "" || e.Currency == "" {
			return errors.New("an account without an owner or a currency")
		}
		return nil
	case MoneyDeposited:
		return checkMovement(e.Amount, e.Balance)
	case MoneyWithdrawn:
		return checkMovement(e.Amount, e.Balance)
	default:
		panic(fmt.Sprintf("bank: no check for event %T", e))
	}
}

func checkMovement(amount, balance Money) error {
	switch {
	case amount.Currency == "" || !amount.Positive():
		return fmt.Errorf("an amount of %q, which is not positive", amount)
	case balance.Currency != amount.Currency:
		return fmt.Errorf("a balance of %q after an amount of %q", balance, amount)
	case balance.Minor < 0:
		return fmt.Errorf("a negative balance of %q", balance)
	}
	return nil
}
