package eventsource

import (
	"context"
	"errors"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// ErrFenced says that a newer writer has taken over the log. The writer that
// sees it must stop: nothing it still tries to write can succeed.
var ErrFenced = errors.New("another event source has taken over the log")

// ErrHeadMoved says that nothing was committed, because a stream is at another
// version than was assumed.
var ErrHeadMoved = errors.New("a stream is at another version than was assumed")

// Heads are versions of streams: those of their last events.
type Heads map[bank.AccountID]int64

// Storage keeps the log. One value serves one event source; several values
// over the same log compete as several event sources would.
//
// Every method may fail with a fault; only ErrFenced and ErrHeadMoved have a
// meaning of their own.
// All reads see every commit that was acknowledged before they began.
type Storage interface {
	// Acquire makes this the only writer, fences all others, and returns the
	// last position of the log. It is called again after a commit whose outcome
	// is unknown: what was then in flight has landed before it returns, or
	// never will. ErrFenced says that another writer took over since the last
	// Acquire.
	Acquire(ctx context.Context) (head int64, err error)
	// Commit makes records durable in one transaction, all or none. They
	// continue the log without gaps, and their streams, which the caller has
	// checked but for those of which it only assumes at which version they were
	// before: these Commit checks. nil means durable, ErrFenced and ErrHeadMoved
	// not written, any other error that the outcome is unknown. It takes
	// maxAssumed assumptions at most.
	Commit(ctx context.Context, records []contract.Record, assumed Heads) error
	// CheckOurs is nil while no other writer has taken over since Acquire, and
	// otherwise ErrFenced.
	CheckOurs(ctx context.Context) error
	// StreamVersion is the version of the stream's last event; 0 for none.
	StreamVersion(ctx context.Context, id bank.AccountID) (int64, error)
	// ReadStream reads up to limit events of a stream after a version.
	ReadStream(ctx context.Context, id bank.AccountID, after int64, limit int) ([]contract.Record, error)
	// ReadAll reads up to about limit events of the log after a position.
	ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error)
	// FindKeys reads the events of a stream that carry one of the keys.
	FindKeys(ctx context.Context, id bank.AccountID, keys []string) ([]contract.Record, error)
	// MayRepeat tells of each append whether an event of its stream may carry the
	// key of one of its records. It may say so of one that none carries. It never
	// denies it of a commit that was acknowledged to this writer, or made before
	// its last Acquire; before the first one it fails.
	MayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error)
	// Checkpoint is the position up to which the relay has published; 0 for
	// none. SaveCheckpoint moves it, durably; ErrFenced says that the log, and
	// with it the relay's work, is another's now.
	Checkpoint(ctx context.Context) (int64, error)
	SaveCheckpoint(ctx context.Context, position int64) error
	// LastAudit is the newest audit that was kept; nil for none. SaveAudit
	// keeps another, durably.
	LastAudit(ctx context.Context) (*contract.Audit, error)
	SaveAudit(ctx context.Context, audit contract.Audit) error
	// Close releases the storage.
	Close(ctx context.Context) error
}
