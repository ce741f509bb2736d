package immudb_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	immuerrors "github.com/codenotary/immudb/pkg/client/errors"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// TestReadingStreamsWritesNothing: when immudb is started, it reads and hashes again what it has written of its index.
func TestReadingStreamsWritesNothing(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := immudb.NewLog(startServerIn(t, dir))
	defer s.Close(context.WithoutCancel(ctx))
	if _, err := s.Acquire(ctx); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(dir, "data", "corebank", "index_00")
	id, first := bank.NewAccountID("read", "streams"), int64(0)
	for version := int64(1); version <= 12; version++ {
		key := fmt.Sprint("key ", version)
		if err := s.Commit(ctx, []contract.Record{{Position: version, Account: id, Version: version, Key: key, At: time.Now(),
			Type: "MoneyDeposited", Schema: 1, Data: []byte("{}")}}, nil); err != nil {
			t.Fatal(err)
		}
		if last, err := s.StreamVersion(ctx, id); err != nil || last != version {
			t.Fatalf("version %d, %v; want %d", last, err, version)
		}
		if all, err := s.ReadStream(ctx, id, 0, 100); err != nil || int64(len(all)) != version {
			t.Fatalf("%d records, %v; want %d", len(all), err, version)
		}
		if one, err := s.ReadStream(ctx, id, version-1, 1); err != nil || len(one) != 1 || one[0].Key != key {
			t.Fatalf("%v, %v; want version %d", one, err, version)
		}
		found, err := s.FindKeys(ctx, id, []string{key, "another"})
		if err != nil || len(found) != 1 || found[0].Version != version {
			t.Fatalf("%v, %v; want version %d", found, err, version)
		}
		if version == 1 {
			first = bytesIn(t, index)
		}
	}
	if grown := bytesIn(t, index) - first; grown != 0 {
		t.Errorf("immudb wrote %d bytes of its index while 12 events were appended and read", grown)
	}
}

func bytesIn(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// misplaced is an immudb that cannot read a file of its index.
type misplaced struct{ client.ImmuClient }

func (misplaced) Get(context.Context, []byte, ...client.GetOption) (*schema.Entry, error) {
	return nil, immuerrors.FromError(status.Error(codes.Unknown, "key not found")) // of the cache of opened files
}

// A fault that reads like "there is no such key" is a fault: taken for the end of a stream, it would hide an account's
// last events.
func TestAFaultIsNotTheEndOfAStream(t *testing.T) {
	ctx := t.Context()
	s := opened(t, startServer(t), 0, 3)
	defer closed(t, s)
	id := payments(0, 1)[0].Account
	faulty := func() {
		t.Helper()
		if err := s.Stand(ctx, func(c client.ImmuClient) client.ImmuClient { return misplaced{c} }); err != nil {
			t.Fatal(err)
		}
	}
	for what, read := range map[string]func() error{
		"a stream":       func() error { _, err := s.ReadStream(ctx, id, 0, 10); return err },
		"its version":    func() error { _, err := s.StreamVersion(ctx, id); return err },
		"the epoch":      func() error { return s.CheckOurs(ctx) },
		"the checkpoint": func() error { _, err := s.Checkpoint(ctx); return err },
		"the last audit": func() error { _, err := s.LastAudit(ctx); return err },
	} {
		faulty()
		if err := read(); err == nil || errors.Is(err, storage.ErrFenced) {
			t.Errorf("%s: %v, want a fault", what, err)
		}
		if err := read(); err != nil {
			t.Errorf("%s, asked again: %v", what, err)
		}
	}
}
