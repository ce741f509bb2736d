package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	driver "modernc.org/sqlite" // the driver "sqlite", without cgo
	codes "modernc.org/sqlite/lib"
)

// Options of a store. The zero Options are the defaults.
type Options struct {
	// BusyTimeout is how long a write waits for another writer of the file; 0 is
	// 5 s.
	BusyTimeout time.Duration
}

const (
	defaultBusyTimeout = 5 * time.Second
	// maxReaders is the maximum of connections that read; further queries wait.
	maxReaders = 8
)

// Open opens the views in the file at path for reading and writing, and creates
// them if they do not exist. It fails if the file is not a corebank view file or
// has another schema version; the error says what to do.
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	timeout := options.BusyTimeout
	if timeout == 0 {
		timeout = defaultBusyTimeout
	}
	write, err := openWriter(ctx, path, timeout)
	if err != nil {
		return nil, err
	}
	reader, err := openReader(ctx, path, timeout)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	store, err := newStore(ctx, write, reader)
	if err != nil {
		return nil, errors.Join(err, reader.Close(ctx), write.Close())
	}
	return store, nil
}

// OpenReader opens the views in the file at path for reading, while a projector
// in this or another process writes them. If they do not exist yet, it creates
// them empty, so that the apps can start in any order; it never changes them
// otherwise. It fails as Open does.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	// A reader cannot open a file that does not exist: create it first.
	write, err := openWriter(ctx, path, defaultBusyTimeout)
	if err != nil {
		return nil, err
	}
	reader, err := openReader(ctx, path, defaultBusyTimeout)
	return reader, errors.Join(err, write.Close())
}

// openWriter opens the one connection that writes and makes sure of the schema.
func openWriter(ctx context.Context, path string, timeout time.Duration) (*sql.DB, error) {
	if err := touch(path); err != nil {
		return nil, err
	}
	// A cache of 64 MiB and a write-ahead log of 32 MB double the speed of a
	// rebuild. Without a sync per transaction, a crash can undo the last
	// transactions, but views and checkpoint together.
	db, err := connect(path, timeout, "journal_mode(WAL)", "synchronous(NORMAL)",
		"cache_size(-65536)", "wal_autocheckpoint(8000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := prepareInTurn(ctx, db, path, timeout); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepareInTurn prepares the schema although other processes may do the same:
// when several open a new file at once, SQLite lets one of them set the journal
// mode and refuses the others without waiting.
func prepareInTurn(ctx context.Context, db *sql.DB, path string, timeout time.Duration) error {
	waiting, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	for {
		err := prepareSchema(ctx, db, path)
		if !isBusy(err) {
			return err
		}
		select {
		case <-waiting.Done():
			return err
		case <-time.After(busyPause):
		}
	}
}

// busyPause is the pause between attempts to open a file that is busy.
const busyPause = 2 * time.Millisecond

func isBusy(err error) bool {
	var failed *driver.Error
	return errors.As(err, &failed) && failed.Code()&0xff == codes.SQLITE_BUSY // the low byte is the kind
}

// touch creates the file if it does not exist, readable only by its owner
// because it holds customers' data. SQLite gives its side files the same mode.
func touch(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the views: %w; give the path of a file in a directory that exists and is writable", err)
	}
	return file.Close()
}

// connect opens the file and sets the pragmas on every connection.
func connect(path string, timeout time.Duration, pragmas ...string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the views: %w", err)
	}
	// The file exists. A connection that is opened late must not create it again
	// after it was removed.
	query := url.Values{"_txlock": {"immediate"}, "mode": {"rw"}}
	query.Add("_pragma", "busy_timeout("+strconv.FormatInt(timeout.Milliseconds(), 10)+")")
	for _, pragma := range pragmas {
		query.Add("_pragma", pragma)
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("open the views in %s: %w", path, err)
	}
	return db, nil
}

// prepareSchema creates the schema in an empty file and refuses a file with
// another one. Two processes may do this at once; the transaction serialises
// them.
func prepareSchema(ctx context.Context, db *sql.DB, path string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open the views in %s: %w", path, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	var version, tables, marked int
	err = tx.QueryRowContext(ctx, "SELECT (SELECT user_version FROM pragma_user_version), "+
		"(SELECT count(*) FROM sqlite_schema), "+
		"(SELECT count(*) FROM pragma_table_info('checkpoint') WHERE name = 'marked')").Scan(&version, &tables, &marked)
	switch {
	case err != nil:
		return fmt.Errorf("open the views in %s: %w", path, err)
	case version == schemaVersion && marked == 1:
		return nil
	case version == schemaVersion:
		if _, err := tx.ExecContext(ctx, addMarked); err != nil {
			return fmt.Errorf("extend the views in %s: %w", path, err)
		}
		return tx.Commit()
	case version != 0 || tables != 0:
		return fmt.Errorf("the views in %s have schema version %d and this build needs %d; "+
			"stop the bank and delete the file (and its -wal and -shm): the projector builds it again from the log",
			path, version, schemaVersion)
	}
	if _, err := tx.ExecContext(ctx, schema+"PRAGMA user_version = "+strconv.Itoa(schemaVersion)); err != nil {
		return fmt.Errorf("create the views in %s: %w", path, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("create the views in %s: %w", path, err)
	}
	return nil
}

// openReader opens a pool of connections that cannot write.
func openReader(ctx context.Context, path string, timeout time.Duration) (*Reader, error) {
	db, err := connect(path, timeout, "query_only(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxReaders)
	db.SetMaxIdleConns(maxReaders)
	reader, err := newReader(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return reader, nil
}
