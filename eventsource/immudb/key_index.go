package immudb

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/filelock"
)

// keyIndex finds the version of an account's event that carries an idempotency key. It is a cache on disk of what the
// records say: if it is deleted, it is built again from the log. immudb's own index could do this, but with random keys
// it cost three times as much, and more as the log grew.
//
// The index may have keys of records that were never committed, and may lack keys that another event source has written
// since. So a version that it returns only says where to look, and a key that it lacks is absent only up to seen.
//
// Its methods must not be called concurrently.
type keyIndex struct {
	files string // their directory
	lock  *filelock.Lock
	db    *pebble.DB
	seen  State // the transaction up to which the index has all keys
}

// Bounds of the index's memory, in bytes.
const (
	keyMemory = 16 << 20 // for keys that are not in its files yet, twice
	keyCache  = 32 << 20 // for blocks of its files
)

const (
	keyHashLength = 16
	keyBloomBits  = 10 // of memory for each key, so that a key that is absent is rarely searched for on disk
)

// keySeen is the key of seen in the index; all others have keyHashLength bytes.
var keySeen = []byte("seen")

// errKeysInUse reports that another process has the index open: an event source that was fenced, until it ends.
var errKeysInUse = errors.New("the index of idempotency keys is still in use by another event source")

// openKeyIndex opens the index in a directory, or begins an empty one if there is none or it cannot be read.
func openKeyIndex(dir string) (*keyIndex, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := filelock.Try(filepath.Join(dir, "lock"))
	if held := (*filelock.HeldError)(nil); errors.As(err, &held) {
		return nil, fmt.Errorf("%w: %w", errKeysInUse, err)
	}
	if err != nil {
		return nil, err
	}
	x := &keyIndex{lock: lock, files: filepath.Join(dir, "files")}
	err = x.read()
	if err != nil {
		slog.Warn("the index of idempotency keys cannot be read and is built again from the log",
			"directory", dir, "error", err.Error())
		err = x.reset()
	}
	if err != nil {
		return nil, errors.Join(err, x.close())
	}
	return x, nil
}

func (x *keyIndex) read() (err error) {
	cache := pebble.NewCache(keyCache)
	defer cache.Unref()
	options := &pebble.Options{Cache: cache, MemTableSize: keyMemory, Logger: keyLogger{},
		FormatMajorVersion: pebble.FormatNewest}
	// Hashes cannot be compressed.
	options.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(keyBloomBits)
	}
	if x.db, err = pebble.Open(x.files, options); err != nil {
		x.db = nil
		return err
	}
	value, closer, err := x.db.Get(keySeen)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer closer.Close()
	return json.Unmarshal(value, &x.seen)
}

// reset empties the index.
func (x *keyIndex) reset() error {
	if x.db != nil {
		_ = x.db.Close() // if it cannot write its files, they are deleted anyway
	}
	x.db, x.seen = nil, State{}
	if err := os.RemoveAll(x.files); err != nil {
		return err
	}
	return x.read()
}

func (x *keyIndex) close() error {
	var failure error
	if x.db != nil {
		failure = x.db.Close()
	}
	return errors.Join(failure, x.lock.Release())
}

// add adds the keys of records, and notes that the index has all keys up to seen now, unless it already had more.
func (x *keyIndex) add(records []contract.Record, seen State) error {
	b := x.db.NewBatch()
	defer b.Close()
	for _, r := range records {
		hash := keyHash(r.Account, r.Key)
		if err := b.Set(hash[:], binary.AppendUvarint(nil, uint64(r.Version)), nil); err != nil {
			return err
		}
	}
	if seen.Tx > x.seen.Tx {
		value, err := json.Marshal(seen)
		if err != nil {
			return err
		}
		if err := b.Set(keySeen, value, nil); err != nil {
			return err
		}
	}
	// Not synced: keys that a crash loses are read again from the log, from seen on.
	if err := x.db.Apply(b, pebble.NoSync); err != nil {
		return fmt.Errorf("write the index of idempotency keys: %w", err)
	}
	if seen.Tx > x.seen.Tx {
		x.seen = seen
	}
	return nil
}

// find is the version that carries a key, or 0.
func (x *keyIndex) find(id bank.AccountID, key string) (version int64, err error) {
	hash := keyHash(id, key)
	value, closer, err := x.db.Get(hash[:])
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the index of idempotency keys: %w", err)
	}
	defer closer.Close()
	number, n := binary.Uvarint(value)
	if n <= 0 {
		return 0, fmt.Errorf("the index of idempotency keys is damaged: %x", value)
	}
	return int64(number), nil
}

func keyHash(id bank.AccountID, key string) [keyHashLength]byte {
	text := make([]byte, 0, len(id)+1+bank.MaxKeyLength)
	text = append(append(append(text, id...), '/'), key...)
	whole := sha256.Sum256(text)
	return [keyHashLength]byte(whole[:keyHashLength])
}

// keyLogger logs pebble's own messages. It ends the process when pebble cannot go on, as on a full disk: nothing is
// lost, because the index is a cache.
type keyLogger struct{}

func (keyLogger) Infof(format string, args ...any) {
	slog.Debug("keys: " + fmt.Sprintf(format, args...))
}
func (keyLogger) Errorf(format string, args ...any) {
	slog.Error("keys: " + fmt.Sprintf(format, args...))
}
func (keyLogger) Fatalf(format string, args ...any) {
	slog.Error("the index of idempotency keys cannot be written, the event source ends",
		"reason", fmt.Sprintf(format, args...))
	os.Exit(1)
}

// keyIndexHandle opens a storage's keyIndex when it is first used, and lets calls use it one at a time.
type keyIndexHandle struct {
	dir  string
	idle chan *keyIndex // holds the index while no call uses it; nil before it is opened
	// complete is the transaction of the epoch in which the index has had all committed keys, or 0.
	complete atomic.Uint64
	// last is the state after the newest commit. Only commits use it. The index learns it with the next commit's keys.
	last State
}

func newKeyIndexHandle(stateDir string) *keyIndexHandle {
	h := &keyIndexHandle{dir: filepath.Join(stateDir, "keys"), idle: make(chan *keyIndex, 1)}
	h.idle <- nil
	return h
}

// open waits for the index, opens it if needed, and returns it with a function that releases it.
func (h *keyIndexHandle) open(ctx context.Context) (x *keyIndex, release func(), err error) {
	select {
	case x = <-h.idle:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if x == nil {
		if x, err = openKeyIndex(h.dir); err != nil {
			h.idle <- nil
			return nil, nil, err
		}
	}
	return x, func() { h.idle <- x }, nil
}

// find returns the versions that may carry the keys, each once. Keys that are not in the index are left out.
func (h *keyIndexHandle) find(ctx context.Context, id bank.AccountID, keys []string) (versions []int64, err error) {
	x, release, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	for _, key := range keys {
		version, err := x.find(id, key)
		if err != nil {
			return nil, err
		}
		if version > 0 && !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	return versions, nil
}

// mayRepeat reports for each append whether the index has the key of one of its records.
func (h *keyIndexHandle) mayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	x, release, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	repeats := make([]bool, len(appends))
	for i, a := range appends {
		for _, r := range a.Records {
			version, err := x.find(a.Account, r.Key)
			if err != nil {
				return nil, err
			}
			repeats[i] = repeats[i] || version > 0
		}
	}
	return repeats, nil
}

// add adds the keys of records that are being committed, and sends the result when that is done. It does not matter
// whether the commit succeeds.
func (h *keyIndexHandle) add(ctx context.Context, records []contract.Record) <-chan error {
	done := make(chan error, 1)
	go func() {
		x, release, err := h.open(ctx)
		if err == nil {
			err = x.add(records, h.last)
			release()
		}
		done <- err
	}()
	return done
}

// committed notes the state after the newest commit.
func (h *keyIndexHandle) committed(after State) { h.last = after }

// close closes the index when no call uses it.
func (h *keyIndexHandle) close() error {
	x := <-h.idle
	h.idle <- nil
	if x == nil {
		return nil
	}
	return x.close()
}
