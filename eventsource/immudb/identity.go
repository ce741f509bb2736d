package immudb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/storage"
)

// LogID implements storage.Log and storage.SequenceLog. It is "" before the first Acquire.
func (s *database) LogID(ctx context.Context) (id string, err error) {
	_, err = s.load(ctx, keyLog, &id)
	return id, err
}

// firstEntries are what is written together with an epoch and never again: the partition, into a new database, and the
// id of the log.
func (s *database) firstEntries(
	ctx context.Context, c client.ImmuClient, isNew bool,
) (entries []*schema.KeyValue, err error) {
	add := func(key string, v any) {
		value, failure := json.Marshal(v)
		if err == nil {
			err = failure
		}
		entries = append(entries, &schema.KeyValue{Key: []byte(key), Value: value})
	}
	if isNew {
		if s.config.Partition.Of > 0 {
			add(keyPartition, s.config.Partition)
		}
		add(keyLog, rand.Text())
		if s.config.Machines != nil {
			if members := s.config.Machines.found(); members.Known() {
				add(keyMembers, members)
			}
		}
		return entries, err
	}
	if id, err := s.LogID(ctx); err != nil || id != "" {
		return nil, err
	}
	id, err := earlierID(ctx, c)
	if err == nil {
		add(keyLog, id)
	}
	return entries, err
}

// earlierID is the id of a log that was made by an earlier build, which gave it none: a hash of its first transaction,
// with the time at which it was made, and of its first record. Unlike a random id, it is the same in every copy, also
// in those from before this build: what was processed of the log remains valid if such a copy is restored.
func earlierID(ctx context.Context, c client.ImmuClient) (string, error) {
	first, err := c.TxByIDWithSpec(ctx, &schema.TxRequest{Tx: 1, KeepReferencesUnresolved: true, EntriesSpec: rawValues})
	if err != nil {
		return "", err
	}
	of := stateAfter(first.Header).Hash
	text := of[:]
	commit, err := findCommit(ctx, c, 1)
	if err != nil {
		return "", err
	}
	if commit != 0 {
		tx, err := c.TxByIDWithSpec(ctx,
			&schema.TxRequest{Tx: commit, KeepReferencesUnresolved: true, EntriesSpec: rawValues})
		if err != nil {
			return "", err
		}
		records, err := recordsOf(tx, 0)
		if err != nil {
			return "", err
		}
		for _, r := range records[:min(1, len(records))] {
			mark := r.Mark()
			text = append(text, mark[:]...)
		}
	}
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:16]), nil
}

// checkNotRestored fails with storage.ErrFenced if the database lacks transactions that this process knows to be
// durable: immudb was started with an earlier copy of its data, and someone else has to take it over.
func (s *database) checkNotRestored(ctx context.Context, c client.ImmuClient) error {
	known := s.lastTx.Load()
	if known == 0 {
		return nil
	}
	state, err := c.CurrentState(ctx)
	if err != nil {
		return err
	}
	if state.TxId < known && known <= state.PrecommittedTxId {
		return fmt.Errorf("immudb is at transaction %d and has %d on its disk, and was at %d: it waits for the copies",
			state.TxId, state.PrecommittedTxId, known)
	}
	if state.TxId < known {
		return fmt.Errorf("%w: immudb is at transaction %d and was at %d, so an earlier copy of its data was restored",
			storage.ErrFenced, state.TxId, known)
	}
	return nil
}
