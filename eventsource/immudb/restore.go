package immudb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// ErrNotEmpty reports that a database in which a backup should be restored has a log already. It is not touched.
var ErrNotEmpty = errors.New("the database has a log already, and nothing is written: restore into an empty one")

// Head is the last position of the log, for those who only read it.
func (s *Log) Head(ctx context.Context) (int64, error) {
	c, err := s.session(ctx)
	if err != nil {
		return 0, err
	}
	head, err := readHead(ctx, c)
	if err != nil {
		return 0, s.fault(ctx, c, "read the head", err)
	}
	return head, nil
}

// Restore writes the next records of a backup, as the event source would have committed them. Only after EndRestore is
// the database one of a bank: until then it has no epoch and no id, and who restores it must not let a bank open it.
//
// The log's id comes last for another reason, too: nothing that was written before it is compared with the time of its
// commit, which is that of the restore.
func (s *Log) Restore(ctx context.Context, records []contract.Record) error {
	entries, err := commitEntries(records)
	if err != nil {
		return err
	}
	return s.restore(ctx, entries, records[0].Position == 1)
}

// Restore is as for a Log, for cuts.
func (s *SequenceLog) Restore(ctx context.Context, cuts []storage.Cut) error {
	entries, err := cutEntries(cuts)
	if err != nil {
		return err
	}
	return s.restore(ctx, entries, cuts[0].Number == 1)
}

// restore writes entries, the first of all only into an empty database.
func (s *database) restore(ctx context.Context, entries []*schema.KeyValue, first bool) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	if first {
		if err := s.checkEmpty(ctx, c); err != nil {
			return err
		}
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{KVs: entries, NoWait: true})
	if err != nil {
		return s.fault(ctx, c, "restore", err)
	}
	s.noteDurable(header.Id)
	return nil
}

func (s *database) checkEmpty(ctx context.Context, c client.ImmuClient) error {
	for _, prefix := range []string{keyEpoch, prefixBatch, prefixCut} {
		found, err := c.Scan(ctx, &schema.ScanRequest{Prefix: []byte(prefix), Limit: 1})
		if err != nil {
			return s.fault(ctx, c, "look for an earlier log", err)
		}
		if len(found.Entries) > 0 {
			return ErrNotEmpty
		}
	}
	return nil
}

// EndRestore makes the database that of the log with an id, whose records up to a position the broker need not be
// given again: who follows the log reads them from it.
func (s *database) EndRestore(ctx context.Context, id string, position int64) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	values := map[string]any{keyEpoch: epoch{}, keyLog: id, keyCheckpoint: position}
	if s.config.Partition.Of > 0 {
		values[keyPartition] = s.config.Partition
	}
	request := &schema.SetRequest{Preconditions: []*schema.Precondition{
		schema.PreconditionKeyMustNotExist([]byte(keyEpoch)), schema.PreconditionKeyMustNotExist([]byte(keyLog))}}
	for key, v := range values {
		value, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("encode the %s: %w", key, err)
		}
		request.KVs = append(request.KVs, &schema.KeyValue{Key: []byte(key), Value: value})
	}
	header, err := c.SetAll(ctx, request)
	if isPreconditionFailed(err) {
		return ErrNotEmpty
	}
	if err != nil {
		return s.fault(ctx, c, "end the restore", err)
	}
	s.noteDurable(header.Id)
	return nil
}
