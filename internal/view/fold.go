package view

import (
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Effect is what a record does beside changing its account's document.
type Effect struct {
	// Line is what it adds to the account's history; nil for events that move
	// no money.
	Line *Transaction
	// Subjects are the ids that it is filed under.
	Subjects []string
	// State is the account after it, where that is kept; nil elsewhere.
	State *State
	// Postings are its part of the trial balance.
	Postings []bank.Posting
}

// Fold is the account's document after the record, and what else the record
// does. The record must be the next of its account.
func Fold(a Account, r contract.Record) (Account, Effect, error) {
	if r.Version != a.Version+1 {
		return a, Effect{}, fmt.Errorf("view of %s is at version %d and cannot take version %d",
			r.Account, a.Version, r.Version)
	}
	event, err := r.Event()
	if err != nil {
		return a, Effect{}, err
	}
	if _, opening := event.(bank.AccountOpened); opening {
		a.Opened = r.Position
	}
	a.ID = r.Account
	subjects := event.Subjects(a.Account)
	a.Account = a.Apply(event, r.At)
	effect := Effect{Line: TransactionOf(r, event), Subjects: subjects, Postings: event.PostingLines()}
	if a.Version%StateInterval == 0 {
		effect.State = &State{Account: a.Summary(), Position: r.Position}
	}
	return a, effect, nil
}
