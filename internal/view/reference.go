package view

import (
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// MaxReferences bounds the records that are read for one thing.
const MaxReferences = 1000

// Reference files a record under a thing that it is about, beside its account: a
// transfer, a hold, a transaction that was reversed. What became of the thing
// is the fold of its records.
type Reference struct {
	Key    string
	Record contract.Record
}

// TransferKey is where the records of a transfer are filed: its own, and of
// those that pay it back the sending and the arrival.
func TransferKey(id bank.TransferID) string { return string(id) }

// HoldKey is where the records of a hold are filed: from its placing to its
// end.
func HoldKey(id bank.AccountID, version int64) string { return fmt.Sprintf("%s/hold/%d", id, version) }

// ReversalKey is where the reversals of a transaction are filed: of a transfer
// that pays it back, the sending and, if it failed, the return.
func ReversalKey(id bank.AccountID, version int64) string {
	return fmt.Sprintf("%s/reversal/%d", id, version)
}

// ReferencesOf files a record under each of its keys.
func ReferencesOf(r contract.Record, keys []string) []Reference {
	links := make([]Reference, len(keys))
	for i, key := range keys {
		links[i] = Reference{Key: key, Record: r}
	}
	return links
}
