package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"corebank/check/torture"
	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/localbank/datadir"
)

// immudbConfig is a part of the log of a bank in a directory, in the immudb at an
// address, for whoever keeps what can be lost in a directory of their own.
func immudbConfig(d datadir.Dir, address, state string, part int) (immudb.Config, error) {
	database, user := datadir.LogNames(part)
	config := immudb.Config{Address: address, Database: database, User: user,
		StateDir: filepath.Join(state, datadir.LogApp(part))}
	if d.Partitions > 1 {
		config.Partition = storage.Partition{Number: part, Of: d.Partitions}
	}
	var err error
	config.Password, err = readSecret("data", d.WriterPassword(part))
	return config, errors.Join(err, os.MkdirAll(config.StateDir, 0o700))
}

// openParts opens the log of the bank in a directory: its one database, or those
// of its partitions with that of their order, which is nil otherwise.
func openParts(d datadir.Dir, address, state, adminPassword string) (parts []*immudb.Log, order *immudb.SequenceLog, err error) {
	for _, part := range d.LogParts() {
		config, err := immudbConfig(d, address, state, part)
		if err != nil {
			return nil, nil, err
		}
		config.AdminPassword = adminPassword
		if part == 0 && d.Partitions > 1 {
			order = immudb.NewSequenceLog(config)
			continue
		}
		parts = append(parts, immudb.NewLog(config))
	}
	return parts, order, nil
}

// tortureLog is the log as the torture reads it, with its own client state.
type tortureLog struct {
	whole *immudb.Log          // of a log with one partition
	total *sequencer.MergedLog // of one with several
	close func(context.Context) error
}

// openLog reads the log of the bank in a data directory straight from immudb.
func openLog(data, immudb string) (torture.LogReader, error) {
	partitions, err := datadir.ReadPartitions(data)
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp(data, "torture-state-")
	if err != nil {
		return nil, err
	}
	parts, order, err := openParts(datadir.Dir{Path: data, Partitions: partitions}, immudb, state, "")
	if err != nil {
		return nil, err
	}
	l := &tortureLog{}
	var logs []sequencer.PartitionLog
	for _, part := range parts {
		logs = append(logs, sequencer.StoredPartition{Storage: part})
	}
	if order == nil {
		l.whole = parts[0]
	} else {
		l.total = sequencer.NewMergedLog(order, logs)
	}
	l.close = func(ctx context.Context) error {
		return errors.Join(closeParts(ctx, parts, order), os.RemoveAll(state))
	}
	return l, nil
}

func closeParts(ctx context.Context, parts []*immudb.Log, order *immudb.SequenceLog) (failure error) {
	for _, part := range parts {
		failure = errors.Join(failure, part.Close(ctx))
	}
	if order != nil {
		failure = errors.Join(failure, order.Close(ctx))
	}
	return failure
}

// ReadAll implements torture.LogReader.
func (l *tortureLog) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	if l.whole != nil {
		return l.whole.ReadAll(ctx, after, limit)
	}
	if _, err := l.total.Refresh(ctx); err != nil {
		return nil, err
	}
	return l.total.ReadAll(ctx, after, limit)
}

// Close implements torture.LogReader.
func (l *tortureLog) Close(ctx context.Context) error { return l.close(ctx) }

// rounds are those that place records in the order in which they come: in one
// round, those of a later partition come later. They are numbered from the next
// on.
func roundsOf(records []contract.Record, last storage.Cut) (rounds []storage.Cut) {
	at := len(last.Ends) // the partition of the last record; a new round is due
	for _, r := range records {
		partition := contract.PartitionOf(r.Account, len(last.Ends)) - 1
		if partition < at || len(rounds) == 0 {
			last = storage.Cut{Number: last.Number + 1, Ends: append([]int64{}, last.Ends...)}
			rounds = append(rounds, last)
		}
		rounds[len(rounds)-1].Ends[partition]++
		at = partition
	}
	return rounds
}

// dividedFill writes a log with several partitions, so that each record has the
// position that it says.
type dividedFill struct {
	parts []*immudb.Log
	order *immudb.SequenceLog
	last  storage.Cut
}

// acquire takes all parts over, which must be new.
func (f *dividedFill) acquire(ctx context.Context) error {
	for i, part := range f.parts {
		if head, err := part.Acquire(ctx); err != nil || head != 0 {
			return fmt.Errorf("partition %d is not a new one, or cannot be written: head %d, %w", i+1, head, err)
		}
	}
	last, err := f.order.Acquire(ctx)
	if err != nil || last.Number != 0 {
		return fmt.Errorf("the order is not a new one, or cannot be written: round %d, %w", last.Number, err)
	}
	f.last = storage.Cut{Ends: make([]int64, len(f.parts))}
	return nil
}

// Commit writes the next records.
func (f *dividedFill) Commit(ctx context.Context, records []contract.Record, _ storage.Heads) error {
	rounds := roundsOf(records, f.last)
	own := make([][]contract.Record, len(f.parts))
	for _, r := range records {
		p := contract.PartitionOf(r.Account, len(f.parts)) - 1
		r.Position = f.last.Ends[p] + int64(len(own[p])) + 1
		own[p] = append(own[p], r)
	}
	for p, some := range own {
		if len(some) == 0 {
			continue
		}
		if err := f.parts[p].Commit(ctx, some, nil); err != nil {
			return err
		}
	}
	f.last = rounds[len(rounds)-1]
	return f.order.Add(ctx, rounds...)
}

// SaveCheckpoint says that all up to a position counts as published.
func (f *dividedFill) SaveCheckpoint(ctx context.Context, position int64) error {
	return f.order.SaveCheckpoint(ctx, position)
}
