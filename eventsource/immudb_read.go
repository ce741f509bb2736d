package eventsource

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// StreamVersion implements Storage. It looks at the key alone: a value that
// cannot be read has its version all the same.
func (s *Immudb) StreamVersion(ctx context.Context, id bank.AccountID) (int64, error) {
	records, err := s.scan(ctx, &schema.ScanRequest{
		Prefix: streamPrefix(id), Desc: true, Limit: 1,
	})
	if err != nil || len(records) == 0 {
		return 0, err
	}
	return records[0].Version, nil
}

// ReadStream implements Storage.
func (s *Immudb) ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error) {
	return s.scan(ctx, &schema.ScanRequest{
		Prefix: streamPrefix(id), SeekKey: eventKey(id, after+1),
		InclusiveSeek: true, Limit: uint64(limit),
	})
}

// scan reads records by key. immudb answers it from an index that includes
// every transaction committed before the call.
func (s *Immudb) scan(ctx context.Context, request *schema.ScanRequest) ([]contract.Record, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.Scan(ctx, request)
	if err != nil {
		return nil, s.fault(ctx, c, "scan", err)
	}
	records := make([]contract.Record, len(found.Entries))
	for i, entry := range found.Entries {
		records[i] = eventPlace(entry.Key).record(entry.Value)
	}
	return records, nil
}

// FindKeys implements Storage.
func (s *Immudb) FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	wanted := make([][]byte, len(keys))
	for i, key := range keys {
		wanted[i] = idempotencyKey(id, key)
	}
	versions, err := getAll(ctx, c, wanted)
	if err != nil {
		return nil, s.fault(ctx, c, "find keys", err)
	}
	events := make([][]byte, len(versions))
	for i, entry := range versions {
		version, err := strconv.ParseInt(string(entry.Value), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("a stored idempotency key is damaged: %w", err)
		}
		events[i] = eventKey(id, version)
	}
	entries, err := getAll(ctx, c, events)
	if err != nil {
		return nil, s.fault(ctx, c, "read events by key", err)
	}
	records := make([]contract.Record, len(entries))
	for i, entry := range entries {
		records[i] = eventPlace(entry.Key).record(entry.Value)
	}
	return records, nil
}

// getAll reads the entries that exist, as of now.
func getAll(ctx context.Context, c client.ImmuClient, keys [][]byte) ([]*schema.Entry, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	found, err := c.GetAll(ctx, keys)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return found.Entries, nil
}

// ReadAll implements Storage. It finds the transaction that holds the first
// record, by the tails that it remembers or by the commits' entries, and reads
// on from there transaction by transaction.
func (s *Immudb) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	tx, known := s.tails.find(after)
	if !known {
		if tx, err = findCommit(ctx, c, after+1); err != nil {
			return nil, s.fault(ctx, c, "find a commit", err)
		}
		if tx == 0 {
			return nil, nil
		}
	}
	last, err := s.lastDurable(ctx, c)
	if err != nil {
		return nil, s.fault(ctx, c, "read the state", err)
	}
	var records []contract.Record
	for ; tx <= last && len(records) < limit; tx++ {
		read, err := readTx(ctx, c, tx, after)
		if err != nil {
			return nil, s.fault(ctx, c, "read a transaction", err)
		}
		records = append(records, read...)
	}
	if len(records) > limit { // the rest of the last one is read again
		records, tx = records[:limit], tx-1
	}
	if len(records) > 0 {
		s.tails.add(records[len(records)-1].Position, tx)
	}
	return records, nil
}

// lastDurable is the last transaction to read; asked of immudb, each time, when this
// process has not written one.
func (s *Immudb) lastDurable(ctx context.Context, c client.ImmuClient) (uint64, error) {
	if last := s.lastTx.Load(); last != 0 {
		return last, nil
	}
	state, err := c.CurrentState(ctx)
	if err != nil {
		return 0, err
	}
	return state.TxId, nil
}

// findCommit is the transaction that holds position; 0 when there is none yet.
func findCommit(ctx context.Context, c client.ImmuClient, position int64) (uint64, error) {
	found, err := c.Scan(ctx, &schema.ScanRequest{
		Prefix: []byte(prefixBatch), SeekKey: batchKey(position), InclusiveSeek: true, Desc: true, Limit: 1,
	})
	if err != nil || len(found.Entries) == 0 {
		return 0, err
	}
	return found.Entries[0].Tx, nil
}

// readTx reads the records after a position that one transaction holds. Keys
// and values of plain entries stand behind one byte that tells their kind. A
// commit's own entry, which comes first, tells the position of its first
// record; what no commit announced is not in the log.
func readTx(ctx context.Context, c client.ImmuClient, tx uint64, after int64) ([]contract.Record, error) {
	read, err := c.TxByIDWithSpec(ctx, &schema.TxRequest{Tx: tx, KeepReferencesUnresolved: true,
		EntriesSpec: &schema.EntriesSpec{KvEntriesSpec: &schema.EntryTypeSpec{Action: schema.EntryTypeAction_RAW_VALUE}}})
	if err != nil {
		return nil, err
	}
	var records []contract.Record
	next := int64(0)
	for _, entry := range read.Entries {
		key := entry.Key[min(1, len(entry.Key)):]
		position, isBatch := strings.CutPrefix(string(key), prefixBatch)
		switch {
		case isBatch:
			if next, err = strconv.ParseInt(position, 10, 64); err != nil {
				return nil, fmt.Errorf("a commit's entry is damaged: %w", err)
			}
		case next > 0 && isEventKey(key) && len(entry.Value) > 0:
			at := eventPlace(key)
			at.position = next
			next++
			if at.position > after {
				records = append(records, at.record(entry.Value[1:]))
			}
		}
	}
	return records, nil
}

// tails remembers, for the readers that follow the log, from which
// transaction on to look for the records after a position.
type tails struct {
	mu    sync.Mutex
	known map[int64]uint64
	order []int64 // oldest first; at most tailsKept
}

const tailsKept = 1024

func (t *tails) add(after int64, tx uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = make(map[int64]uint64, tailsKept)
	}
	if _, ok := t.known[after]; !ok {
		if len(t.order) == tailsKept {
			delete(t.known, t.order[0])
			t.order = t.order[1:]
		}
		t.order = append(t.order, after)
	}
	t.known[after] = tx
}

func (t *tails) find(after int64) (uint64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tx, ok := t.known[after]
	return tx, ok
}
