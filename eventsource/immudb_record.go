package eventsource

import (
	"encoding/binary"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// place is where a stored value lies: the account and the version that its key
// names and, where it was read with its commit, its position; else 0.
type place struct {
	account  bank.AccountID
	version  int64
	position int64
}

// eventPlace reads the key of a record.
func eventPlace(key []byte) place {
	if !isEventKey(key) {
		return place{account: contract.NoAccount}
	}
	id := key[1 : eventKeyLength-8]
	return place{account: bank.AccountIDOf([16]byte(id)), version: int64(binary.BigEndian.Uint64(key[eventKeyLength-8:]))}
}

// record is what is stored at the place. A value that is no record, or says that
// it belongs elsewhere, becomes a record that says what is wrong with it and
// that nobody can decode: it stops the account that it belongs to, and nothing
// else.
func (at place) record(value []byte) contract.Record {
	var r contract.Record
	err := contract.Decode(value, &r)
	switch {
	case err != nil:
	case r.Account != at.account || r.Version != at.version:
		err = fmt.Errorf("it says that it is version %d of %q", r.Version, r.Account)
	case at.position != 0 && r.Position != at.position:
		err = fmt.Errorf("it says that it is at position %d", r.Position)
	}
	if err == nil {
		return r
	}
	position := at.position
	if position == 0 {
		position = r.Position
	}
	return contract.Unreadable(position, at.account, at.version, err)
}
