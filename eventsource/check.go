package eventsource

import (
	"encoding/json"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// checkAppend holds an append against the bounds and the order that the log
// needs. What passes can be stored, whatever else is wrong with it: one append
// never fails the commit of others.
func checkAppend(a contract.Append) error {
	if !a.Account.Valid() {
		return fmt.Errorf("%q is not an account id", a.Account)
	}
	if n := len(a.Records); n == 0 || n > contract.MaxAppendEvents {
		return fmt.Errorf("an append has 1 to %d records, not %d", contract.MaxAppendEvents, n)
	}
	if a.ExpectedVersion < 0 || a.ExpectedVersion > maxVersion {
		return fmt.Errorf("version %d cannot be: want 0 to %d", a.ExpectedVersion, int64(maxVersion))
	}
	keys := make(map[string]bool, len(a.Records))
	for i, r := range a.Records {
		if r.Account != a.Account || r.Version != a.ExpectedVersion+int64(i)+1 {
			return fmt.Errorf("record %d of %s is not version %d of %s", i, r.Account, a.ExpectedVersion+int64(i)+1, a.Account)
		}
		if keys[r.Key] {
			return fmt.Errorf("record %d has the key %q, which another has", i, r.Key)
		}
		keys[r.Key] = true
		if r.After != nil && r.After.Position < 1 {
			return fmt.Errorf("record %d comes after position %d", i, r.After.Position)
		}
		if err := checkRecord(r); err != nil {
			return fmt.Errorf("record %d %w", i, err)
		}
	}
	return nil
}

// maxVersion is the greatest version that a stream's keys can count, less one
// append.
const maxVersion = 1e12 - 1 - contract.MaxAppendEvents

// checkRecord holds what of a record is stored as it comes against its bounds.
// What the event means is for those who read it.
func checkRecord(r contract.Record) error {
	size := len(r.Data) + len(r.Type) + len(r.Key) + len(r.Caller) + len(r.RequestHash)
	if len(r.Data) == 0 || size > contract.MaxRecordBytes {
		return fmt.Errorf("has %d bytes and %d of data; want some data and at most %d bytes", size, len(r.Data), contract.MaxRecordBytes)
	}
	if !json.Valid(r.Data) {
		return fmt.Errorf("has data that is no JSON")
	}
	if refusal := bank.CheckStoredKey(r.Key); refusal != nil {
		return fmt.Errorf("has no idempotency key that can be kept: %s", refusal.Message)
	}
	return nil
}
