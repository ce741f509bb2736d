package immudb

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// FindKeys implements storage.Log. While this process is the writer, the index has all committed keys. Otherwise the
// index first reads what others have written.
func (s *Log) FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	complete, err := s.keyIndexComplete(ctx, c)
	if err != nil {
		return nil, s.fault(ctx, c, "read the epoch", err)
	}
	if !complete {
		if err := s.updateKeyIndex(ctx, c); err != nil {
			return nil, s.fault(ctx, c, "update the index of idempotency keys", err)
		}
	}
	versions, err := s.keys.find(ctx, id, keys)
	if err != nil {
		return nil, err
	}
	var records []contract.Record
	for _, version := range versions {
		read, _, err := s.readSingly(ctx, id, version-1, 1)
		if err != nil {
			return nil, err
		}
		if len(read) == 0 {
			continue // added for a commit that failed
		}
		r := read[0]
		if r.Key == "" || slices.Contains(keys, r.Key) { // a record without a key is unreadable, and stops its account
			records = append(records, r)
		}
	}
	return records, nil
}

// MayRepeat implements storage.Log. It does not ask immudb: if another writer has taken over meanwhile, the index lacks
// that writer's keys, but then our append is refused anyway.
func (s *Log) MayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	if s.keys.complete.Load() == 0 {
		return nil, errors.New("the index of idempotency keys is not up to date yet")
	}
	return s.keys.mayRepeat(ctx, appends)
}

// keyIndexComplete reports whether no other process has written since we took the log over and updated the index.
func (s *Log) keyIndexComplete(ctx context.Context, c client.ImmuClient) (bool, error) {
	ours := s.keys.complete.Load()
	if ours == 0 {
		return false, nil
	}
	_, current, err := readEpoch(ctx, c)
	return err == nil && current == ours, err
}

// updateKeyIndex reads the idempotency keys of all transactions that the index has not seen.
func (s *Log) updateKeyIndex(ctx context.Context, c client.ImmuClient) error {
	epochTx := s.epochTx.Load()
	x, release, err := s.keys.open(ctx)
	if err != nil {
		return err
	}
	defer release()
	state, err := c.CurrentState(ctx)
	if err != nil {
		return err
	}
	fits, err := inHistory(ctx, c, x.seen, state.TxId)
	if err != nil {
		return err
	}
	if !fits {
		slog.Warn("the index of idempotency keys has another log, or transactions that this log lost, and is built again",
			"seen", x.seen.Tx, "last", state.TxId)
		if err := x.reset(); err != nil {
			return err
		}
	}
	if err := x.readLog(ctx, c, state.TxId); err != nil {
		return err
	}
	s.keys.complete.Store(epochTx)
	return nil
}

// inHistory reports whether the database has been in the state that the index has seen.
func inHistory(ctx context.Context, c client.ImmuClient, seen State, last uint64) (bool, error) {
	if seen.Tx == 0 {
		return true, nil
	}
	if seen.Tx > last {
		return false, nil
	}
	then, err := stateAt(ctx, c, seen.Tx)
	return then == seen, err
}

// stateAt is the state of a database as a transaction was the last one.
func stateAt(ctx context.Context, c client.ImmuClient, tx uint64) (State, error) {
	found, err := c.TxByIDWithSpec(ctx, &schema.TxRequest{Tx: tx, KeepReferencesUnresolved: true,
		EntriesSpec: &schema.EntriesSpec{KvEntriesSpec: &schema.EntryTypeSpec{Action: schema.EntryTypeAction_EXCLUDE}}})
	if err != nil {
		return State{}, err
	}
	return stateAfter(found.Header), nil
}

func stateAfter(header *schema.TxHeader) State {
	return State{Tx: header.Id, Hash: schema.TxHeaderFromProto(header).Alh()}
}

// progressEvery is how often a long read of keys logs its progress.
const progressEvery = 5 * time.Second

// readLog adds the keys of the transactions after seen, up to last.
func (x *keyIndex) readLog(ctx context.Context, c client.ImmuClient, last uint64) error {
	logged := time.Now()
	for reader := (txReader{next: x.seen.Tx + 1, last: last}); reader.next <= last; {
		read, err := reader.read(ctx, c, contract.MaxReadRecords)
		if err != nil {
			return err
		}
		var records []contract.Record
		for _, tx := range read {
			records = appendKeyed(records, tx)
		}
		if err := x.add(records, stateAfter(read[len(read)-1].Header)); err != nil {
			return err
		}
		if time.Since(logged) > progressEvery {
			logged = time.Now()
			slog.Info("reading the log's idempotency keys into their index", "transaction", x.seen.Tx, "of", last)
		}
	}
	return nil
}

// appendKeyed appends the records of a transaction, with only the fields that the index needs: when the index is built
// again, it reads the whole log. A record whose key cannot be read is not indexed.
func appendKeyed(records []contract.Record, tx *schema.Tx) []contract.Record {
	announced := false // as in recordsOf
	for _, entry := range tx.Entries {
		key := entry.Key[min(1, len(entry.Key)):]
		announced = announced || bytes.HasPrefix(key, []byte(prefixBatch))
		if !announced || !isEventKey(key) || len(entry.Value) == 0 {
			continue
		}
		var stored struct {
			Key string `json:"key"`
		}
		if contract.Decode(entry.Value[1:], &stored) != nil || stored.Key == "" {
			continue
		}
		at := locationOf(key)
		records = append(records, contract.Record{Account: at.account, Version: at.version, Key: stored.Key})
	}
	return records
}
