package view

import (
	"fmt"

	"corebank/internal/bank"
)

// Account is the read model of one account: the fold of its events, as the
// actor has it, and what only the views know.
type Account struct {
	bank.Account
	// Opened is the position of the event that opened the account, 0 for a
	// stream that is no account (yet): documents of those are kept but not
	// listed.
	Opened int64
	// Stale is set while an event of the account could not be folded. An
	// account whose very first event it was has nothing but ID and Stale.
	Stale Stale
}

// Accounts asks for a page of all accounts in the order of their opening,
// newest first. Before (0 is none) is the exclusive bound: the Opened of the
// last account of the page before.
type Accounts struct {
	First  int // 1 to MaxPage
	Before int64
	Filter AccountFilter
}

// AccountFilter narrows accounts. Zero fields do not filter.
type AccountFilter struct {
	Owner    string
	Kind     bank.Kind
	Currency bank.Currency
}

// Check is nil, or wraps ErrBadPage and says what is wrong.
func (a Accounts) Check() error {
	switch {
	case a.First < 1 || a.First > MaxPage:
		return fmt.Errorf("%w: ask for 1 to %d accounts", ErrBadPage, MaxPage)
	case a.Before < 0:
		return fmt.Errorf("%w: before is the place of an account, or 0", ErrBadPage)
	}
	return nil
}

// Passes reports whether the filter lets a document through.
func (f AccountFilter) Passes(a Account) bool {
	return (f.Owner == "" || f.Owner == a.Owner) && (f.Kind == "" || f.Kind == a.Kind) &&
		(f.Currency == "" || f.Currency == a.Currency)
}
