package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codenotary/immudb/embedded/logger"
	"github.com/codenotary/immudb/pkg/server"

	"corebank/backup"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

const password, adminPassword = "Writ3r!password", "Adm1n!password"

// serve runs a real immudb on a directory until stop is called.
func serve(dir, admin string) (address string, stop func() error, err error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	options := server.DefaultOptions().WithDir(dir).WithListener(lis).WithMetricsServer(false).WithWebServer(false).
		WithPgsqlServer(false).WithAdminPassword(admin).WithForceAdminPassword(true).WithSigningKey("")
	quiet := logger.NewSimpleLogger("immudb ", new(bytes.Buffer))
	srv := server.DefaultServer().WithOptions(options).WithLogger(quiet).(*server.ImmuServer)
	if err := srv.Initialize(); err != nil {
		return "", nil, errors.Join(err, lis.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Start() }()
	stop = func() (err error) {
		defer func() {
			_ = recover() // immudb 1.11 panics if it could not open a database
		}()
		err = srv.Stop()
		<-ended
		return err
	}
	return lis.Addr().String(), stop, nil
}

// branch is a bank's log with its records, which the test writes as its event sources and its sequencer would.
type branch struct {
	t        *testing.T
	data     datadir.Dir // where it is
	config   storedlog.Config
	logs     []*immudb.Log
	sequence *immudb.SequenceLog
	heads    []int64
	cut      storage.Cut
	accounts map[bank.AccountID]bank.Account
	whole    []contract.Record
}

func newBranch(t *testing.T, partitions int) *branch {
	t.Helper()
	data := datadir.Dir{Path: filepath.Join(t.TempDir(), "bank"), Partitions: partitions}
	address, stop, err := serve(data.Immudb(), adminPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	b := &branch{t: t, data: data, heads: make([]int64, partitions), accounts: make(map[bank.AccountID]bank.Account),
		cut: storage.Cut{Ends: make([]int64, partitions)}}
	b.write(data.AdminPassword(), adminPassword)
	for part := range partitions + 1 {
		b.write(data.WriterPassword(part), password)
	}
	b.config = storedlog.Config{PasswordFile: data.WriterPassword(0), Partitions: partitions, Immudb: immudb.Config{
		Address:  address,
		Database: "corebank", User: "eventsource", AdminPassword: adminPassword, StateDir: t.TempDir()}}
	complete := b.config
	if err := complete.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, database := range complete.Databases() {
		database.StateDir = t.TempDir()
		if database.Partition.IsSequence() {
			b.sequence = immudb.NewSequenceLog(database)
			_, err = b.sequence.Acquire(t.Context())
		} else {
			log := immudb.NewLog(database)
			b.logs = append(b.logs, log)
			_, err = log.Acquire(t.Context())
			t.Cleanup(func() { _ = log.Close(context.WithoutCancel(t.Context())) })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b *branch) write(file, text string) {
	b.t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(text+"\n"), 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

var opened = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// do has an account decide a command, and writes the event. Each is decided a second after the one before.
func (b *branch) do(id bank.AccountID, c bank.Command) {
	b.t.Helper()
	b.doAs(id, fmt.Sprint("key-", len(b.whole)), c)
}

// doAs is do with an idempotency key.
func (b *branch) doAs(id bank.AccountID, key string, c bank.Command) {
	b.t.Helper()
	account := b.accounts[id]
	account.ID = id
	event, refusal := account.Decide(c, bank.Circumstances{})
	if refusal != nil {
		b.t.Fatal(refusal.Message)
	}
	position := int64(len(b.whole)) + 1
	part := contract.PartitionOf(id, len(b.logs)) - 1
	b.heads[part]++
	r := contract.Record{Position: b.heads[part], Account: id, Version: account.Version + 1,
		At: opened.Add(time.Duration(position) * time.Second), Key: key, Caller: "ada",
		RequestHash: strings.Repeat("0a", 16)}
	if err := r.SetEvent(event); err != nil {
		b.t.Fatal(err)
	}
	if err := b.logs[part].Commit(b.t.Context(), []contract.Record{r}, nil); err != nil {
		b.t.Fatal(err)
	}
	b.accounts[id] = account.Apply(event, r.At)
	r.Position = position
	b.whole = append(b.whole, r)
	if b.sequence == nil {
		return
	}
	next := storage.Cut{Number: b.cut.Number + 1, Ends: append([]int64{}, b.heads...), Marks: []contract.Mark{r.Mark()}}
	if err := b.sequence.Add(b.t.Context(), next); err != nil {
		b.t.Fatal(err)
	}
	b.cut = next
}

// work opens accounts and pays into them.
func (b *branch) work(accounts, deposits int) {
	b.t.Helper()
	for n := range accounts {
		key := fmt.Sprint("account-", len(b.whole), "-", n)
		b.doAs(bank.NewAccountID("ada", key), key, bank.OpenAccount{Owner: "Ada", Currency: "EUR"})
	}
	for range deposits {
		for id := range b.accounts {
			b.do(id, bank.Deposit{Amount: bank.Money{Minor: 100, Currency: "EUR"}})
		}
	}
}

func (b *branch) backUp(out string) (said string, err error) {
	var text strings.Builder
	config := backup.Config{Config: b.config, Out: out, Busy: 100}
	if err := config.Check(); err != nil {
		b.t.Fatal(err)
	}
	err = backup.Run(b.t.Context(), config, &text, new(bytes.Buffer))
	return text.String(), err
}

func inProcess(_ context.Context, data datadir.Dir) (string, func() error, error) {
	admin, err := secrets.ReadFile(data.AdminPassword())
	if err != nil {
		return "", nil, err
	}
	return serve(data.Immudb(), admin)
}

// restore makes a bank of a backup, and returns its directory and what was said.
func (b *branch) restore(c backup.RestoreConfig) (data, said string) {
	b.t.Helper()
	c.Data, c.Immudb = filepath.Join(b.t.TempDir(), "bank"), inProcess
	var out strings.Builder
	if err := backup.Restore(b.t.Context(), c, &out, new(bytes.Buffer)); err != nil {
		b.t.Fatal(err)
	}
	return c.Data, out.String()
}

// has fails unless the bank in a directory has the first records of the log, or some of them if it may be wherever, and
// takes the next.
func (b *branch) has(path string, records int) {
	b.t.Helper()
	data := datadir.Dir{Path: path, Partitions: len(b.logs)}
	admin, err := secrets.ReadFile(data.AdminPassword())
	if err != nil {
		b.t.Fatal(err)
	}
	address, stop, err := serve(data.Immudb(), admin)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = stop() }()
	config := storedlog.Config{PasswordFile: data.WriterPassword(0), Partitions: len(b.logs), Immudb: immudb.Config{
		Address: address, Database: "corebank", User: "eventsource"}}
	if err := config.Complete(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	heads, next := make([]int64, len(b.logs)), 0
	for i := range heads {
		heads[i] = min(0, int64(records))
	}
	for _, r := range b.whole[:max(0, records)] {
		heads[contract.PartitionOf(r.Account, len(b.logs))-1]++
	}
	for _, database := range config.Databases() {
		database.StateDir = b.t.TempDir()
		if database.Partition.IsSequence() {
			continue
		}
		b.sameLog(b.logs[next], database, heads[next])
		next++
	}
}

// wherever is a position for sameLog that may be any.
const wherever = -1

// sameLog fails unless a database has the records of a log up to a position, its id and its keys.
func (b *branch) sameLog(want *immudb.Log, database immudb.Config, head int64) {
	b.t.Helper()
	ctx := b.t.Context()
	log := immudb.NewLog(database)
	defer log.Close(context.WithoutCancel(ctx))
	got, err := log.Acquire(ctx)
	if head == wherever {
		head = got
	}
	if err != nil || got != head {
		b.t.Fatalf("the restored log ends at %d (%v), want %d", got, err, head)
	}
	wantID, _ := want.LogID(ctx)
	if id, err := log.LogID(ctx); err != nil || id != wantID {
		b.t.Errorf("the restored log is %q (%v), want %q", id, err, wantID)
	}
	wanted, err := want.ReadAll(ctx, 0, int(head))
	if err != nil {
		b.t.Fatal(err)
	}
	restored, err := log.ReadAll(ctx, 0, 1000)
	if err != nil || len(restored) != int(head) {
		b.t.Fatalf("%d records (%v), want %d", len(restored), err, head)
	}
	for i, r := range restored {
		if r.Position != wanted[i].Position || r.Mark() != wanted[i].Mark() {
			b.t.Fatalf("restored %+v, want %+v", r, wanted[i])
		}
		found, err := log.FindKeys(ctx, r.Account, []string{r.Key})
		if err != nil || len(found) != 1 || found[0].Mark() != r.Mark() {
			b.t.Errorf("the key %q finds %v (%v)", r.Key, found, err)
		}
	}
}

// Given a bank that is backed up, goes on, and is backed up again; then a bank is made of the backup as of its end, a
// position and a moment.
func TestABankIsMadeOfItsBackup(t *testing.T) {
	for _, partitions := range []int{1, 3} {
		t.Run(fmt.Sprintf("partitions=%d", partitions), func(t *testing.T) {
			b, out := newBranch(t, partitions), filepath.Join(t.TempDir(), "backup")
			b.work(4, 3)
			for _, says := range []string{"Backed up 16 records, positions 1 to 16", "Nothing is new"} {
				if said, err := b.backUp(out); err != nil || !strings.Contains(said, says) {
					t.Fatalf("%s (%v), want %q", said, err, says)
				}
			}
			b.work(1, 2)
			if said, err := b.backUp(out); err != nil || !strings.Contains(said, "positions 17 to 27") {
				t.Fatalf("%s (%v)", said, err)
			}
			var drilled strings.Builder
			if err := backup.Drill(t.Context(), backup.RestoreConfig{From: out, Immudb: inProcess}, &drilled,
				new(bytes.Buffer)); err != nil || !strings.Contains(drilled.String(), "The drill succeeded") {
				t.Errorf("%s (%v)", &drilled, err)
			}
			all, said := b.restore(backup.RestoreConfig{From: out})
			if !strings.Contains(said, "up to position 27") || !strings.Contains(said, "found nothing wrong") {
				t.Error(said)
			}
			b.has(all, 27)
			some, said := b.restore(backup.RestoreConfig{From: out, ToPosition: 20})
			if !strings.Contains(said, "goes on to position 27") {
				t.Error(said)
			}
			b.has(some, 20)
			then, _ := b.restore(backup.RestoreConfig{From: out, ToTime: opened.Add(9500 * time.Millisecond).
				Format(time.RFC3339Nano)})
			b.has(then, 9)
			c := backup.RestoreConfig{From: out, Data: all, Immudb: inProcess}
			if err := backup.Restore(t.Context(), c, &strings.Builder{}, &strings.Builder{}); err == nil ||
				!strings.Contains(err.Error(), "has a bank already") {
				t.Errorf("into a bank: %v", err)
			}
		})
	}
}

// Given a backup and a log that is not the one it has; then nothing is added, and the backup stays as it is.
func TestAnotherPastIsNotAdded(t *testing.T) {
	b, out := newBranch(t, 1), filepath.Join(t.TempDir(), "backup")
	b.work(2, 3)
	if _, err := b.backUp(out); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	other := newBranch(t, 1)
	other.work(3, 4)
	if _, err := other.backUp(out); err == nil || !strings.Contains(err.Error(), "another bank") {
		t.Errorf("another bank's log: %v", err)
	}
	past, _ := b.restore(backup.RestoreConfig{From: out, ToPosition: 5})
	data := datadir.Dir{Path: past, Partitions: 1}
	admin, err := secrets.ReadFile(data.AdminPassword())
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := serve(data.Immudb(), admin)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	c := backup.Config{Out: out, Busy: 100, Config: storedlog.Config{PasswordFile: data.WriterPassword(0), Partitions: 1,
		Immudb: immudb.Config{Address: address, Database: "corebank", User: "eventsource"}}}
	if err := backup.Run(t.Context(), c, &strings.Builder{}, &strings.Builder{}); err == nil ||
		!strings.Contains(err.Error(), "an earlier copy of it was restored") {
		t.Errorf("an earlier copy of the log: %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(out, "manifest.json")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the backup has changed: %v", err)
	}
}

func TestARestoreThatCannotBeRightMakesNoBank(t *testing.T) {
	b, out := newBranch(t, 1), filepath.Join(t.TempDir(), "backup")
	b.work(1, 3)
	if _, err := b.backUp(out); err != nil {
		t.Fatal(err)
	}
	segment := filepath.Join(out, "segment-000000000000001.zst")
	content, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(segment, content, 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "bank")
	c := backup.RestoreConfig{From: out, Data: data, Immudb: inProcess}
	if err := backup.Restore(t.Context(), c, &strings.Builder{}, &strings.Builder{}); err == nil ||
		!strings.Contains(err.Error(), segment) {
		t.Errorf("from a damaged file: %v", err)
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory was made: %v", err)
	}
}
