package bank

import "strconv"

// Views file an event under the things that it is about beside its account: a transfer, a hold, a transaction that was
// reversed. What became of the thing is the fold of its events. The ids are stored in views and never change.

// TransferSubject is the id of a transfer. Its own events are filed there, and of those that pay it back the sending
// and the arrival.
func TransferSubject(id TransferID) string { return string(id) }

// JournalSubject is the id of a transaction with several legs. Its legs are filed there, and those that undo them.
func JournalSubject(id JournalID) string { return string(id) }

// HoldSubject is the id of a hold. Its events are filed there, from its placing to its end.
func HoldSubject(id AccountID, version int64) string {
	return string(id) + "/hold/" + strconv.FormatInt(version, 10)
}

// ReversalSubject is the id of what was reversed of a transaction. The reversals are filed there: of a transfer that
// pays it back, the sending and, if it failed, the return.
func ReversalSubject(id AccountID, version int64) string {
	return string(id) + "/reversal/" + strconv.FormatInt(version, 10)
}

// accountOnly is embedded by events that are about nothing but their account.
type accountOnly struct{}

// Subjects are none.
func (accountOnly) Subjects(Account) []string { return nil }
