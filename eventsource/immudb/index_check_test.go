package immudb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"corebank/eventsource/immudb"
)

// forgetful is an immudb whose index has lost the newest writes of one key.
type forgetful struct {
	client.ImmuClient
	lost   string
	before uint64 // the newest transaction in which it still finds the key, or 0
}

func (f forgetful) GetAll(ctx context.Context, keys [][]byte) (*schema.Entries, error) {
	found, err := f.ImmuClient.GetAll(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i, entry := range found.Entries {
		if string(entry.Key) != f.lost {
			continue
		}
		if entry.Tx = f.before; f.before == 0 {
			found.Entries = slices.Delete(found.Entries, i, i+1)
		}
		break
	}
	return found, nil
}

// An immudb whose index has lost keys is not written to, and the error tells the operator what to do.
func TestADamagedIndexIsNotWrittenTo(t *testing.T) {
	config := startServer(t)
	first := immudb.NewLog(config)
	if _, err := first.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	records := payments(0, 3)
	if err := errors.Join(first.Commit(t.Context(), records, nil), first.SaveCheckpoint(t.Context(), 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Acquire(t.Context()); err != nil {
		t.Fatalf("an undamaged index: %v", err)
	}
	id := records[0].Account
	for name, index := range map[string]forgetful{
		"a record":      {lost: string(immudb.EventKey(id, 3))},
		"a commit":      {lost: "b/000000000000001"},
		"a later epoch": {lost: "epoch", before: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := immudb.NewLog(config)
			defer s.Close(context.WithoutCancel(t.Context()))
			err := s.Stand(t.Context(), func(c client.ImmuClient) client.ImmuClient {
				index.ImmuClient = c
				return index
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Acquire(t.Context())
			if !errors.Is(err, immudb.ErrIndexDamaged) ||
				!strings.Contains(err.Error(), fmt.Sprintf("%q", index.lost)) {
				t.Errorf("the log was taken over: %v", err)
			}
		})
	}
	if err := first.CheckOurs(t.Context()); err != nil {
		t.Errorf("those that refused have fenced the writer: %v", err)
	}
}

// A log from before keys were short has accounts that today's keys do not find: it is not written to.
func TestALogWithKeysOfOldIsNotWrittenTo(t *testing.T) {
	config := startServer(t)
	first := immudb.NewLog(config)
	defer first.Close(context.WithoutCancel(t.Context()))
	if _, err := first.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := payments(0, 1)[0]
	mustSet(t, vandal(t, config), fmt.Sprintf("e/%s/%012d", old.Account, old.Version), mustJSON(old),
		fmt.Sprintf("k/%s/%s", old.Account, old.Key), "1", "b/000000000000001", `{"last":1}`)
	if _, err := first.Acquire(t.Context()); !errors.Is(err, immudb.ErrOldKeys) {
		t.Errorf("taken over: %v, want %v", err, immudb.ErrOldKeys)
	}
}

// unreadable is an immudb that cannot read its index. Its answer is that of immudb 1.11.1 whose file of nodes was
// overwritten in the middle.
type unreadable struct{ client.ImmuClient }

func (unreadable) GetAll(context.Context, [][]byte) (*schema.Entries, error) {
	return nil, status.Error(codes.Unknown, "tbtree: error reading required file content")
}

// An immudb that cannot read its index is not written to, and the error tells the operator what to do.
func TestAnIndexThatCannotBeReadIsDamaged(t *testing.T) {
	config := startServer(t)
	first, s := immudb.NewLog(config), immudb.NewLog(config)
	acquire(t, first, 0)
	commit(t, first, payments(0, 3))
	defer s.Close(context.WithoutCancel(t.Context()))
	err := s.Stand(t.Context(), func(c client.ImmuClient) client.ImmuClient { return unreadable{c} })
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Acquire(t.Context())
	if !errors.Is(err, immudb.ErrIndexDamaged) || !strings.Contains(err.Error(), "tbtree") {
		t.Errorf("the log was taken over: %v", err)
	}
}
