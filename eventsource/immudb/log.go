package immudb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

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
	drift drift
}

var _ storage.Log = (*Log)(nil)

// NewLog makes a storage that connects when it is first used.
func NewLog(config Config) *Log {
	return &Log{database: newDatabase(config), keys: newKeyIndexHandle(config)}
}

// Close ends the session and closes the index of idempotency keys.
func (s *Log) Close(ctx context.Context) error {
	return errors.Join(s.keys.close(), s.end(ctx))
}

// Acquire implements storage.Log. It does the slow work before it raises the epoch, so that the older writer can go on
// meanwhile. ErrIndexDamaged, ErrOldKeys and storage.ErrPartition mean that this database must not be written to.
func (s *Log) Acquire(ctx context.Context) (int64, error) {
	c, err := s.acquire(ctx, func(c client.ImmuClient) error {
		if err := checkKeys(ctx, c); err != nil {
			return s.fault(ctx, c, "check the keys", err)
		}
		// If the writer that is about to be fenced has the index open, it is read after that.
		if err := s.updateKeyIndex(ctx, c); err != nil && !errors.Is(err, errKeysInUse) {
			return s.fault(ctx, c, "update the index of idempotency keys", err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.updateKeyIndex(ctx, c); err != nil {
		return 0, s.fault(ctx, c, "update the index of idempotency keys", err)
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

// Commit implements storage.Log. One transaction has the records and the commit's own entry, on condition that the
// epoch is still ours and the streams are at the assumed versions. When Commit returns, the index has the idempotency
// keys.
func (s *Log) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	began := time.Now()
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	entries, err := commitEntries(records)
	if err != nil {
		return err
	}
	// The index may have keys of records that are not committed, but not for a version that another event has. So keys
	// are added during the commit only if no version is assumed.
	var indexed <-chan error
	if len(assumed) == 0 {
		indexed = s.keys.add(ctx, records)
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{
		KVs:           entries,
		Preconditions: append(s.epochUnchanged(), headsUnchanged(assumed)...),
		NoWait:        true, // returns when durable, before immudb has indexed it: readers wait for its index themselves
	})
	if indexed == nil && err == nil {
		indexed = s.keys.add(ctx, records)
	}
	if indexed != nil {
		if failure := <-indexed; failure != nil {
			return failure
		}
	}
	if isPreconditionFailed(err) {
		return s.whyRefused(ctx, assumed)
	}
	if err != nil {
		return s.fault(ctx, c, "commit", err)
	}
	s.drift.note(header.Ts, time.Now(), slog.Default())
	s.keys.committed(stateAfter(header))
	s.noteDurable(header.Id)
	s.noteOurs(began)
	s.tails.add(records[0].Position-1, header.Id)
	return nil
}

// A transaction has room for the largest commit: an entry for each record and one for the commit itself, and as many
// conditions as entries, of which an assumption takes two and the epoch one.
const (
	_ = uint(maxTxEntries - 1 - storage.MaxCommitRecords)
	_ = uint((maxTxEntries-1)/2 - storage.MaxAssumed)
)

// headsUnchanged are the conditions that streams are at these versions: each has that event and not the next.
func headsUnchanged(heads storage.Heads) []*schema.Precondition {
	conditions := make([]*schema.Precondition, 0, 2*len(heads))
	for id, version := range heads {
		if version > 0 {
			conditions = append(conditions, schema.PreconditionKeyMustExist(eventKey(id, version)))
		}
		conditions = append(conditions, schema.PreconditionKeyMustNotExist(eventKey(id, version+1)))
	}
	return conditions
}

// whyRefused is why immudb refused a commit. The epoch is checked first: one that was raised stays raised.
func (s *Log) whyRefused(ctx context.Context, assumed storage.Heads) error {
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
