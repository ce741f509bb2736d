package storage

import (
	"context"
	"errors"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// ErrFenced reports that a newer writer has taken over the log. The writer that gets it must stop: no later write of
// its own can succeed.
var ErrFenced = errors.New("another event source has taken over the log")

// ErrHeadMoved reports that nothing was committed, because a stream is not at the version that was assumed.
var ErrHeadMoved = errors.New("a stream is not at the version that was assumed")

// DamageError reports that only an operator can repair the log. Its text says how.
type DamageError string

func (e DamageError) Error() string { return string(e) }

// Limits of one commit. The database has room for one entry per record and for two conditions per assumption.
const (
	MaxCommitRecords = 1000
	MaxAssumed       = 511
)

// Heads are the versions of streams: each is the version of the stream's last event.
type Heads map[bank.AccountID]int64

// Log keeps the records of one log or partition. One value serves one event source. Several values over the same log
// compete as several event sources would.
//
// Every method may fail with a fault; only ErrFenced and ErrHeadMoved have a meaning of their own. Every read sees all
// commits that were acknowledged before it began.
type Log interface {
	Committer
	Reader
	Progress
	// SaveAudit saves an audit durably. An audit is not the writer's: it is not fenced.
	SaveAudit(ctx context.Context, audit contract.Audit) error
	// Close releases the storage.
	Close(ctx context.Context) error
}

// Identified is a log, or the sequence of one.
type Identified interface {
	// LogID tells this log from every other one. It is made with the log and never changes, not even in a copy.
	LogID(ctx context.Context) (string, error)
}

// Committer is a log as its writer uses it.
type Committer interface {
	Identified
	// Acquire makes this the only writer, fences all others, and returns the last position of the log. It is called
	// again after a commit with an unknown outcome: a commit that was in flight either lands before Acquire returns,
	// or never. ErrFenced means that another writer has taken over since the last Acquire.
	Acquire(ctx context.Context) (head int64, err error)
	// Commit makes records durable in one transaction, all or none. They continue the log without gaps, and they
	// continue their streams: the caller has checked the versions of all streams but those in assumed, which Commit
	// checks. There may be at most MaxCommitRecords records and MaxAssumed assumptions.
	// nil means durable; ErrFenced and ErrHeadMoved mean not written; any other error means an unknown outcome.
	Commit(ctx context.Context, records []contract.Record, assumed Heads) error
	// StreamVersion is the version of the stream's last event, or 0 if there is none.
	StreamVersion(ctx context.Context, id bank.AccountID) (int64, error)
	// MayRepeat reports for each append whether an event of its stream may already carry one of its keys. It may
	// report a key that no event carries. It never misses a key of a commit that was acknowledged to this writer or
	// made before its last Acquire. Before the first Acquire it fails.
	MayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error)
}

// Reader reads a log.
type Reader interface {
	// ReadStream reads up to limit events of a stream after a version.
	ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error)
	// ReadAll reads up to about limit events of the log after a position.
	ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error)
	// FindKeys reads the events of a stream that carry one of the keys.
	FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error)
}

// Progress is what is stored beside a log: how far the relay has published it and the result of the last audit.
type Progress interface {
	// CheckOurs is ErrFenced if another writer has taken over since Acquire.
	CheckOurs(ctx context.Context) error
	// Checkpoint is the position up to which the relay has published, or 0.
	Checkpoint(ctx context.Context) (int64, error)
	// SaveCheckpoint moves the checkpoint durably. ErrFenced means that another event source publishes now.
	SaveCheckpoint(ctx context.Context, position int64) error
	// LastAudit is the newest audit that was saved, or nil.
	LastAudit(ctx context.Context) (*contract.Audit, error)
}
