package immudb

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// FindKeys implements Storage. While the log is ours, the index has the keys of
// all that was committed; otherwise it first reads what others have written.
func (s *Log) FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	ours, err := s.stillWriter(ctx, c)
	if err != nil {
		return nil, s.fault(ctx, c, "read the epoch", err)
	}
	if !ours {
		if err := s.takeKeys(ctx, c); err != nil {
			return nil, s.fault(ctx, c, "read what the index of idempotency keys does not have", err)
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
			continue // noted for a commit that did not come to the log
		}
		r := read[0]
		if r.Key == "" || slices.Contains(keys, r.Key) { // none: it cannot be read, and stops its account
			records = append(records, r)
		}
	}
	return records, nil
}

// MayRepeat implements Storage. It asks nothing of immudb: who has taken the log
// over meanwhile has noted keys elsewhere, and an append of ours is in vain then.
func (s *Log) MayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	if s.keys.whole.Load() == 0 {
		return nil, errors.New("the index of idempotency keys has not been read on yet")
	}
	return s.keys.mayRepeat(ctx, appends)
}

// stillWriter tells whether nobody wrote since we took the log over and read
// what was in it.
func (s *Log) stillWriter(ctx context.Context, c client.ImmuClient) (bool, error) {
	ours := s.keys.whole.Load()
	if ours == 0 {
		return false, nil
	}
	_, current, err := readEpoch(ctx, c)
	return err == nil && current == ours, err
}

// takeKeys reads the idempotency keys of all transactions that the index has not
// seen.
func (s *Log) takeKeys(ctx context.Context, c client.ImmuClient) error {
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
	same, err := sawSame(ctx, c, x.seen, state.TxId)
	if err != nil {
		return err
	}
	if !same {
		slog.Warn("the index of idempotency keys is of another log, or of what this one lost, and is made anew", "seen", x.seen.Tx, "last", state.TxId)
		if err := x.begin(); err != nil {
			return err
		}
	}
	if err := x.readOn(ctx, c, state.TxId); err != nil {
		return err
	}
	s.keys.whole.Store(epochTx)
	return nil
}

// sawSame tells whether what the index has seen is what the log's database has.
func sawSame(ctx context.Context, c client.ImmuClient, seen State, last uint64) (bool, error) {
	if seen.Tx == 0 {
		return true, nil
	}
	if seen.Tx > last {
		return false, nil
	}
	tx, err := c.TxByIDWithSpec(ctx, &schema.TxRequest{Tx: seen.Tx, KeepReferencesUnresolved: true,
		EntriesSpec: &schema.EntriesSpec{KvEntriesSpec: &schema.EntryTypeSpec{Action: schema.EntryTypeAction_EXCLUDE}}})
	if err != nil {
		return false, err
	}
	return stateAfter(tx.Header) == seen, nil
}

func stateAfter(header *schema.TxHeader) State {
	return State{Tx: header.Id, Hash: schema.TxHeaderFromProto(header).Alh()}
}

// keysTold is how often a long reading of keys says how far it is.
const keysTold = 5 * time.Second

// readOn adds the keys of the transactions after seen, up to last.
func (x *keyIndex) readOn(ctx context.Context, c client.ImmuClient, last uint64) error {
	told := time.Now()
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
		if time.Since(told) > keysTold {
			told = time.Now()
			slog.Info("reading the log's idempotency keys into their index", "transaction", x.seen.Tx, "of", last)
		}
	}
	return nil
}

// appendKeyed appends the records of a transaction, of which only what the index
// takes is read: it reads the whole log when it is made anew. What has no key
// that can be read is not found by one.
func appendKeyed(records []contract.Record, tx *schema.Tx) []contract.Record {
	announced := false // as for recordsOf
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
		at := eventPlace(key)
		records = append(records, contract.Record{Account: at.account, Version: at.version, Key: stored.Key})
	}
	return records
}

// keysDirectory is where, in the directory of the log's state, the index is.
func keysDirectory(state string) string { return filepath.Join(state, "keys") }
