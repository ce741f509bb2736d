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

// keyIndex finds the version of an account's event that carries an idempotency
// key. It is a cache on disk of what the records themselves say: deleted, it is
// read again from the log. immudb's own index could do this, but keys that are
// random made it cost three times as much, and more the longer the log is.
//
// It may know keys of records that were never committed, and of a log that
// another event source has written on since. So a version that it names is only
// where to look, and seen is how far it can be asked for what is not there.
//
// Its methods must not be called at the same time.
type keyIndex struct {
	files string // their directory
	lock  *filelock.Lock
	db    *pebble.DB
	// seen is the transaction up to which the index has everything.
	seen State
}

// Bounds of the index's memory, in bytes.
const (
	keyMemory = 16 << 20 // of keys that are not in its files yet, twice
	keyCache  = 32 << 20 // of its files' blocks
)

const (
	keyHashLength = 16
	keyBloomBits  = 10 // of memory for each key, so that one that is not there is rarely looked for
)

// keySeen is the entry of seen; those of keys have keyHashLength bytes.
var keySeen = []byte("seen")

// errKeysInUse says that another process has the index open: the event source
// that was fenced, until it ends.
var errKeysInUse = errors.New("the index of idempotency keys is still in use by another event source")

// openKeys opens the index in a directory, or begins an empty one where there
// is none, or one that cannot be read.
func openKeys(dir string) (*keyIndex, error) {
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
		slog.Warn("the index of idempotency keys cannot be read and is made anew from the log", "directory", dir, "error", err.Error())
		err = x.begin()
	}
	if err != nil {
		return nil, errors.Join(err, x.close())
	}
	return x, nil
}

func (x *keyIndex) read() (err error) {
	cache := pebble.NewCache(keyCache)
	defer cache.Unref()
	options := &pebble.Options{Cache: cache, MemTableSize: keyMemory, Logger: keyLogger{}, FormatMajorVersion: pebble.FormatNewest}
	// Hashes do not get smaller.
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

// begin makes the index an empty one.
func (x *keyIndex) begin() error {
	if x.db != nil {
		_ = x.db.Close() // what it could not write is not wanted
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

// add notes the keys of records, and that everything up to seen is there now,
// unless more was before.
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
	// Not synced: what a crash loses is read again from the log, from seen on.
	if err := x.db.Apply(b, pebble.NoSync); err != nil {
		return fmt.Errorf("write the index of idempotency keys: %w", err)
	}
	if seen.Tx > x.seen.Tx {
		x.seen = seen
	}
	return nil
}

// find is the version that carries a key; 0 for none.
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

// keyLogger keeps pebble's own messages for whoever looks for them. It ends the
// process where pebble cannot go on, as on a full disk: nothing is lost by it.
type keyLogger struct{}

func (keyLogger) Infof(format string, args ...any) {
	slog.Debug("keys: " + fmt.Sprintf(format, args...))
}
func (keyLogger) Errorf(format string, args ...any) {
	slog.Error("keys: " + fmt.Sprintf(format, args...))
}
func (keyLogger) Fatalf(format string, args ...any) {
	slog.Error("the index of idempotency keys cannot be written, the event source ends", "reason", fmt.Sprintf(format, args...))
	os.Exit(1)
}

// keyIndexHandle lets a storage's calls use its keyIndex one at a time, and opens it
// when it is first used.
type keyIndexHandle struct {
	dir  string
	turn chan *keyIndex // holds the index, nil before it is opened, unless it is in use
	// whole is the transaction of the epoch in which the index has had all keys
	// that were committed; 0 for none.
	whole atomic.Uint64
	// last is what the newest commit led to; only commits use it. The index
	// learns it with the next one's keys.
	last State
}

func newKeyIndexHandle(state string) *keyIndexHandle {
	k := &keyIndexHandle{dir: keysDirectory(state), turn: make(chan *keyIndex, 1)}
	k.turn <- nil
	return k
}

// open waits for the index, opens it if need be, and returns it with what gives
// it back.
func (k *keyIndexHandle) open(ctx context.Context) (x *keyIndex, release func(), err error) {
	select {
	case x = <-k.turn:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if x == nil {
		if x, err = openKeys(k.dir); err != nil {
			k.turn <- nil
			return nil, nil, err
		}
	}
	return x, func() { k.turn <- x }, nil
}

// find returns the versions at which the keys may be found, each once; keys that
// are not in the index are left out.
func (k *keyIndexHandle) find(ctx context.Context, id bank.AccountID, keys []string) (versions []int64, err error) {
	x, release, err := k.open(ctx)
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

// mayRepeat tells of each append whether the index has the key of one of its
// records.
func (k *keyIndexHandle) mayRepeat(ctx context.Context, appends []contract.Append) ([]bool, error) {
	x, release, err := k.open(ctx)
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

// note adds the keys of records that are being committed, and yields when that
// is done. Whether the commit happens does not matter.
func (k *keyIndexHandle) note(ctx context.Context, records []contract.Record) <-chan error {
	done := make(chan error, 1)
	go func() {
		x, release, err := k.open(ctx)
		if err == nil {
			err = x.add(records, k.last)
			release()
		}
		done <- err
	}()
	return done
}

// committed says what the newest commit led to.
func (k *keyIndexHandle) committed(after State) { k.last = after }

// close closes the index, once nobody uses it.
func (k *keyIndexHandle) close() error {
	x := <-k.turn
	k.turn <- nil
	if x == nil {
		return nil
	}
	return x.close()
}
