package view

import "fmt"

// Replacement is one account as the log up to At makes it: its document, and
// all its lines, oldest first.
type Replacement struct {
	At           int64
	Account      Account
	Transactions []Transaction
}

// Check is nil when every line is of the account, not after At and not after
// the document. A store refuses all others.
func (r Replacement) Check() error {
	var version int64
	for _, line := range r.Transactions {
		if line.Account != r.Account.ID || line.Position > r.At || line.Version > r.Account.Version {
			return fmt.Errorf("line %d of %s at position %d does not belong to %s at version %d and position %d",
				line.Version, line.Account, line.Position, r.Account.ID, r.Account.Version, r.At)
		}
		if line.Version <= version {
			return fmt.Errorf("line %d of %s does not follow line %d", line.Version, line.Account, version)
		}
		version = line.Version
	}
	return nil
}
