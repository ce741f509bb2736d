package immudb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// Log keeps the log in one immudb database.
type Log struct {
	*database
	tails tails
	keys  *keyIndexHandle
}

var _ storage.Log = (*Log)(nil)

// NewLog makes a storage that connects when it is first used.
func NewLog(config Config) *Log {
	return &Log{database: newDatabase(config), keys: newKeyIndexHandle(config.StateDir)}
}

// Close ends the session and closes the index of idempotency keys.
func (s *Log) Close(ctx context.Context) error {
	return errors.Join(s.keys.close(), s.end(ctx))
}

// Acquire implements Storage. What takes long, it does before it raises the
// epoch: meanwhile the older writer goes on. ErrIndexDamaged, ErrOldKeys and
// storage.ErrPartition say that this immudb must not be written to.
func (s *Log) Acquire(ctx context.Context) (int64, error) {
	c, err := s.acquire(ctx, func(c client.ImmuClient) error {
		if err := checkKeys(ctx, c); err != nil {
			return s.fault(ctx, c, "look at the keys", err)
		}
		if err := s.takeKeys(ctx, c); err != nil && !errors.Is(err, errKeysInUse) { // in use by whom this fences
			return s.fault(ctx, c, "read what the index of idempotency keys does not have", err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.takeKeys(ctx, c); err != nil {
		return 0, s.fault(ctx, c, "read what the index of idempotency keys does not have", err)
	}
	head, err := readHead(ctx, c)
	if err != nil {
		return 0, s.fault(ctx, c, "read the head", err)
	}
	s.tails.add(head, s.epochTx.Load())
	return head, nil
}

func readHead(ctx context.Context, c client.ImmuClient) (int64, error) {
	last, err := c.Scan(ctx, &schema.ScanRequest{Prefix: []byte(prefixBatch), Desc: true, Limit: 1})
	if err != nil || len(last.Entries) == 0 {
		return 0, err
	}
	var b commitEntry
	if err := json.Unmarshal(last.Entries[0].Value, &b); err != nil {
		return 0, fmt.Errorf("the last commit's entry is damaged: %w", err)
	}
	return b.Last, nil
}

// commitEntry is the value under a batchKey.
type commitEntry struct {
	Last int64 `json:"last"`
}

// Commit implements Storage: one transaction with the records and the commit's
// own entry, on condition that the epoch is still ours and the streams are where
// they are assumed to be. The records' idempotency keys are findable by then.
func (s *Log) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	entries, err := commitEntries(records)
	if err != nil {
		return err
	}
	var noted <-chan error
	if len(assumed) == 0 { // no key is noted for an event that has not the version it would have
		noted = s.keys.note(ctx, records)
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{
		KVs:           entries,
		Preconditions: append(s.stillOurs(), stillThere(assumed)...),
		NoWait:        true, // durable, but not yet indexed: readers wait for the index themselves
	})
	if noted == nil && err == nil {
		noted = s.keys.note(ctx, records)
	}
	if noted != nil {
		if failure := <-noted; failure != nil {
			return failure
		}
	}
	if isPreconditionFailed(err) {
		return s.refused(ctx, assumed)
	}
	if err != nil {
		return s.fault(ctx, c, "commit", err)
	}
	s.keys.committed(stateAfter(header))
	s.saw(header.Id)
	s.tails.add(records[0].Position-1, header.Id)
	return nil
}

// A transaction has room for the largest commit: an entry for each record and one for the commit itself, and as many
// conditions as entries, of which an assumption takes two and the epoch one.
const (
	_ = uint(maxTxEntries - 1 - storage.MaxCommitRecords)
	_ = uint((maxTxEntries-1)/2 - storage.MaxAssumed)
)

// stillThere are the conditions that streams are at these versions: they have
// that event and not the next.
func stillThere(heads storage.Heads) []*schema.Precondition {
	conditions := make([]*schema.Precondition, 0, 2*len(heads))
	for id, version := range heads {
		if version > 0 {
			conditions = append(conditions, schema.PreconditionKeyMustExist(eventKey(id, version)))
		}
		conditions = append(conditions, schema.PreconditionKeyMustNotExist(eventKey(id, version+1)))
	}
	return conditions
}

// refused is why immudb did not commit: an epoch that was raised stays so.
func (s *Log) refused(ctx context.Context, assumed storage.Heads) error {
	if len(assumed) == 0 {
		return storage.ErrFenced
	}
	if err := s.CheckOurs(ctx); err != nil {
		return err
	}
	return storage.ErrHeadMoved
}

func commitEntries(records []contract.Record) ([]*schema.KeyValue, error) {
	first, last := records[0].Position, records[len(records)-1].Position
	value, err := json.Marshal(commitEntry{Last: last})
	if err != nil {
		return nil, err
	}
	entries := make([]*schema.KeyValue, 0, len(records)+1)
	entries = append(entries, &schema.KeyValue{Key: batchKey(first), Value: value})
	for _, r := range records {
		value, err := r.Encode()
		if err != nil {
			return nil, fmt.Errorf("encode %s version %d: %w", r.Account, r.Version, err)
		}
		entries = append(entries, &schema.KeyValue{Key: eventKey(r.Account, r.Version), Value: value})
	}
	return entries, nil
}
