package immudb_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
)

// keysOf are the idempotency keys, of those given, that a storage finds.
func keysOf(t *testing.T, s *immudb.Log, keys ...string) (found []string) {
	t.Helper()
	records, err := s.FindKeys(t.Context(), payments(0, 1)[0].Account, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		found = append(found, r.Key)
	}
	slices.Sort(found)
	return found
}

func sameKeys(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: found %q, want %q", what, got, want)
	}
}

// opened is a storage that has taken the log over and committed n records.
func opened(t *testing.T, config immudb.Config, first int64, n int) *immudb.Log {
	t.Helper()
	s := immudb.NewLog(config)
	if _, err := s.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), payments(first, n), nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func closed(t *testing.T, s *immudb.Log) {
	t.Helper()
	if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// The index of idempotency keys is a cache: whatever happens to its files, the
// next event source finds every key that the log has.
func TestTheIndexOfKeysIsACache(t *testing.T) {
	config := startServer(t)
	closed(t, opened(t, config, 0, 3))
	directory := filepath.Join(config.StateDir, "keys")
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.CopyFS(kept, os.DirFS(directory)); err != nil {
		t.Fatal(err)
	}
	closed(t, opened(t, config, 3, 2))

	harms := map[string]func(t *testing.T){
		"nothing": func(*testing.T) {},
		"deleted": func(t *testing.T) { remove(t, directory) },
		"older": func(t *testing.T) {
			remove(t, directory)
			if err := os.CopyFS(directory, os.DirFS(kept)); err != nil {
				t.Fatal(err)
			}
		},
		"damaged": func(t *testing.T) {
			manifests, err := filepath.Glob(filepath.Join(directory, "files", "MANIFEST-*"))
			if err != nil || len(manifests) == 0 {
				t.Fatal(manifests, err)
			}
			for _, name := range manifests {
				if err := os.WriteFile(name, []byte("garbage"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		},
		"another log's": func(t *testing.T) {
			other := config
			other.Database, other.User, other.StateDir = "another", "another", t.TempDir()
			closed(t, opened(t, other, 0, 1))
			remove(t, directory)
			if err := os.CopyFS(directory, os.DirFS(filepath.Join(other.StateDir, "keys"))); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, forge := range forgeries {
		harms[name] = func(t *testing.T) { forged(t, filepath.Join(directory, "files"), forge) }
	}
	for name, harm := range harms {
		t.Run(name, func(t *testing.T) {
			harm(t)
			s := immudb.NewLog(config)
			if _, err := s.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			sameKeys(t, name, keysOf(t, s, "key-1", "key-3", "key-5", "key-6"), "key-1", "key-3", "key-5")
			closed(t, s)
		})
	}
}

// forgeries change an index in its own format, as somebody would who can write its files: entry for entry, with all
// checksums right. Each makes commands that the log has look new, unless the index is known to be forged.
var forgeries = map[string]func(t *testing.T, b *pebble.Batch, key, value []byte){
	"keys were taken out": func(t *testing.T, b *pebble.Batch, key, _ []byte) {
		if string(key) != "seen" {
			must(t, b.Delete(key, nil))
		}
	},
	"keys name another record": func(t *testing.T, b *pebble.Batch, key, _ []byte) {
		if string(key) != "seen" {
			must(t, b.Set(key, binary.AppendUvarint(nil, 99), nil))
		}
	},
	"keys were taken out of what an earlier build stored": func(t *testing.T, b *pebble.Batch, key, value []byte) {
		if string(key) != "seen" {
			must(t, b.Delete(key, nil))
			return
		}
		var sealed struct {
			Data struct{ Seen immudb.State }
		}
		must(t, json.Unmarshal(value, &sealed))
		plain, err := json.Marshal(sealed.Data.Seen)
		must(t, errors.Join(err, b.Set(key, plain, nil)))
	},
}

func forged(t *testing.T, files string, forge func(t *testing.T, b *pebble.Batch, key, value []byte)) {
	t.Helper()
	db, err := pebble.Open(files, &pebble.Options{FormatMajorVersion: pebble.FormatNewest})
	must(t, err)
	all, err := db.NewIter(nil)
	must(t, err)
	b := db.NewBatch()
	for more := all.First(); more; more = all.Next() {
		forge(t, b, all.Key(), all.Value())
	}
	must(t, errors.Join(all.Close(), b.Commit(pebble.Sync), db.Close()))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, directory string) {
	t.Helper()
	if err := os.RemoveAll(directory); err != nil {
		t.Fatal(err)
	}
}

// Keys of a commit that was refused are in the index, and are not found: the record that the index names is checked.
func TestKeysOfARefusedCommitAreNotFound(t *testing.T) {
	config := startServer(t)
	fenced := opened(t, config, 0, 2)
	defer closed(t, fenced)
	elsewhere := config
	elsewhere.StateDir = t.TempDir()
	newer := opened(t, elsewhere, 2, 1)
	defer closed(t, newer)

	late := payments(2, 2)
	late[0].Key, late[1].Key = "late", "later" // versions 3 and 4; version 3 carries another key by now
	if err := fenced.Commit(t.Context(), late, nil); !errors.Is(err, storage.ErrFenced) {
		t.Fatalf("committed: %v", err)
	}
	sameKeys(t, "the fenced one", keysOf(t, fenced, "key-2", "key-3", "late", "later"), "key-2", "key-3")
	sameKeys(t, "the newer one", keysOf(t, newer, "key-2", "key-3", "late", "later"), "key-2", "key-3")
}

// Given an appended command; when it is appended again at an older version; then that is refused, and the first is
// still found.
func TestKeysOfACommitThatAssumedWronglyAreNotNoted(t *testing.T) {
	s := opened(t, startServer(t), 0, 5)
	defer closed(t, s)
	again := payments(2, 1) // version 3
	again[0].Key, again[0].Position = "key-5", 6
	if err := s.Commit(t.Context(), again, storage.Heads{again[0].Account: 2}); !errors.Is(err, storage.ErrHeadMoved) {
		t.Fatalf("committed: %v", err)
	}
	sameKeys(t, "the command", keysOf(t, s, "key-5"), "key-5")
	more := payments(5, 1)
	if err := s.Commit(t.Context(), more, storage.Heads{more[0].Account: 5}); err != nil {
		t.Fatal(err)
	}
	sameKeys(t, "the next", keysOf(t, s, "key-5", "key-6"), "key-5", "key-6")
}

// An event source that is not or no longer the writer also finds the writer's keys: an actor that asks a fenced event
// source would otherwise pay twice.
func TestAFencedEventSourceFindsWhatTheNextOneWrote(t *testing.T) {
	config := startServer(t)
	fenced := opened(t, config, 0, 1)
	defer closed(t, fenced)
	elsewhere := config
	elsewhere.StateDir = t.TempDir()
	newer := opened(t, elsewhere, 1, 1)
	defer closed(t, newer)
	sameKeys(t, "after the takeover", keysOf(t, fenced, "key-1", "key-2"), "key-1", "key-2")
	if err := newer.Commit(t.Context(), payments(2, 1), nil); err != nil {
		t.Fatal(err)
	}
	sameKeys(t, "after one more", keysOf(t, fenced, "key-3"), "key-3")
}

// Two event sources that share a directory do not share the index: the second fences the first at once, and has the log
// when the first has ended.
func TestASharedDirectoryWaitsForTheFencedOne(t *testing.T) {
	config := startServer(t)
	first := opened(t, config, 0, 1)
	second := immudb.NewLog(config)
	defer closed(t, second)
	_, err := second.Acquire(t.Context())
	if err == nil || !strings.Contains(err.Error(), "still in use by another event source") {
		t.Fatalf("took the log over: %v", err)
	}
	if err := first.CheckOurs(t.Context()); !errors.Is(err, storage.ErrFenced) {
		t.Errorf("the first is not fenced: %v", err)
	}
	closed(t, first)
	if _, err := second.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameKeys(t, "the second", keysOf(t, second, "key-1"), "key-1")
}

// A call that keeps failing for a reason of its own does not end the session, which others share: otherwise no call
// would have a session during a takeover.
func TestASessionIsKeptWhereAnotherHasTheIndex(t *testing.T) {
	config := startServer(t)
	first := opened(t, config, 0, 1)
	defer closed(t, first)
	second := immudb.NewLog(config)
	defer closed(t, second)
	var sessions []client.ImmuClient
	look := func(c client.ImmuClient) client.ImmuClient {
		sessions = append(sessions, c)
		return c
	}
	for range 3 {
		if err := second.Stand(t.Context(), look); err != nil {
			t.Fatal(err)
		}
		_, err := second.FindKeys(t.Context(), payments(0, 1)[0].Account, []string{"key-1"})
		if err == nil || !strings.Contains(err.Error(), "still in use by another event source") {
			t.Fatalf("found a key: %v", err)
		}
	}
	if sessions[0] != sessions[1] || sessions[1] != sessions[2] {
		t.Error("each failure took the session from all others")
	}
}

// slowReader is an immudb that returns transactions slowly.
type slowReader struct {
	client.ImmuClient
	asked, proceed chan struct{}
}

func (r slowReader) TxByIDWithSpec(ctx context.Context, request *schema.TxRequest) (*schema.Tx, error) {
	if request.EntriesSpec.KvEntriesSpec.Action == schema.EntryTypeAction_RAW_VALUE {
		select {
		case r.asked <- struct{}{}:
		default:
		}
		<-r.proceed
	}
	return r.ImmuClient.TxByIDWithSpec(ctx, request)
}

// An event source that takes over with an empty index first reads the whole log, and only then fences the writer.
func TestAWriterWritesOnWhileTheNextOneReads(t *testing.T) {
	config := startServer(t)
	first := opened(t, config, 0, 3)
	defer closed(t, first)
	config.StateDir = t.TempDir()
	second := immudb.NewLog(config)
	defer closed(t, second)
	slow := slowReader{asked: make(chan struct{}, 1), proceed: make(chan struct{})}
	between := func(c client.ImmuClient) client.ImmuClient { slow.ImmuClient = c; return slow }
	if err := second.Stand(t.Context(), between); err != nil {
		t.Fatal(err)
	}
	acquired := make(chan error, 1)
	go func() {
		_, err := second.Acquire(t.Context())
		acquired <- err
	}()
	<-slow.asked
	if err := first.Commit(t.Context(), payments(3, 1), nil); err != nil {
		t.Errorf("the writer cannot write while the next one reads: %v", err)
	}
	close(slow.proceed)
	if err := <-acquired; err != nil {
		t.Fatal(err)
	}
	if err := first.CheckOurs(t.Context()); !errors.Is(err, storage.ErrFenced) {
		t.Errorf("the first is not fenced: %v", err)
	}
	sameKeys(t, "the second", keysOf(t, second, "key-1", "key-4"), "key-1", "key-4")
}
