package backup

import (
	"context"
	"errors"
	"fmt"

	"corebank/backup/archive"
	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// Log is a whole log, read where it is stored. With several partitions, it ends where their order does.
type Log interface {
	// Head is the last position.
	Head(ctx context.Context) (int64, error)
	// ReadAll reads up to about limit records after a position.
	ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error)
}

// source is a log with its databases.
type source struct {
	Log
	origin archive.Origin
	closes []func(context.Context) error
}

// merged is the log of several partitions.
type merged struct{ *sequencer.MergedLog }

func (m merged) Head(ctx context.Context) (int64, error) { return m.Refresh(ctx) }

// openSource opens the databases of a log: one, or first that of the sequence.
func openSource(ctx context.Context, databases []immudb.Config) (*source, error) {
	s := &source{origin: archive.Origin{Partitions: max(1, len(databases)-1)}}
	var err error
	if len(databases) == 1 {
		log := immudb.NewLog(databases[0])
		s.Log, s.closes = log, append(s.closes, log.Close)
		s.origin.Log, err = log.LogID(ctx)
	} else {
		err = s.openPartitions(ctx, databases)
	}
	if err == nil && s.origin.Log == "" {
		err = errors.New("the log has no id yet: start the bank with this build first")
	}
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *source) openPartitions(ctx context.Context, databases []immudb.Config) (err error) {
	sequence := immudb.NewSequenceLog(databases[0])
	s.closes = append(s.closes, sequence.Close)
	if s.origin.Log, err = sequence.LogID(ctx); err != nil {
		return err
	}
	var parts []sequencer.PartitionLog
	for i, database := range databases[1:] {
		log := immudb.NewLog(database)
		s.closes = append(s.closes, log.Close)
		id, err := log.LogID(ctx)
		if err != nil {
			return fmt.Errorf("partition %d: %w", i+1, err)
		}
		s.origin.PartitionLogs = append(s.origin.PartitionLogs, id)
		parts = append(parts, sequencer.StoredPartition{Storage: log})
	}
	s.Log = merged{sequencer.NewMergedLog(sequence, parts)}
	return nil
}

func (s *source) close(ctx context.Context) (failed error) {
	for _, end := range s.closes {
		failed = errors.Join(failed, end(ctx))
	}
	return failed
}

// checkPast refuses a log that is not the one whose records up to a checkpoint are in the backup.
func checkPast(ctx context.Context, log Log, id string, head int64, at contract.Checkpoint) error {
	if at.Position == 0 {
		return nil
	}
	other := &logclient.OtherLogError{At: at, Log: id, Head: head}
	if head >= at.Position {
		records, err := log.ReadAll(ctx, at.Position-1, 1)
		if err != nil {
			return err
		}
		if len(records) > 0 && records[0].Position == at.Position && records[0].Mark() == at.Mark {
			return nil
		}
	}
	return fmt.Errorf("nothing is added to this backup: %w; it stays as it is: give another --out for this log", other)
}
