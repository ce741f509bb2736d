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

// SequenceLog keeps the order of several partitions in an immudb database of
// its own.
type SequenceLog struct{ *database }

var _ storage.SequenceLog = (*SequenceLog)(nil)

// NewSequenceLog makes an order that connects when it is first used.
// config.Partition says of how many partitions.
func NewSequenceLog(config Config) *SequenceLog {
	return &SequenceLog{newDatabase(config)}
}

// Close ends the session.
func (s *SequenceLog) Close(ctx context.Context) error { return s.end(ctx) }

// prefixRound begins the keys of rounds.
const prefixRound = "o/"

func roundKey(number int64) []byte { return fmt.Appendf(nil, "%s%015d", prefixRound, number) }

// Acquire implements storage.SequenceLog.
func (s *SequenceLog) Acquire(ctx context.Context) (storage.Cut, error) {
	if _, err := s.acquire(ctx, func(client.ImmuClient) error { return nil }); err != nil {
		return storage.Cut{}, err
	}
	return s.LastCut(ctx)
}

// Add implements storage.SequenceLog.
func (s *SequenceLog) Add(ctx context.Context, rounds ...storage.Cut) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	var entries []*schema.KeyValue
	for _, r := range rounds {
		value, err := json.Marshal(r)
		if err != nil {
			return err
		}
		entries = append(entries, &schema.KeyValue{Key: roundKey(r.Number), Value: value})
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{KVs: entries, Preconditions: s.stillOurs(), NoWait: true})
	if isPreconditionFailed(err) {
		return storage.ErrFenced
	}
	if err != nil {
		return s.fault(ctx, c, "add a round", err)
	}
	s.saw(header.Id)
	return nil
}

// LastCut implements storage.SequenceLog.
func (s *SequenceLog) LastCut(ctx context.Context) (storage.Cut, error) {
	rounds, err := s.scan(ctx, &schema.ScanRequest{Prefix: []byte(prefixRound), Desc: true, Limit: 1})
	if err != nil || len(rounds) == 0 {
		return storage.Cut{}, err
	}
	return rounds[0], nil
}

// Cuts implements storage.SequenceLog.
func (s *SequenceLog) Cuts(ctx context.Context, first int64, limit int) ([]storage.Cut, error) {
	return s.scan(ctx, &schema.ScanRequest{Prefix: []byte(prefixRound), SeekKey: roundKey(first), InclusiveSeek: true, Limit: uint64(limit)})
}

func (s *SequenceLog) scan(ctx context.Context, request *schema.ScanRequest) ([]storage.Cut, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.Scan(ctx, request)
	if err != nil {
		return nil, s.fault(ctx, c, "read rounds", err)
	}
	rounds := make([]storage.Cut, len(found.Entries))
	for i, entry := range found.Entries {
		if rounds[i], err = readRound(entry.Key, entry.Value); err != nil {
			return nil, err
		}
	}
	return rounds, nil
}

func readRound(key, value []byte) (r storage.Cut, err error) {
	if err = json.Unmarshal(value, &r); err == nil {
		r.Number, err = strconv.ParseInt(string(bytes.TrimPrefix(key, []byte(prefixRound))), 10, 64)
	}
	if err == nil && string(roundKey(r.Number)) != string(key) {
		err = fmt.Errorf("%d is no number of a round", r.Number)
	}
	if err != nil {
		return r, fmt.Errorf("the stored round %q is damaged: %w", key, err)
	}
	return r, nil
}
