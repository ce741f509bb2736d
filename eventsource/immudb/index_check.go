package immudb

import (
	"context"
	"fmt"
	"strings"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/eventsource/storage"
)

// ErrIndexDamaged reports that immudb's index lacks keys of its transactions. immudb 1.11 gets there when writes to its
// disk failed and it went on. Keys that the index lost count as never written, so that versions and idempotency keys
// would be given twice.
var ErrIndexDamaged error = storage.DamageError("immudb's index is damaged and nothing is written: stop immudb, " +
	"delete the directories index_* of the log's database in its data, start it again so that it builds them again, " +
	"then run corebank audit")

// isIndexDamage recognizes that immudb cannot read its index. The client returns that as a text.
func isIndexDamage(err error) bool {
	for _, text := range []string{"tbtree: error reading required file content", "tbtree: file is corrupted",
		"tbtree: commit log is corrupted"} {
		if err != nil && strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// Bounds of the check: the newest transactions, and as many keys as take a moment.
const (
	indexTransactions = 64
	indexKeys         = 20_000
)

// indexReader is the part of immudb's client that the check uses.
type indexReader interface {
	TxByIDWithSpec(ctx context.Context, r *schema.TxRequest) (*schema.Tx, error)
	GetAll(ctx context.Context, keys [][]byte) (*schema.Entries, error)
}

// checkIndex looks up every key of the newest transactions up to last. These have the head of the log and the heads of
// the streams that were written last. If older keys are lost, an actor that remembers them notices, and so does an
// audit.
func checkIndex(ctx context.Context, from indexReader, last uint64) error {
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

// findAll checks that the index finds each key of a transaction in that transaction or a later one.
func findAll(ctx context.Context, from indexReader, read *schema.Tx, tx uint64) error {
	keys := make([][]byte, 0, len(read.Entries))
	for _, entry := range read.Entries {
		if len(entry.Key) > 1 {
			keys = append(keys, entry.Key[1:]) // after the byte for the kind of key
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
