package eventsource

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"corebank/internal/contract"
)

// txReader reads transactions one after the other. Small ones come many in one
// call: a log that was written by few clients at a time has as many
// transactions as records.
type txReader struct {
	next, last uint64
	asked      int // transactions in the last call; 0 before the first
	found      int // entries in the last call
}

// txsAtOnce bounds the transactions of one call.
const txsAtOnce = 256

// rawValues asks for entries as they are stored.
var rawValues = &schema.EntriesSpec{KvEntriesSpec: &schema.EntryTypeSpec{Action: schema.EntryTypeAction_RAW_VALUE}}

// read reads the next transactions, as many as may hold so many records, but at
// least one.
func (r *txReader) read(ctx context.Context, c client.ImmuClient, wanted int) ([]*schema.Tx, error) {
	n := r.guess(wanted)
	read, err := r.many(ctx, c, n)
	if n > 1 && status.Code(err) == codes.ResourceExhausted { // they are larger than those before
		n = 1
		read, err = r.many(ctx, c, n)
	}
	if err != nil {
		return nil, err
	}
	if len(read) == 0 {
		return nil, fmt.Errorf("transaction %d is not there", r.next)
	}
	r.asked, r.found = len(read), 0
	for _, tx := range read {
		r.found += len(tx.Entries)
	}
	r.next = read[len(read)-1].Header.Id + 1
	return read, nil
}

// guess is how many transactions to ask for: more from call to call, and no more
// than have the records, if they are like the last.
func (r *txReader) guess(wanted int) uint64 {
	if r.asked == 0 {
		return 1
	}
	enough := 1 + wanted*r.asked/max(1, r.found)
	return min(uint64(min(4*r.asked, enough, txsAtOnce)), r.last-r.next+1)
}

func (r *txReader) many(ctx context.Context, c client.ImmuClient, n uint64) ([]*schema.Tx, error) {
	if n == 1 {
		tx, err := c.TxByIDWithSpec(ctx, &schema.TxRequest{Tx: r.next, KeepReferencesUnresolved: true, EntriesSpec: rawValues})
		return []*schema.Tx{tx}, err
	}
	// The entries need no index: since transaction 1 means not to wait for it.
	list, err := c.TxScan(ctx, &schema.TxScanRequest{InitialTx: r.next, Limit: uint32(n), EntriesSpec: rawValues, SinceTx: 1})
	return list.GetTxs(), err
}

// recordsOf are the records after a position that a transaction holds. Keys and
// values of plain entries stand behind one byte that tells their kind. A
// commit's own entry, which comes first, tells the position of its first
// record; what no commit announced is not in the log.
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
