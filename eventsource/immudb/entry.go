package immudb

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// The keys of the log's immudb database. They sort as they count.
//
//	e<account><version>  a record, as JSON; the account's id as its 16 bytes,
//	                     the version as 8, the highest first
//	b/<position>         a commit that begins at position; its value ends it
//	epoch                who writes; every commit requires it unchanged
//	checkpoint           what the relay has published
//	audit                what the last audit found
//	partition            which part of a log this is, if it has several
//	o/<number>           in the order of several partitions: one of its rounds
//
// Those of records are short because much of what a commit costs is to put them
// into immudb's index. Idempotency keys stand in the records alone, and in an
// index of our own (keyIndex). In logs of earlier builds there are also
//
//	k<hash>              the version that carries an idempotency key; 20 bytes of
//	                     SHA-256 over the account and the key
const (
	keyEpoch      = "epoch"
	keyCheckpoint = "checkpoint"
	keyAudit      = "audit"
	prefixBatch   = "b/"
	prefixEvent   = 'e'
	prefixOldKey  = 'k'

	eventKeyLength = 1 + 16 + 8
	oldKeyLength   = 1 + 20
)

// streamPrefix begins the keys of an account's records. The id must be valid.
func streamPrefix(id bank.AccountID) []byte {
	return append([]byte{prefixEvent}, id.Bytes()...)
}

func eventKey(id bank.AccountID, version int64) []byte {
	return binary.BigEndian.AppendUint64(streamPrefix(id), uint64(version))
}

// isEventKey tells the keys of records from those whose names begin with the
// same letter.
func isEventKey(key []byte) bool { return len(key) == eventKeyLength && key[0] == prefixEvent }

func isOldKey(key []byte) bool { return len(key) == oldKeyLength && key[0] == prefixOldKey }

func oldKey(id bank.AccountID, key string) []byte {
	hash := sha256.Sum256([]byte(string(id) + "/" + key))
	return append([]byte{prefixOldKey}, hash[:]...)[:oldKeyLength]
}

// ErrOldKeys says that the log was written when its keys were text. Nothing of it
// would be found under today's keys, so that accounts would be opened again.
var ErrOldKeys error = storage.DamageError("the log was written by a build whose keys this one does not read, " +
	"and nothing is written: go on with that build, or begin another bank in another directory or database")

// oldEventPrefix began the keys of records while they were text, and longer.
const oldEventPrefix = "e/acc_"

// checkKeys fails with ErrOldKeys for a log with records under such keys.
func checkKeys(ctx context.Context, c client.ImmuClient) error {
	found, err := c.Scan(ctx, &schema.ScanRequest{Prefix: []byte(oldEventPrefix), Limit: 1})
	if err != nil {
		return err
	}
	for _, entry := range found.Entries {
		if !isEventKey(entry.Key) {
			return ErrOldKeys
		}
	}
	return nil
}

func batchKey(position int64) []byte { return fmt.Appendf(nil, "%s%015d", prefixBatch, position) }

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
