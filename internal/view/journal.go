package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Journal is what the records of one transaction with several legs come to. Legs that the views do not have, because
// the document of their account is stale, are missing: then there are fewer than Of.
type Journal struct {
	ID bank.JournalID
	// Of is how many legs it has; Legs are their lines of history, in their order, and Numbers their numbers, from 1.
	Of      int
	Legs    []Transaction
	Numbers []int
	// Home is the account that was asked, or "" if its leg is missing. At and Caller are of that leg.
	Home   bank.AccountID
	At     time.Time
	Caller string
	// Reverses is the transaction that it undoes, and ReversedBy the one that undoes it; "" for none.
	Reverses, ReversedBy bank.JournalID
}

// JournalOf folds the records that are filed under a transaction's key, which are in the order of the log. It fails
// with ErrNotFound where there are none.
func JournalOf(id bank.JournalID, records []contract.Record) (Journal, error) {
	j := Journal{ID: id}
	numbers := make(map[int64]int, len(records)) // of the legs, by position
	for _, r := range records {
		event, err := r.Event()
		if err != nil {
			return Journal{}, fmt.Errorf("transaction %s: %w", id, err)
		}
		leg, ok := event.(bank.LegPosted)
		switch {
		case !ok:
		case leg.Journal == id:
			j.take(r, leg)
			numbers[r.Position] = leg.Number
		case leg.Reverses != nil && leg.Reverses.Journal == id:
			j.ReversedBy = leg.Journal
		}
	}
	if j.Of == 0 {
		return Journal{}, fmt.Errorf("transaction %s: %w", id, ErrNotFound)
	}
	slices.SortFunc(j.Legs, func(a, b Transaction) int { return cmp.Compare(numbers[a.Position], numbers[b.Position]) })
	for _, leg := range j.Legs {
		j.Numbers = append(j.Numbers, numbers[leg.Position])
	}
	return j, nil
}

func (j *Journal) take(r contract.Record, leg bank.LegPosted) {
	j.Of, j.Legs = leg.Of, append(j.Legs, *TransactionOf(r, leg))
	if leg.Reverses != nil {
		j.Reverses = leg.Reverses.Journal
	}
	if leg.Home == nil {
		j.Home, j.At, j.Caller = r.Account, r.At, r.Caller
	}
}
