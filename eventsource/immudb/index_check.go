package immudb

import (
	"context"
	"fmt"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/eventsource/storage"
)

// ErrIndexDamaged says that immudb does not find by its keys what its
// transactions hold. immudb 1.11 gets there when writes to its disk failed and
// it went on: what its index lost counts as never written, so that versions and
// idempotency keys would be given twice.
var ErrIndexDamaged error = storage.DamageError("immudb's index is damaged and nothing is written: stop immudb, " +
	"delete the directories index_* of the log's database in its data, start it again so that it makes them anew, " +
	"then run corebank audit")

// Bounds of looking at the index: the newest transactions, and as many keys as
// take a moment.
const (
	indexTransactions = 64
	indexKeys         = 20_000
)

// indexed is what the check asks of immudb's client.
type indexed interface {
	TxByIDWithSpec(ctx context.Context, r *schema.TxRequest) (*schema.Tx, error)
	GetAll(ctx context.Context, keys [][]byte) (*schema.Entries, error)
}

// checkIndex asks the index for every key of the newest transactions up to
// last, which hold the head of the log, those of the streams that were written
// last, and their idempotency keys. That older keys are lost, an actor notices
// that remembers them, and an audit.
func checkIndex(ctx context.Context, from indexed, last uint64) error {
	asked := 0
	for tx := last; tx > 0 && last-tx < indexTransactions && asked < indexKeys; tx-- {
		read, err := from.TxByIDWithSpec(ctx, &schema.TxRequest{Tx: tx, KeepReferencesUnresolved: true,
			EntriesSpec: &schema.EntriesSpec{KvEntriesSpec: &schema.EntryTypeSpec{Action: schema.EntryTypeAction_ONLY_DIGEST}}})
		if err != nil {
			return err
		}
		asked += len(read.Entries)
		if err := findAll(ctx, from, read, tx); err != nil {
			return err
		}
	}
	return nil
}

// findAll finds each key of a transaction as it was written there, or later.
func findAll(ctx context.Context, from indexed, read *schema.Tx, tx uint64) error {
	keys := make([][]byte, 0, len(read.Entries))
	for _, entry := range read.Entries {
		if len(entry.Key) > 1 {
			keys = append(keys, entry.Key[1:]) // behind the byte that tells its kind
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := from.GetAll(ctx, keys)
	if err != nil && !isNotFound(err) {
		return err
	}
	newest := make(map[string]uint64, len(keys))
	for _, entry := range found.GetEntries() {
		newest[string(entry.Key)] = entry.Tx
	}
	for _, key := range keys {
		if newest[string(key)] < tx {
			return fmt.Errorf("%w (transaction %d of %q is not found)", ErrIndexDamaged, tx, key)
		}
	}
	return nil
}
