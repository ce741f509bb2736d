package immudb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"corebank/internal/contract"
)

// txReader reads transactions in order. It reads many small ones in one call: a log that was written by few clients at
// a time has as many transactions as records.
type txReader struct {
	next, last uint64
	asked      int // transactions in the last call; 0 before the first
	found      int // entries in the last call
}

// txsAtOnce bounds the transactions of one call.
const txsAtOnce = 256

// rawValues asks for entries as they are stored.
var rawValues = &schema.EntriesSpec{KvEntriesSpec: &schema.EntryTypeSpec{Action: schema.EntryTypeAction_RAW_VALUE}}

// read reads the next transactions: as many as are likely to have the wanted number of records, but at least one.
func (r *txReader) read(ctx context.Context, c client.ImmuClient, wanted int) ([]*schema.Tx, error) {
	n := r.guess(wanted)
	read, err := r.many(ctx, c, n)
	if n > 1 && status.Code(err) == codes.ResourceExhausted { // they are larger than the transactions before
		n = 1
		read, err = r.many(ctx, c, n)
	}
	if err != nil {
		return nil, err
	}
	if len(read) == 0 {
		return nil, fmt.Errorf("transaction %d is missing", r.next)
	}
	r.asked, r.found = len(read), 0
	for _, tx := range read {
		r.found += len(tx.Entries)
	}
	r.next = read[len(read)-1].Header.Id + 1
	return read, nil
}

// guess is how many transactions to ask for: more with each call, but no more than have the wanted records if they are
// like the last ones.
func (r *txReader) guess(wanted int) uint64 {
	if r.asked == 0 {
		return 1
	}
	enough := 1 + wanted*r.asked/max(1, r.found)
	return min(uint64(min(4*r.asked, enough, txsAtOnce)), r.last-r.next+1)
}

func (r *txReader) many(ctx context.Context, c client.ImmuClient, n uint64) ([]*schema.Tx, error) {
	if n == 1 {
		tx, err := c.TxByIDWithSpec(ctx,
			&schema.TxRequest{Tx: r.next, KeepReferencesUnresolved: true, EntriesSpec: rawValues})
		return []*schema.Tx{tx}, err
	}
	// The entries need no index. SinceTx 1 means not to wait for it.
	list, err := c.TxScan(ctx,
		&schema.TxScanRequest{InitialTx: r.next, Limit: uint32(n), EntriesSpec: rawValues, SinceTx: 1})
	return list.GetTxs(), err
}

// recordsOf are the records of a transaction after a position. In an entry, one byte for its kind comes before the key
// and before the value. The commit's own entry comes first and has the position of its first record; records without
// such an entry before them are not in the log.
func recordsOf(tx *schema.Tx, after int64) (records []contract.Record, err error) {
	next := int64(0)
	for _, entry := range tx.Entries {
		key := entry.Key[min(1, len(entry.Key)):]
		position, isBatch := strings.CutPrefix(string(key), prefixBatch)
		switch {
		case isBatch:
			if next, err = strconv.ParseInt(position, 10, 64); err != nil {
				return nil, fmt.Errorf("a commit's entry is damaged: %w", err)
			}
		case next > 0 && isEventKey(key) && len(entry.Value) > 0:
			at := locationOf(key)
			at.position = next
			next++
			if at.position > after {
				records = append(records, at.decode(entry.Value[1:]))
			}
		}
	}
	return records, nil
}

// ReadAll implements storage.Log. It finds the transaction that has the first record, by the tails that it remembers or
// by the entries of commits, and reads on from there.
func (s *Log) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
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
	if len(records) > limit { // the rest of the last transaction is read again by the next call
		records, tx = records[:limit], tx-1
	}
	if len(records) > 0 {
		s.tails.add(records[len(records)-1].Position, tx)
	}
	return records, nil
}

// lastDurable is the last transaction to read. While this process has not written any, it asks immudb each time.
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

// findCommit is the transaction that has a position, or 0 if there is none yet.
func findCommit(ctx context.Context, c client.ImmuClient, position int64) (uint64, error) {
	found, err := c.Scan(ctx, &schema.ScanRequest{
		Prefix: []byte(prefixBatch), SeekKey: batchKey(position), InclusiveSeek: true, Desc: true, Limit: 1,
	})
	if err != nil || len(found.Entries) == 0 {
		return 0, err
	}
	return found.Entries[0].Tx, nil
}

// tails remembers, for readers that follow the log, in which transaction to begin to look for the records after a
// position.
type tails struct {
	mu     sync.Mutex
	known  map[int64]uint64 // transactions by position
	oldest []int64          // positions, the oldest first; at most tailsKept
}

const tailsKept = 1024

func (t *tails) add(after int64, tx uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = make(map[int64]uint64, tailsKept)
	}
	if _, ok := t.known[after]; !ok {
		if len(t.oldest) == tailsKept {
			delete(t.known, t.oldest[0])
			t.oldest = t.oldest[1:]
		}
		t.oldest = append(t.oldest, after)
	}
	t.known[after] = tx
}

// find is a transaction in or after which the records after a position begin, at most contract.MaxReadRecords records
// later.
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
