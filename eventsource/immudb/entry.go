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

// The keys of the log's immudb database. They sort in the order of their numbers.
//
//	e<account><version>  a record, as JSON; the account's id as its 16 bytes, the version as 8, the highest first
//	b/<position>         a commit whose first record is at position; its value has the last position
//	epoch                which process writes; every commit requires it unchanged
//	checkpoint           what the relay has published
//	audit                the result of the last audit
//	partition            which part of a log this is, if the log has several
//	copies               the disks that count when another machine takes over, of a log on several
//	log                  what tells this log, or partition, from every other one; a log of an earlier build gets it later
//	shown                when an event source last showed that the log is its own, if nothing else did
//	o/<number>           in a sequence log: one of its cuts
//
// The keys of records are short because a large part of a commit's cost is adding them to immudb's index. Idempotency
// keys are only in the records, and in an index of our own (keyIndex). In logs of earlier builds there are also
//
//	k<hash>              the version that carries an idempotency key; 20 bytes of SHA-256 over the account and the key
const (
	keyEpoch      = "epoch"
	keyCheckpoint = "checkpoint"
	keyAudit      = "audit"
	keyPartition  = "partition"
	keyLog        = "log"
	keyMembers    = "copies"
	keyShown      = "shown"
	prefixBatch   = "b/"
	prefixEvent   = 'e'
	prefixOldKey  = 'k'

	eventKeyLength = 1 + 16 + 8
	oldKeyLength   = 1 + 20
)

// streamPrefix is the prefix of the keys of an account's records. The id must be valid.
func streamPrefix(id bank.AccountID) []byte {
	return append([]byte{prefixEvent}, id.Bytes()...)
}

func eventKey(id bank.AccountID, version int64) []byte {
	return binary.BigEndian.AppendUint64(streamPrefix(id), uint64(version))
}

// isEventKey recognizes the keys of records; other keys begin with the same letter.
func isEventKey(key []byte) bool { return len(key) == eventKeyLength && key[0] == prefixEvent }

func isOldKey(key []byte) bool { return len(key) == oldKeyLength && key[0] == prefixOldKey }

func oldKey(id bank.AccountID, key string) []byte {
	hash := sha256.Sum256([]byte(string(id) + "/" + key))
	return append([]byte{prefixOldKey}, hash[:]...)[:oldKeyLength]
}

// ErrOldKeys reports that the log was written when its keys were text. None of its records would be found under today's
// keys, so that accounts would be opened again.
var ErrOldKeys error = storage.DamageError("the log was written by a build whose keys this one does not read, " +
	"and nothing is written: go on with that build, or begin another bank in another directory or database")

// oldEventPrefix was the prefix of the keys of records while they were text.
const oldEventPrefix = "e/acc_"

// checkKeys fails with ErrOldKeys for a log that has records under such keys.
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

// location is what is known of a stored record besides its value: the account and the version that its key names and,
// if it was read with its commit, its position; otherwise 0.
type location struct {
	account  bank.AccountID
	version  int64
	position int64
}

// locationOf reads the key of a record.
func locationOf(key []byte) location {
	if !isEventKey(key) {
		return location{account: contract.NoAccount}
	}
	id := key[1 : eventKeyLength-8]
	version := int64(binary.BigEndian.Uint64(key[eventKeyLength-8:]))
	return location{account: bank.AccountIDOf([16]byte(id)), version: version}
}

// decode reads the value at a location. A value that is not a record, or belongs to another location, becomes a record
// that says what is wrong with it and that cannot be decoded: it stops its account, and no other.
func (at location) decode(value []byte) contract.Record {
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
