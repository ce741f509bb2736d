package immudb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/storage"
)

// SequenceLog keeps the cuts of several partitions in an immudb database of its own.
type SequenceLog struct{ *database }

var _ storage.SequenceLog = (*SequenceLog)(nil)

// NewSequenceLog makes a sequence log that connects when it is first used. config.Partition has the number of
// partitions.
func NewSequenceLog(config Config) *SequenceLog {
	return &SequenceLog{newDatabase(config)}
}

// Close ends the session.
func (s *SequenceLog) Close(ctx context.Context) error { return s.end(ctx) }

// prefixCut is the prefix of the keys of cuts.
const prefixCut = "o/"

func cutKey(number int64) []byte { return fmt.Appendf(nil, "%s%015d", prefixCut, number) }

// Acquire implements storage.SequenceLog.
func (s *SequenceLog) Acquire(ctx context.Context) (storage.Cut, error) {
	if _, err := s.acquire(ctx, func(client.ImmuClient) error { return nil }); err != nil {
		return storage.Cut{}, err
	}
	return s.LastCut(ctx)
}

// Add implements storage.SequenceLog.
func (s *SequenceLog) Add(ctx context.Context, cuts ...storage.Cut) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	entries, err := cutEntries(cuts)
	if err != nil {
		return err
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{KVs: entries, Preconditions: s.epochUnchanged(), NoWait: true})
	if isPreconditionFailed(err) {
		return storage.ErrFenced
	}
	if err != nil {
		return s.fault(ctx, c, "add a cut", err)
	}
	s.noteDurable(header.Id)
	return nil
}

func cutEntries(cuts []storage.Cut) ([]*schema.KeyValue, error) {
	entries := make([]*schema.KeyValue, len(cuts))
	for i, cut := range cuts {
		value, err := json.Marshal(cut)
		if err != nil {
			return nil, err
		}
		entries[i] = &schema.KeyValue{Key: cutKey(cut.Number), Value: value}
	}
	return entries, nil
}

// LastCut implements storage.SequenceLog.
func (s *SequenceLog) LastCut(ctx context.Context) (storage.Cut, error) {
	cuts, err := s.scan(ctx, &schema.ScanRequest{Prefix: []byte(prefixCut), Desc: true, Limit: 1})
	if err != nil || len(cuts) == 0 {
		return storage.Cut{}, err
	}
	return cuts[0], nil
}

// Cuts implements storage.SequenceLog.
func (s *SequenceLog) Cuts(ctx context.Context, first int64, limit int) ([]storage.Cut, error) {
	return s.scan(ctx, &schema.ScanRequest{Prefix: []byte(prefixCut), SeekKey: cutKey(first), InclusiveSeek: true,
		Limit: uint64(limit)})
}

func (s *SequenceLog) scan(ctx context.Context, request *schema.ScanRequest) ([]storage.Cut, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.Scan(ctx, request)
	if err != nil {
		return nil, s.fault(ctx, c, "read cuts", err)
	}
	cuts := make([]storage.Cut, len(found.Entries))
	for i, entry := range found.Entries {
		if cuts[i], err = readCut(entry.Key, entry.Value); err != nil {
			return nil, err
		}
	}
	return cuts, nil
}

func readCut(key, value []byte) (c storage.Cut, err error) {
	if err = json.Unmarshal(value, &c); err == nil {
		c.Number, err = strconv.ParseInt(string(bytes.TrimPrefix(key, []byte(prefixCut))), 10, 64)
	}
	if err == nil && string(cutKey(c.Number)) != string(key) {
		err = fmt.Errorf("%d is not the number of a cut", c.Number)
	}
	if err != nil {
		return c, fmt.Errorf("the stored cut %q is damaged: %w", key, err)
	}
	return c, nil
}
