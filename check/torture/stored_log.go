package torture

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
)

// databaseOf is where a part of a bank's log is, in the immudb at an address. Files
// that can be lost go to the directory state.
func databaseOf(d datadir.Dir, address, state string, part int) (immudb.Config, error) {
	database, user := datadir.LogNames(part)
	config := immudb.Config{Address: address, Database: database, User: user,
		StateDir: filepath.Join(state, datadir.LogApp(part))}
	if d.Partitions > 1 {
		config.Partition = storage.Partition{Number: part, Of: d.Partitions}
	}
	var err error
	config.Password, err = secrets.ReadFile(d.WriterPassword(part))
	return config, errors.Join(err, os.MkdirAll(config.StateDir, 0o700))
}

// openParts opens the log of the bank in a directory: its one database, or the
// databases of its partitions and of their sequence, which is nil otherwise.
func openParts(
	d datadir.Dir, address, state, adminPassword string,
) (parts []*immudb.Log, sequence *immudb.SequenceLog, err error) {
	for _, part := range d.LogParts() {
		config, err := databaseOf(d, address, state, part)
		if err != nil {
			return nil, nil, err
		}
		config.AdminPassword = adminPassword
		if part == 0 && d.Partitions > 1 {
			sequence = immudb.NewSequenceLog(config)
			continue
		}
		parts = append(parts, immudb.NewLog(config))
	}
	return parts, sequence, nil
}

// storedLog reads the log from its database, without any part of the bank.
type storedLog struct {
	whole  *immudb.Log          // with one partition
	merged *sequencer.MergedLog // with several
	close  func(context.Context) error
}

// openLog opens the log of the bank in a data directory.
func openLog(data, immudb string) (*storedLog, error) {
	partitions, err := datadir.ReadPartitions(data)
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp(data, "torture-state-")
	if err != nil {
		return nil, err
	}
	parts, sequence, err := openParts(datadir.Dir{Path: data, Partitions: partitions}, immudb, state, "")
	if err != nil {
		return nil, err
	}
	l := &storedLog{}
	var logs []sequencer.PartitionLog
	for _, part := range parts {
		logs = append(logs, sequencer.StoredPartition{Storage: part})
	}
	if sequence == nil {
		l.whole = parts[0]
	} else {
		l.merged = sequencer.NewMergedLog(sequence, logs)
	}
	l.close = func(ctx context.Context) error {
		return errors.Join(closeParts(ctx, parts, sequence), os.RemoveAll(state))
	}
	return l, nil
}

func closeParts(ctx context.Context, parts []*immudb.Log, sequence *immudb.SequenceLog) (failure error) {
	for _, part := range parts {
		failure = errors.Join(failure, part.Close(ctx))
	}
	if sequence != nil {
		failure = errors.Join(failure, sequence.Close(ctx))
	}
	return failure
}

// ReadAll reads the records after a position.
func (l *storedLog) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	if l.whole != nil {
		return l.whole.ReadAll(ctx, after, limit)
	}
	if _, err := l.merged.Refresh(ctx); err != nil {
		return nil, err
	}
	return l.merged.ReadAll(ctx, after, limit)
}

// Close ends the connections and removes the state of immudb's client.
func (l *storedLog) Close(ctx context.Context) error { return l.close(ctx) }
