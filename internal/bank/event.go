package bank

import (
	"errors"
	"fmt"
	"time"
)

// Event is a fact about one account. The set is closed: each is in the file of
// its noun. Their stored names and schema versions are in package contract.
type Event interface {
	// PostingLines are the double entry of the event; they sum to zero. Events
	// that move no money have none.
	PostingLines() []Posting
	// Entry is what the event adds to its account's history, and false for events that move no money.
	Entry() (Entry, bool)
	// Subjects are the ids that the event is filed under. before is the account before it.
	Subjects(before Account) []string
	// apply is the account after the event, which happened at a time. Version
	// and ChangedAt are set already.
	apply(a Account, at time.Time) Account
	// validate is nil for an event that says all that its kind must say.
	validate() error
	// conflictsWith names the inputs in which a command differs from the one that
	// made the event, or is wrongKind.
	conflictsWith(c Command) []string
}

// nonMonetary is embedded by events that move no money.
type nonMonetary struct{}

// PostingLines are none: no money moves.
func (nonMonetary) PostingLines() []Posting { return nil }

// Entry is none: the account's history is about money.
func (nonMonetary) Entry() (Entry, bool) { return Entry{}, false }

// Movement is the money part of an event that changes the balance. Amount is
// positive; Balance is the account's balance after it.
type Movement struct {
	Amount   Money     `json:"amount"`
	Balance  Money     `json:"balance"`
	Postings []Posting `json:"postings"`
}

// PostingLines are the double entry of the movement.
func (m Movement) PostingLines() []Posting { return m.Postings }

func (m Movement) validate() error {
	switch {
	case m.Amount.Currency == "" || !m.Amount.Positive():
		return fmt.Errorf("an amount of %q, which is not positive", m.Amount)
	case m.Balance.Currency != m.Amount.Currency:
		return fmt.Errorf("a balance of %q after an amount of %q", m.Balance, m.Amount)
	}
	return nil
}

// CheckEvent is nil for an event that says all that its kind must say, and
// otherwise tells what is missing or makes no sense. It asks nothing of today's
// rules, which history need not obey; a currency, for one, may have been
// withdrawn since.
func CheckEvent(e Event) error {
	if e == nil {
		return errors.New("nothing")
	}
	return e.validate()
}

// Conflicts names the input fields in which a command differs from the one
// that made an event. None means that the command is the same request again.
func Conflicts(e Event, c Command) []string { return e.conflictsWith(c) }

// wrongKind is the difference between requests of two kinds.
func wrongKind() []string { return []string{"mutation"} }

type field struct {
	name        string
	conflicting bool
}

func conflicts(fields ...field) []string {
	var names []string
	for _, f := range fields {
		if f.conflicting {
			names = append(names, f.name)
		}
	}
	return names
}
