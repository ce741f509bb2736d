package immudb

import (
	"context"

	"github.com/codenotary/immudb/pkg/api/schema"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Most of a stream is scanned from an index that may be old, and newer records are read key by key. immudb scans only
// the index on disk: to scan the newest records, it first writes its index, all of which it reads and hashes again when
// it is started. A bank whose streams were read a few times a second for an hour took ten seconds to start.
const (
	anyIndex    = 1  // SinceTx: an index that has the first transaction is enough
	newestIndex = 0  // SinceTx: an index that has all commits
	maxSingles  = 16 // records that are read key by key
)

// oldIndex is how new the index must be for most of a stream. Before this process has taken the log over, there may be
// no transaction yet.
func (s *Log) oldIndex() uint64 {
	if s.lastTx.Load() == 0 {
		return newestIndex
	}
	return anyIndex
}

// StreamVersion implements storage.Log. It uses only the key: a record that cannot be read has its version
// nevertheless.
func (s *Log) StreamVersion(ctx context.Context, id bank.AccountID) (int64, error) {
	last := func(since uint64) *schema.ScanRequest {
		return &schema.ScanRequest{Prefix: streamPrefix(id), Desc: true, Limit: 1, SinceTx: since}
	}
	records, err := s.scan(ctx, last(s.oldIndex()))
	if err != nil {
		return 0, err
	}
	newer, all, err := s.readSingly(ctx, id, lastVersion(records, 0), maxSingles)
	if err == nil && !all {
		newer, err = s.scan(ctx, last(newestIndex))
	}
	if err != nil {
		return 0, err
	}
	return lastVersion(append(records, newer...), 0), nil
}

// ReadStream implements storage.Log.
func (s *Log) ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error) {
	request := &schema.ScanRequest{Prefix: streamPrefix(id), SeekKey: eventKey(id, after+1), InclusiveSeek: true,
		Limit: uint64(limit), SinceTx: s.oldIndex()}
	records, err := s.scan(ctx, request)
	if err != nil || len(records) == limit {
		return records, err
	}
	newer, all, err := s.readSingly(ctx, id, lastVersion(records, after), min(maxSingles, limit-len(records)))
	if err != nil {
		return nil, err
	}
	records = append(records, newer...)
	if all || len(records) == limit {
		return records, nil
	}
	request.SinceTx = newestIndex
	return s.scan(ctx, request)
}

// lastVersion is the version of the last record, or before if there is none.
func lastVersion(records []contract.Record, before int64) int64 {
	if len(records) == 0 {
		return before
	}
	return records[len(records)-1].Version
}

// readSingly reads up to limit records of a stream after a version, key by key. It reports whether these are all.
func (s *Log) readSingly(
	ctx context.Context, id bank.AccountID, after int64, limit int,
) (records []contract.Record, all bool, err error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, false, err
	}
	for len(records) < limit {
		key := eventKey(id, after+int64(len(records))+1)
		entry, err := c.Get(ctx, key)
		if isNotFound(err) {
			return records, true, nil
		}
		if err != nil {
			return nil, false, s.fault(ctx, c, "read an event by key", err)
		}
		records = append(records, locationOf(key).decode(entry.Value))
	}
	return records, false, nil
}

// scan reads a range of records by key.
func (s *Log) scan(ctx context.Context, request *schema.ScanRequest) ([]contract.Record, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.Scan(ctx, request)
	if err != nil {
		return nil, s.fault(ctx, c, "scan", err)
	}
	records := make([]contract.Record, len(found.Entries))
	for i, entry := range found.Entries {
		records[i] = locationOf(entry.Key).decode(entry.Value)
	}
	return records, nil
}
