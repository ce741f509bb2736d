package view

import (
	"fmt"

	"corebank/internal/bank"
)

// Replacement is one account as the log up to At makes it: its document, and
// all its lines, references and states, oldest first.
type Replacement struct {
	At           int64
	Account      Account
	Transactions []Transaction
	References   []Reference
	States       []State
	// Missing are the postings of the account's records that were left out of
	// the trial balances, the kept ones too, while the document was stale.
	Missing []Posted
}

// Check is nil when everything is of the account, not after At and not after
// the document. A store refuses all others.
func (r Replacement) Check() error {
	var version int64
	for _, line := range r.Transactions {
		if err := r.belongs(fmt.Sprintf("line %d", line.Version), line.Account, line.Version, line.Position); err != nil {
			return err
		}
		if line.Version <= version {
			return fmt.Errorf("line %d of %s does not follow line %d", line.Version, line.Account, version)
		}
		version = line.Version
	}
	for _, reference := range r.References {
		record := reference.Record
		err := r.belongs("reference "+reference.Key, record.Account, record.Version, record.Position)
		if err != nil {
			return err
		}
	}
	for _, state := range r.States {
		a := state.Account
		if err := r.belongs(fmt.Sprintf("state %d", a.Version), a.ID, a.Version, state.Position); err != nil {
			return err
		}
	}
	return nil
}

func (r Replacement) belongs(what string, id bank.AccountID, version, position int64) error {
	if id != r.Account.ID || position > r.At || version > r.Account.Version {
		return fmt.Errorf("%s of %s at position %d does not belong to %s at version %d and position %d",
			what, id, position, r.Account.ID, r.Account.Version, r.At)
	}
	return nil
}
