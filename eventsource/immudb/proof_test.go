package immudb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codenotary/immudb/embedded/logger"
	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	"github.com/codenotary/immudb/pkg/server"

	"corebank/eventsource/immudb"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// serve runs a real immudb server on a directory until stop is called.
func serve(t testing.TB, dir string) (config immudb.Config, stop func(), err error) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	options := server.DefaultOptions().WithDir(dir).WithListener(lis).
		WithLogDir(t.TempDir()).WithLogfile("immudb.log").
		WithMetricsServer(false).WithWebServer(false).WithPgsqlServer(false).
		WithAdminPassword("Adm1n!password").WithSigningKey("")
	quiet := logger.NewSimpleLogger("immudb ", io.Discard)
	srv := server.DefaultServer().WithOptions(options).WithLogger(quiet).(*server.ImmuServer)
	if err := srv.Initialize(); err != nil {
		return config, nil, errors.Join(err, lis.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Start() }()
	stop = func() {
		// It panics over databases that it could not open.
		defer func() { _ = recover(); <-ended }()
		if err := srv.Stop(); err != nil {
			t.Errorf("stop immudb: %v", err)
		}
	}
	return immudb.Config{Address: lis.Addr().String(), Database: "corebank", User: "eventsource",
		Password: "Writ3r!password", AdminPassword: "Adm1n!password", StateDir: t.TempDir()}, stop, nil
}

// chronicle is a log in an immudb of its own, and the records written to it.
type chronicle struct {
	t       testing.TB
	dir     string
	records []contract.Record
}

func newChronicle(t testing.TB) *chronicle { return &chronicle{t: t, dir: t.TempDir()} }

// with runs immudb on the chronicle's directory for as long as do takes.
func (c *chronicle) with(do func(ctx context.Context, s *immudb.Log, config immudb.Config)) {
	c.t.Helper()
	config, stop, err := serve(c.t, c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	defer stop()
	s := immudb.NewLog(config)
	defer s.Close(context.WithoutCancel(c.t.Context()))
	do(c.t.Context(), s, config)
}

// write appends payments to one account, in commits of the given sizes.
func (c *chronicle) write(ctx context.Context, s *immudb.Log, commits ...int) {
	c.t.Helper()
	if _, err := s.Acquire(ctx); err != nil {
		c.t.Fatal(err)
	}
	for _, n := range commits {
		batch := payments(int64(len(c.records)), n)
		if err := s.Commit(ctx, batch, nil); err != nil {
			c.t.Fatal(err)
		}
		c.records = append(c.records, batch...)
	}
	if err := s.SaveCheckpoint(ctx, int64(len(c.records))); err != nil {
		c.t.Fatal(err)
	}
}

// payments are n records of one account's stream after a version.
func payments(after int64, n int) []contract.Record {
	id := bank.NewAccountID("ada", "first")
	records := make([]contract.Record, n)
	for i := range records {
		version := after + int64(i) + 1
		r := contract.Record{Position: version, Account: id, Version: version, Key: fmt.Sprint("key-", version),
			Caller: "ada"}
		owner := fmt.Sprintf("Ada Lovelace the %dth", version)
		if err := r.SetEvent(bank.AccountOpened{Owner: owner, Currency: "EUR", Kind: bank.Current}); err != nil {
			panic(err)
		}
		records[i] = r
	}
	return records
}

// verify reads the whole history since an earlier state, and returns it with the state that was proven.
func verify(
	ctx context.Context, s *immudb.Log, earlier *immudb.State,
) (state immudb.State, records []contract.Record, flaws []string, err error) {
	proof, err := s.Prove(ctx, earlier)
	if err != nil {
		return state, nil, nil, err
	}
	last := uint64(0)
	for tx, err := range proof.Transactions(ctx) {
		if err != nil {
			return state, records, flaws, err
		}
		if tx.ID != last+1 {
			return state, records, flaws, fmt.Errorf("transaction %d after %d", tx.ID, last)
		}
		last = tx.ID
		if age := time.Since(tx.Committed); age < -time.Second || age > time.Minute {
			return state, records, flaws, fmt.Errorf("transaction %d was committed at %s", tx.ID, tx.Committed)
		}
		records, flaws = append(records, tx.Records...), append(flaws, tx.Flaws...)
	}
	if last != proof.State.Tx {
		return state, records, flaws, fmt.Errorf("%d transactions, but the state is at %d", last, proof.State.Tx)
	}
	return proof.State, records, flaws, nil
}

// proven verifies a log that must be undamaged.
func (c *chronicle) proven(ctx context.Context, s *immudb.Log, earlier *immudb.State) immudb.State {
	c.t.Helper()
	state, records, flaws, err := verify(ctx, s, earlier)
	if err != nil || len(flaws) > 0 {
		c.t.Fatalf("an undamaged log: %v, flaws %q", err, flaws)
	}
	same := func(x, y contract.Record) bool {
		return x.Position == y.Position && x.Key == y.Key && bytes.Equal(x.Data, y.Data)
	}
	if !slices.EqualFunc(records, c.records, same) {
		c.t.Fatalf("%d records are proven, %d were written", len(records), len(c.records))
	}
	return state
}

func TestASoundHistoryIsProven(t *testing.T) {
	c := newChronicle(t)
	var first immudb.State
	c.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
		c.proven(ctx, s, nil) // before anything is written
		c.write(ctx, s, 1)
		c.proven(ctx, s, nil)
		c.write(ctx, s, 3, 500, 1, 1, 1, 1, 1, 1, 20)
		first = c.proven(ctx, s, nil)
		if again := c.proven(ctx, s, &first); again != first {
			t.Errorf("nothing happened and the state went from %v to %v", first, again)
		}
		c.write(ctx, s, 2)
		second := c.proven(ctx, s, &first)
		if second.Tx <= first.Tx {
			t.Errorf("two records were written and the state went from %v to %v", first, second)
		}
		c.proven(ctx, s, &immudb.State{})
	})
	c.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) { // after a restart
		c.write(ctx, s, 4)
		c.proven(ctx, s, &first)
	})
}

func TestAnAuditorNeedsNoRightToWrite(t *testing.T) {
	c := newChronicle(t)
	c.with(func(ctx context.Context, s *immudb.Log, config immudb.Config) {
		c.write(ctx, s, 3)
		admin := login(t, config, "immudb", config.AdminPassword, "defaultdb")
		if err := admin.CreateUser(ctx, []byte("auditor"), []byte("Aud1tor!password"), 1, config.Database); err != nil {
			t.Fatal(err)
		}
		config.User, config.Password, config.AdminPassword = "auditor", "Aud1tor!password", ""
		auditor := immudb.NewLog(config)
		defer auditor.Close(ctx)
		c.proven(ctx, auditor, nil)
		if _, err := auditor.Acquire(ctx); err == nil {
			t.Error("the auditor took the log over")
		}
	})
}

// login is a session of its own on the server.
func login(t *testing.T, config immudb.Config, user, password, database string) client.ImmuClient {
	t.Helper()
	host, port, err := net.SplitHostPort(config.Address)
	if err != nil {
		t.Fatal(err)
	}
	var number int
	if _, err := fmt.Sscan(port, &number); err != nil {
		t.Fatal(err)
	}
	c := client.NewClient().WithOptions(client.DefaultOptions().WithAddress(host).WithPort(number).
		WithDir(t.TempDir()).WithDisableIdentityCheck(true))
	if err := c.OpenSession(t.Context(), []byte(user), []byte(password), database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseSession(context.WithoutCancel(t.Context())) }) // the server may be gone
	return c
}

// Entries of other writers in the log's database are proven to be there, and are flaws.
func TestEntriesOfOthersAreFlaws(t *testing.T) {
	stored := func(r contract.Record) []byte { return []byte(mustJSON(r)) }
	next := payments(3, 1)[0]
	eventOf := func(version int64) string { return string(immudb.EventKey(next.Account, version)) }
	keyOf := func(key string) string { return string(immudb.OldKey(next.Account, key)) }
	event, key := eventOf(4), keyOf("key-4")
	tests := map[string]struct {
		write func(ctx context.Context, c client.ImmuClient) error
		flaws []string
	}{
		"a table": {func(ctx context.Context, c client.ImmuClient) error {
			_, err := c.SQLExec(ctx, "CREATE TABLE t (id INTEGER, PRIMARY KEY id)", nil)
			return err
		}, []string{
			`an entry "\x02CTL.INDEX.\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00" that does not belong to the log`,
			`an entry "\x02CTL.COLUMN.\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01INTEGER" that does not belong to the log`,
			`an entry "\x02CTL.TABLE.\x00\x00\x00\x01\x00\x00\x00\x01" that does not belong to the log`}},
		"a stranger's key": {set("note", []byte("hello")), []string{`an entry "note" that does not belong to the log`}},
		"a record without its commit": {set(event, stored(next)), []string{
			`the bounds [], but its records need ["b/000000000000004 {\"last\":4}"]`}},
		"a record with its key, of an earlier build": {
			set("b/000000000000004", []byte(`{"last":4}`), event, stored(next), key, []byte("4")), nil},
		"a record with another's key": {
			set("b/000000000000004", []byte(`{"last":4}`), event, stored(next), keyOf("key-9"), []byte("4")), []string{
				fmt.Sprintf(`an entry %q with the version ""; version 4 of %s carries its key "key-4"`, key, next.Account),
				fmt.Sprintf(`an entry %q with the version "4", and no record that carries the key`, keyOf("key-9"))}},
		"a record under another's key": {set(eventOf(9), stored(next),
			"b/000000000000004", []byte(`{"last":4}`)),
			[]string{fmt.Sprintf(`version 4 of %s under %q`, next.Account, eventOf(9))}},
		"what is no record": {set(event, []byte("hello")), []string{
			fmt.Sprintf(`a stored record is damaged: malformed JSON at byte 0: %q`, event)}},
		"an idempotency key of no record": {set(keyOf("key-2"), []byte("1")), []string{
			fmt.Sprintf(`an entry %q with the version "1", and no record that carries the key`, keyOf("key-2"))}},
		"a commit of nothing": {set("b/000000000000004", []byte(`{"last":4}`)), []string{
			`the bounds ["b/000000000000004 {\"last\":4}"], but its records need []`}},
		"a deletion": {func(ctx context.Context, c client.ImmuClient) error {
			_, err := c.Delete(ctx, &schema.DeleteKeysRequest{Keys: [][]byte{[]byte(eventOf(2))}})
			return err
		}, []string{fmt.Sprintf(`an entry %q that does not belong to the log`, "\x00"+eventOf(2))}},
		"a reference": {func(ctx context.Context, c client.ImmuClient) error {
			_, err := c.SetReference(ctx, []byte("also"), []byte("epoch"))
			return err
		}, []string{`an entry "\x00also" that does not belong to the log`}},
	}
	newChronicle(t).with(func(ctx context.Context, _ *immudb.Log, config immudb.Config) {
		databases := 0
		for name, test := range tests {
			databases++ // each test has its own
			config.Database, config.User = fmt.Sprint("corebank", databases), fmt.Sprint("eventsource", databases)
			config.StateDir = t.TempDir()
			s := immudb.NewLog(config)
			defer s.Close(ctx)
			c := &chronicle{t: t}
			c.write(ctx, s, 3)
			if err := test.write(ctx, login(t, config, config.User, config.Password, config.Database)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, _, flaws, err := verify(ctx, s, nil); err != nil || !slices.Equal(flaws, test.flaws) {
				t.Errorf("%s: %v, flaws are\n%s\nwant\n%s", name, err, strings.Join(flaws, "\n"), strings.Join(test.flaws, "\n"))
			}
		}
	})
}

// set writes entries: keys and values in turn.
func set(entries ...any) func(context.Context, client.ImmuClient) error {
	return func(ctx context.Context, c client.ImmuClient) error {
		var kvs []*schema.KeyValue
		for i := 0; i < len(entries); i += 2 {
			kvs = append(kvs, &schema.KeyValue{Key: []byte(entries[i].(string)), Value: entries[i+1].([]byte)})
		}
		_, err := c.SetAll(ctx, &schema.SetRequest{KVs: kvs})
		return err
	}
}
