package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"corebank/internal/view"
	"corebank/internal/view/live"
)

// Live reads the generation that is live: every call checks which one that is,
// and so follows switches that the projector makes in its process. It is safe
// for concurrent use.
type Live struct {
	live.Reader
	path string

	mu      sync.Mutex
	current *sharedReader
	pointer fs.FileInfo // of the pointer file when current was opened; nil if there was none
}

var (
	_ view.Reader    = (*Live)(nil)
	_ view.Snapshots = (*Live)(nil)
)

// sharedReader is a reader that is closed when it is no longer live and no
// longer used.
type sharedReader struct {
	*Reader
	number  int64
	users   int
	retired bool
}

// OpenLive opens the generations whose first one is the file at path, as
// OpenReader opens one file.
func OpenLive(ctx context.Context, path string) (*Live, error) {
	l := &Live{path: path}
	l.Reader.Use = l.use
	used, err := l.acquire(ctx)
	if err != nil {
		return nil, err
	}
	l.release(used)
	return l, nil
}

// acquire is the reader to use until it is released.
func (l *Live) acquire(ctx context.Context) (*sharedReader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.follow(ctx); err != nil {
		return nil, err
	}
	l.current.users++
	return l.current, nil
}

// follow follows the pointer file. While the file is the same, that takes one or
// two microseconds. After it has opened views it checks again, because two
// switches in a row may have removed them in the meantime.
func (l *Live) follow(ctx context.Context) error {
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
			l.current = &sharedReader{Reader: reader, number: p.Live}
		}
		l.pointer = found
	}
}

// switched reports whether another generation is live. Two switches in a row
// remove the file of a generation, even for a reader that is about to open it.
func (l *Live) switched(number int64) bool {
	p, err := readPointer(l.path)
	return err == nil && p.Live != number
}

// sameFile reports whether a file was not replaced; nil is none.
func sameFile(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func (l *Live) retire(s *sharedReader) {
	s.retired = true
	if s.users == 0 {
		_ = s.Reader.Close(context.Background()) // it only reads: an error loses nothing
	}
}

func (l *Live) release(s *sharedReader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.users--; s.retired && s.users == 0 {
		_ = s.Reader.Close(context.Background())
	}
}

// Close releases the files. No reads may be running.
func (l *Live) Close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current.Reader.Close(ctx)
}

// use reads the live generation, and once more if that failed and the
// generation is no longer live.
func (l *Live) use(ctx context.Context, read func(view.Reader) error) error {
	for ctx.Err() == nil {
		used, err := l.acquire(ctx)
		if err != nil {
			return err
		}
		err = read(used.Reader)
		l.release(used)
		if err == nil || !l.switched(used.number) {
			return err
		}
	}
	return ctx.Err()
}

// Snapshot is the live views as of now, even after a later switch.
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
