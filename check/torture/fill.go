package torture

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank"
	"corebank/localbank/datadir"
	"corebank/localbank/immudbserver"
	"corebank/localbank/ports"
)

// Bounds of filling a log.
const (
	fillBatch = 500 // events of one commit
	fillStart = time.Minute
	fillPause = 50 * time.Millisecond
	fillStop  = 2 * immudbserver.StopTime
)

// fillLog writes events, which must be a whole log from its first position, into
// the log of a bank that does not run, in the way of its event source: with an
// immudb of its own, the database, the user, and one commit after the other. They
// count as published: the views read them from the log.
func fillLog(ctx context.Context, program, data string, partitions int, records iter.Seq[contract.Record]) (err error) {
	dir, err := datadir.Open(data, partitions)
	if err != nil {
		return err
	}
	defer dir.Close()
	server, address, err := startImmudb(ctx, program, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopImmudb(server)) }()
	admin, err := secrets.ReadFile(dir.AdminPassword())
	if err != nil {
		return err
	}
	parts, sequence, err := openParts(dir.Dir, address, dir.Path, admin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeParts(context.WithoutCancel(ctx), parts, sequence)) }()
	if sequence != nil {
		fill := &partitionedFill{parts: parts, sequence: sequence}
		if err := fill.acquire(ctx); err != nil {
			return err
		}
		return commitAll(ctx, fill, records)
	}
	head, err := parts[0].Acquire(ctx)
	if err != nil {
		return fmt.Errorf("become the writer of the log: %w", err)
	}
	if head != 0 {
		return fmt.Errorf("the log is not new: it ends at position %d", head)
	}
	return commitAll(ctx, parts[0], records)
}

// filled is a log that is being filled.
type filled interface {
	Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error
	SaveCheckpoint(ctx context.Context, position int64) error
}

func commitAll(ctx context.Context, storage filled, records iter.Seq[contract.Record]) error {
	last, batch := int64(0), make([]contract.Record, 0, fillBatch)
	commit := func() error {
		if len(batch) == 0 {
			return nil
		}
		last = batch[len(batch)-1].Position
		err := storage.Commit(ctx, batch, nil)
		batch = batch[:0]
		return err
	}
	for r := range records {
		if batch = append(batch, r); len(batch) < fillBatch {
			continue
		}
		if err := commit(); err != nil {
			return err
		}
	}
	if err := commit(); err != nil {
		return err
	}
	return storage.SaveCheckpoint(ctx, last)
}

// startImmudb runs the immudb of a bank alone and returns when it answers.
func startImmudb(ctx context.Context, program string, dir *datadir.Locked) (*exec.Cmd, string, error) {
	held := ports.New()
	address, err := held.Pick()
	if err != nil {
		return nil, "", err
	}
	held.FreeAll()
	output, err := os.Create(filepath.Join(dir.Logs(), "immudb-filling.log"))
	if err != nil {
		return nil, "", err
	}
	defer output.Close()
	server := exec.Command(program, "immudb", "--dir="+dir.Immudb(), "--listen="+address,
		"--admin-password-file="+dir.AdminPassword())
	server.Env, server.Stdout, server.Stderr = localbank.Environment(), output, output
	if err := server.Start(); err != nil {
		return nil, "", err
	}
	starting, cancel := context.WithTimeout(ctx, fillStart)
	defer cancel()
	for immudbserver.Check(starting, address) != nil {
		select {
		case <-starting.Done():
			return nil, "", errors.Join(fmt.Errorf("immudb did not start; see %s", output.Name()), stopImmudb(server))
		case <-time.After(fillPause):
		}
	}
	return server, address, nil
}

// stopImmudb asks immudb to close its files, and kills it if it takes too long.
func stopImmudb(server *exec.Cmd) error {
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.AfterFunc(fillStop, func() { _ = server.Process.Kill() })
	defer timer.Stop()
	if err := server.Wait(); err != nil {
		return fmt.Errorf("stop immudb: %w", err)
	}
	return nil
}
