package immudb_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/immudb"
	"corebank/internal/bank"
)

// vandal is another session with the event source's rights.
func vandal(t *testing.T, config immudb.Config) client.ImmuClient {
	t.Helper()
	host, portText, err := net.SplitHostPort(config.Address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		t.Fatal(err)
	}
	options := client.DefaultOptions().WithAddress(host).WithPort(port).WithDir(t.TempDir()).WithDisableIdentityCheck(true)
	c := client.NewClient().WithOptions(options)
	if err := c.OpenSession(t.Context(), []byte(config.User), []byte(config.Password), config.Database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseSession(context.WithoutCancel(t.Context())) })
	return c
}

func mustSet(t *testing.T, c client.ImmuClient, entries ...string) {
	t.Helper()
	request := &schema.SetRequest{}
	for i := 0; i < len(entries); i += 2 {
		request.KVs = append(request.KVs, &schema.KeyValue{Key: []byte(entries[i]), Value: []byte(entries[i+1])})
	}
	if _, err := c.SetAll(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}

// Damaged records in the log stop neither its readers nor its writer: each becomes a record at its position that cannot
// be decoded.
func TestAStoredValueThatIsNoRecordHasItsPlace(t *testing.T) {
	config := startServer(t)
	s := immudb.NewLog(config)
	defer s.Close(context.WithoutCancel(t.Context()))
	if _, err := s.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	good := payments(0, 2)
	if err := s.Commit(t.Context(), good, nil); err != nil {
		t.Fatal(err)
	}
	ada, bob := good[0].Account, bank.NewAccountID("bob", "first")
	c := vandal(t, config)
	event := func(id bank.AccountID, version int64) string { return string(immudb.EventKey(id, version)) }
	values := []string{
		event(ada, 3), "\x00garbage",
		event(bob, 1), `[]`,
		event(bob, 2), mustJSON(good[1]),
		event(bob, 3), `{}`,
		event(bob, 4), `{"position":7}`,
		event(ada, 4), "",
	}
	mustSet(t, c, append([]string{"b/000000000000003", `{"last":8}`}, values...)...)
	mustSet(t, c, event(bank.NewAccountID("eve", "first"), 1), mustJSON(good[0])) // of no commit

	// Another event source, which knows none of this, takes over.
	config.StateDir = t.TempDir()
	next := immudb.NewLog(config)
	defer next.Close(context.WithoutCancel(t.Context()))
	if head, err := next.Acquire(t.Context()); err != nil || head != 8 {
		t.Fatalf("head %d, %v; want 8", head, err)
	}
	want := []struct {
		account bank.AccountID
		version int64
		says    string
	}{{ada, 1, ""}, {ada, 2, ""}, {ada, 3, "malformed JSON"}, {bob, 1, "a list cannot be read"},
		{bob, 2, "version 2 of \"" + string(ada)},
		{bob, 3, "version 0 of \"\""}, {bob, 4, "version 0 of \"\""}, {ada, 4, "the JSON ends too early"}}
	for _, from := range []int64{0, 1, 3} {
		records, err := next.ReadAll(t.Context(), from, 1000)
		if err != nil || len(records) != len(want)-int(from) {
			t.Fatalf("after %d: %d records, %v; want %d", from, len(records), err, len(want)-int(from))
		}
		for i, r := range records {
			w := want[i+int(from)]
			_, err := r.Event()
			if r.Position != from+int64(i)+1 || r.Account != w.account || r.Version != w.version ||
				(err == nil) != (w.says == "") ||
				err != nil && !strings.Contains(err.Error(), w.says) {
				t.Errorf("position %d is version %d of %s at %d (%v), want %+v",
					from+int64(i)+1, r.Version, r.Account, r.Position, err, w)
			}
		}
	}
	if version, err := next.StreamVersion(t.Context(), ada); err != nil || version != 4 {
		t.Errorf("Ada's stream is at version %d, %v; want 4", version, err)
	}
	stream, err := next.ReadStream(t.Context(), ada, 1, 10)
	if err != nil || len(stream) != 3 || stream[1].Version != 3 || stream[2].Version != 4 {
		t.Errorf("Ada's stream is %+v, %v", stream, err)
	}
	found, err := next.FindKeys(t.Context(), ada, []string{"three", good[1].Key})
	if err != nil || len(found) != 1 { // an unreadable record has no key
		t.Errorf("found %+v, %v by two keys", found, err)
	}
	more := payments(0, 1)
	more[0].Account, more[0].Position = bank.NewAccountID("carol", "first"), 9
	if err := next.Commit(t.Context(), more, nil); err != nil {
		t.Errorf("the log cannot be written on: %v", err)
	}
}
