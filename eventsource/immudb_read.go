package eventsource

import (
	"context"
	"fmt"
	"sync"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Reading a stream, most of it comes from an index that may be old, and what is
// newer key by key. immudb scans an index that is on disk: to have the newest, it
// has to write it, all of which it reads and hashes again when it is started. A
// bank whose streams were read a few times a second took ten seconds to be back
// after an hour.
const (
	anyIndex    = 1  // SinceTx: an index that has the first transaction will do
	newestIndex = 0  // SinceTx: all that is committed
	mostSingles = 16 // records that are read key by key, at most
)

// someIndex is how new the index has to be for most of a stream. Before this
// process has taken the log over, there may be no transaction yet.
func (s *Immudb) someIndex() uint64 {
	if s.lastTx.Load() == 0 {
		return newestIndex
	}
	return anyIndex
}

// StreamVersion implements Storage. It looks at the key alone: a value that
// cannot be read has its version all the same.
func (s *Immudb) StreamVersion(ctx context.Context, id bank.AccountID) (int64, error) {
	last := func(since uint64) *schema.ScanRequest {
		return &schema.ScanRequest{Prefix: streamPrefix(id), Desc: true, Limit: 1, SinceTx: since}
	}
	records, err := s.scan(ctx, last(s.someIndex()))
	if err != nil {
		return 0, err
	}
	newer, all, err := s.readSingly(ctx, id, lastVersion(records, 0), mostSingles)
	if err == nil && !all {
		newer, err = s.scan(ctx, last(newestIndex))
	}
	if err != nil {
		return 0, err
	}
	return lastVersion(append(records, newer...), 0), nil
}

// ReadStream implements Storage.
func (s *Immudb) ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error) {
	request := &schema.ScanRequest{Prefix: streamPrefix(id), SeekKey: eventKey(id, after+1), InclusiveSeek: true,
		Limit: uint64(limit), SinceTx: s.someIndex()}
	records, err := s.scan(ctx, request)
	if err != nil || len(records) == limit {
		return records, err
	}
	newer, all, err := s.readSingly(ctx, id, lastVersion(records, after), min(mostSingles, limit-len(records)))
	if err != nil {
		return nil, err
	}
	records = append(records, newer...)
	if all || len(records) == limit {
		return records, nil
	}
	request.SinceTx = newestIndex
	return s.scan(ctx, request)
}

// lastVersion is the version of the last record; before, if there is none.
func lastVersion(records []contract.Record, before int64) int64 {
	if len(records) == 0 {
		return before
	}
	return records[len(records)-1].Version
}

// readSingly reads the records of a stream after a version, up to most of them,
// and reports whether that is all.
func (s *Immudb) readSingly(ctx context.Context, id bank.AccountID, after int64, most int) (records []contract.Record, all bool, err error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, false, err
	}
	for len(records) < most {
		key := eventKey(id, after+int64(len(records))+1)
		entry, err := c.Get(ctx, key)
		if isNotFound(err) {
			return records, true, nil
		}
		if err != nil {
			return nil, false, s.fault(ctx, c, "read an event by key", err)
		}
		records = append(records, eventPlace(key).record(entry.Value))
	}
	return records, false, nil
}

// scan reads records by key.
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

// ReadAll implements Storage. It finds the transaction that holds the first
// record, by the tails that it remembers or by the commits' entries, and reads
// on from there.
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
	for reader := (txReader{next: tx, last: last}); reader.next <= last && len(records) < limit; {
		read, err := reader.read(ctx, c, limit-len(records))
		if err != nil {
			return nil, s.fault(ctx, c, "read transactions", err)
		}
		for i := 0; i < len(read) && len(records) < limit; i++ {
			more, err := recordsOf(read[i], after)
			if err != nil {
				return nil, fmt.Errorf("immudb: transaction %d: %w", read[i].Header.Id, err)
			}
			records, tx = append(records, more...), read[i].Header.Id+1
		}
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
func (s *database) lastDurable(ctx context.Context, c client.ImmuClient) (uint64, error) {
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

// find is a transaction with which, or after which, the records after a position
// begin: at most contract.MaxReadRecords records later.
func (t *tails) find(after int64) (tx uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tx, ok = t.known[after]; ok {
		return tx, true
	}
	nearest := after - contract.MaxReadRecords
	for tail, from := range t.known {
		if nearest <= tail && tail <= after {
			nearest, tx, ok = tail, from, true
		}
	}
	return tx, ok
}
