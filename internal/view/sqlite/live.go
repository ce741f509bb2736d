package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Live reads the generation that is live: every call asks which one that is,
// and so follows switches that the projector makes in its process. It is safe
// for concurrent use.
type Live struct {
	path string

	mu      sync.Mutex
	current *shared
	pointer fs.FileInfo // as of which current is live; nil for none
}

var (
	_ view.Reader    = (*Live)(nil)
	_ view.Snapshots = (*Live)(nil)
)

// shared is a reader that is closed when it is live no more and nobody uses
// it.
type shared struct {
	*Reader
	number  int64
	users   int
	retired bool
}

// OpenLive opens the generations whose first one is the file at path, as
// OpenReader opens one file.
func OpenLive(ctx context.Context, path string) (*Live, error) {
	l := &Live{path: path}
	used, err := l.acquire(ctx)
	if err != nil {
		return nil, err
	}
	l.release(used)
	return l, nil
}

// acquire is the reader to use until it is released.
func (l *Live) acquire(ctx context.Context) (*shared, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.look(ctx); err != nil {
		return nil, err
	}
	l.current.users++
	return l.current, nil
}

// look follows the pointer. As long as its file is the same one, that costs a
// microsecond or two. After opening views it looks again, lest two switches in
// a row have removed them meanwhile.
func (l *Live) look(ctx context.Context) error {
	for {
		found, err := os.Stat(pointerFile(l.path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("find out which views are live: %w", err)
		}
		if l.current != nil && sameFile(found, l.pointer) {
			return nil
		}
		p, err := readPointer(l.path)
		if err != nil {
			return err
		}
		if l.current == nil || l.current.number != p.Live {
			reader, err := OpenReader(ctx, file(l.path, p.Live))
			if err != nil && l.switched(p.Live) {
				continue
			}
			if err != nil {
				return err
			}
			if l.current != nil {
				l.retire(l.current)
			}
			l.current = &shared{Reader: reader, number: p.Live}
		}
		l.pointer = found
	}
}

// switched reports whether another generation than a number is live: two
// switches in a row remove its file, for whoever still wants to open it.
func (l *Live) switched(number int64) bool {
	p, err := readPointer(l.path)
	return err == nil && p.Live != number
}

// sameFile reports whether nothing was put in place of a file; nil is none.
func sameFile(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func (l *Live) retire(s *shared) {
	s.retired = true
	if s.users == 0 {
		_ = s.Reader.Close(context.Background()) // nothing that was written depends on it
	}
}

func (l *Live) release(s *shared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.users--; s.retired && s.users == 0 {
		_ = s.Reader.Close(context.Background())
	}
}

// Close releases the files. Nobody may be reading any more.
func (l *Live) Close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current.Reader.Close(ctx)
}

// read asks the reader of the live generation, and once more if that could not
// answer and is live no more.
func read[T any](ctx context.Context, l *Live, ask func(*Reader) (T, error)) (answer T, err error) {
	for ctx.Err() == nil {
		used, err := l.acquire(ctx)
		if err != nil {
			return answer, err
		}
		answer, err = ask(used.Reader)
		l.release(used)
		if err == nil || !l.switched(used.number) {
			return answer, err
		}
	}
	return answer, ctx.Err()
}

// Account is the document, or view.ErrNotFound.
func (l *Live) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	return read(ctx, l, func(r *Reader) (view.Account, error) { return r.Account(ctx, id) })
}

// AccountByExternalID is the document, or view.ErrNotFound.
func (l *Live) AccountByExternalID(ctx context.Context, externalID string) (view.Account, error) {
	return read(ctx, l, func(r *Reader) (view.Account, error) { return r.AccountByExternalID(ctx, externalID) })
}

// ListAccounts is a page of accounts, newest first.
func (l *Live) ListAccounts(ctx context.Context, page view.Accounts) (accounts []view.Account, more bool, err error) {
	accounts, err = read(ctx, l, func(r *Reader) (found []view.Account, err error) {
		found, more, err = r.ListAccounts(ctx, page)
		return found, err
	})
	return accounts, more, err
}

// Transaction is one history line, or view.ErrNotFound.
func (l *Live) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	return read(ctx, l, func(r *Reader) (view.Transaction, error) { return r.Transaction(ctx, id, version) })
}

// History is one page of an account's lines.
func (l *Live) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return read(ctx, l, func(r *Reader) (view.Lines, error) { return r.History(ctx, id, page) })
}

// Sums adds up the lines that a filter lets through.
func (l *Live) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	return read(ctx, l, func(r *Reader) (view.Sums, error) { return r.Sums(ctx, id, filter) })
}

// References are the records that are filed under a key.
func (l *Live) References(ctx context.Context, key string) ([]contract.Record, error) {
	return read(ctx, l, func(r *Reader) ([]contract.Record, error) { return r.References(ctx, key) })
}

// StateBefore is the newest kept state that is not after a version and a time.
func (l *Live) StateBefore(ctx context.Context, id bank.AccountID, version int64, t time.Time) (view.State, error) {
	return read(ctx, l, func(r *Reader) (view.State, error) { return r.StateBefore(ctx, id, version, t) })
}

// Trial is the trial balance at the checkpoint.
func (l *Live) Trial(ctx context.Context) (view.Trial, error) {
	return read(ctx, l, func(r *Reader) (view.Trial, error) { return r.Trial(ctx) })
}

// TrialBefore is the newest kept trial balance that is not after a position and a time.
func (l *Live) TrialBefore(ctx context.Context, position int64, t time.Time) (view.Trial, error) {
	return read(ctx, l, func(r *Reader) (view.Trial, error) { return r.TrialBefore(ctx, position, t) })
}

// Checkpoint is the last position that the views reflect.
func (l *Live) Checkpoint(ctx context.Context) (int64, error) {
	return read(ctx, l, func(r *Reader) (int64, error) { return r.Checkpoint(ctx) })
}

// Snapshot is the live views as of now, whatever is live later.
func (l *Live) Snapshot(ctx context.Context) (view.Snapshot, error) {
	used, err := l.acquire(ctx)
	if err != nil {
		return nil, err
	}
	snap, err := used.Snapshot(ctx)
	if err != nil {
		l.release(used)
		return nil, err
	}
	return &heldSnapshot{Snapshot: snap, release: sync.OnceFunc(func() { l.release(used) })}, nil
}

// heldSnapshot keeps its reader open.
type heldSnapshot struct {
	view.Snapshot
	release func()
}

func (s *heldSnapshot) Close(ctx context.Context) error {
	defer s.release()
	return s.Snapshot.Close(ctx)
}
