package immudb

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

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
// It carries a code by a key that only the event source has, see [keySeal]. An index whose code is wrong is built again
// as well.
//
// The index may have keys of records that were never committed, and may lack keys that another event source has written
// since. So a version that it returns only says where to look, and a key that it lacks is absent only up to seen.
//
// Its methods must not be called concurrently.
type keyIndex struct {
	files string // their directory
	lock  *filelock.Lock
	db    *pebble.DB
	seal  keySeal
	seen  State  // the transaction up to which the index has all keys
	sum   keySum // of its entries
	// known has the versions, or 0, that were looked up or added lately: a commit's keys are looked up before they are
	// added.
	known map[[keyHashLength]byte]int64
}

// Bounds of the index's memory, in bytes.
const (
	keyMemory = 16 << 20 // for keys that are not in its files yet, twice
	keyCache  = 32 << 20 // for blocks of its files

	maxKnownKeys = 10_000 // that are looked up or added without a look at the files
)

const (
	keyHashLength = 16
	keyBloomBits  = 10 // of memory for each key, so that a key that is absent is rarely searched for on disk
)

// keySeen is the key of seen in the index; all others have keyHashLength bytes.
var keySeen = []byte("seen")

// errKeysInUse reports that another process has the index open: an event source that was fenced, until it ends.
var errKeysInUse = errors.New("the index of idempotency keys is still in use by another event source")

// openKeyIndex opens the index of a log, or begins an empty one if there is none or it cannot be used.
func openKeyIndex(config Config) (*keyIndex, error) {
	seal, err := newKeySeal(config.Database, config.Password)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(config.StateDir, "keys")
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
	x := &keyIndex{lock: lock, seal: seal, files: filepath.Join(dir, "files"), known: make(map[[keyHashLength]byte]int64)}
	err = x.read()
	if err != nil {
		slog.Warn("the index of idempotency keys cannot be used and is built again from the log",
			"directory", dir, "reason", err.Error())
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
		return x.verify() // that it is empty
	}
	if err != nil {
		return err
	}
	defer closer.Close()
	var sealed sealedSeen
	if err := x.seal.key.Open(x.seal.name, value, &sealed); err != nil {
		return err
	}
	x.seen, x.sum = sealed.Seen, sealed.Sum
	return x.verify()
}

// reset empties the index.
func (x *keyIndex) reset() error {
	if x.db != nil {
		_ = x.db.Close() // if it cannot write its files, they are deleted anyway
	}
	x.db, x.seen, x.sum = nil, State{}, keySum{}
	clear(x.known)
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
func (x *keyIndex) add(records []contract.Record, seen State) (err error) {
	defer func() {
		if err != nil {
			clear(x.known) // it has what may not be in the index
		}
	}()
	b := x.db.NewBatch()
	defer b.Close()
	after := sealedSeen{Seen: x.seen, Sum: x.sum}
	for _, r := range records {
		hash := keyHash(r.Account, r.Key)
		before, err := x.version(hash)
		if err != nil {
			return err
		}
		if before == r.Version {
			continue
		}
		if before > 0 {
			after.Sum.remove(x.seal.entry(hash[:], before))
		}
		after.Sum.add(x.seal.entry(hash[:], r.Version))
		x.note(hash, r.Version)
		if err := b.Set(hash[:], binary.AppendUvarint(nil, uint64(r.Version)), nil); err != nil {
			return err
		}
	}
	if seen.Tx > x.seen.Tx {
		after.Seen = seen
	}
	value, err := x.seal.key.Seal(x.seal.name, after)
	if err != nil {
		return err
	}
	if err := b.Set(keySeen, value, nil); err != nil {
		return err
	}
	// Not synced: keys that a crash loses are read again from the log, from seen on. Pebble loses the latest batches, and
	// none in part, so that the code is that of what is left.
	defer endIfUnwritable()
	if err := x.db.Apply(b, pebble.NoSync); err != nil {
		return fmt.Errorf("write the index of idempotency keys: %w", err)
	}
	x.seen, x.sum = after.Seen, after.Sum
	return nil
}

// find is the version that carries a key, or 0.
func (x *keyIndex) find(id bank.AccountID, key string) (version int64, err error) {
	return x.version(keyHash(id, key))
}

// version is the version that carries the key with a hash, or 0.
func (x *keyIndex) version(hash [keyHashLength]byte) (int64, error) {
	if version, known := x.known[hash]; known {
		return version, nil
	}
	value, closer, err := x.db.Get(hash[:])
	if errors.Is(err, pebble.ErrNotFound) {
		x.note(hash, 0)
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
	x.note(hash, int64(number))
	return int64(number), nil
}

// note remembers the version of a key.
func (x *keyIndex) note(hash [keyHashLength]byte, version int64) {
	if len(x.known) >= maxKnownKeys {
		clear(x.known)
	}
	x.known[hash] = version
}

func keyHash(id bank.AccountID, key string) [keyHashLength]byte {
	text := make([]byte, 0, len(id)+1+bank.MaxKeyLength)
	text = append(append(append(text, id...), '/'), key...)
	whole := sha256.Sum256(text)
	return [keyHashLength]byte(whole[:keyHashLength])
}

// endIfUnwritable ends the process in words where pebble 2.1 panics because a write to its log fails.
func endIfUnwritable() {
	if reason := recover(); reason != nil {
		keyLogger{}.Fatalf("%v", reason)
	}
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
