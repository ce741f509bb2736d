package main_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"corebank/eventsource/immudb"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// fullDisk is an immudb whose disk can be full.
type fullDisk struct {
	t       *testing.T
	config  immudb.Config
	started []string // how the server is started
	pid     int
	said    *bytes.Buffer // read only when it has ended
	ended   chan struct{}
	storage *immudb.Log
	kept    map[bank.AccountID]int64 // acknowledged versions
	head    int64
}

func newFullDisk(t *testing.T) *fullDisk {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("Str0ng!enough\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freePort(t)
	return &fullDisk{t: t, kept: make(map[bank.AccountID]int64),
		started: []string{"immudb", "--dir", filepath.Join(t.TempDir(), "data"), "--listen", address,
			"--admin-password-file", secret},
		config: immudb.Config{Address: address, Database: "corebank", User: "eventsource",
			Password: "Writ3r!password", AdminPassword: "Str0ng!enough", StateDir: t.TempDir()}}
}

func (d *fullDisk) start() {
	d.t.Helper()
	c := command(d.t, nil, d.started...)
	d.said = new(bytes.Buffer)
	c.Stdout, c.Stderr = d.said, d.said
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.pid, d.ended = c.Process.Pid, make(chan struct{})
	go func() { defer close(d.ended); _ = c.Wait() }()
	awaitConnection(d.t, d.config.Address)
	if d.storage != nil {
		_ = d.storage.Close(context.WithoutCancel(d.t.Context())) // the server that it had a session with is gone
	}
	d.storage = immudb.NewLog(d.config)
}

func (d *fullDisk) acquire() {
	d.t.Helper()
	head, err := d.storage.Acquire(within(d.t, time.Minute))
	if err != nil {
		d.t.Fatal(err)
	}
	d.head = head
}

func (d *fullDisk) limit(bytes uint64) {
	d.t.Helper()
	if err := unix.Prlimit(d.pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil); err != nil {
		d.t.Fatal(err)
	}
}

func (d *fullDisk) hasEnded() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

// write commits one more event of some account, and keeps in mind what was
// acknowledged.
func (d *fullDisk) write(n int) bool {
	id := bank.NewAccountID("disk", fmt.Sprint(n%10))
	r := contract.Record{Position: d.head + 1, Account: id, Version: d.kept[id] + 1, Key: fmt.Sprint("k", d.kept[id]+1),
		Caller: "disk", Data: []byte(`{}`)}
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Second)
	defer cancel()
	if d.storage.Commit(ctx, []contract.Record{r}, nil) != nil {
		return false
	}
	d.head, d.kept[id] = r.Position, r.Version
	return true
}

// check finds everything that was acknowledged, by stream and by key.
func (d *fullDisk) check() {
	d.t.Helper()
	ctx := within(d.t, time.Minute)
	for id, version := range d.kept {
		records, err := d.storage.ReadStream(ctx, id, 0, 1000)
		if err != nil || int64(len(records)) < version {
			d.t.Fatalf("%s has %d events, %v; %d were acknowledged", id, len(records), err, version)
		}
		for _, r := range records {
			if found, err := d.storage.FindKeys(ctx, id, []string{r.Key}); err != nil || len(found) != 1 ||
				found[0].Version != r.Version {
				d.t.Fatalf("%s: key %s finds %+v, %v", id, r.Key, found, err)
			}
		}
	}
}

// A disk without room costs time and no event: what was acknowledged is found
// afterwards, in the log and by every key.
func TestAFullDiskLosesNothing(t *testing.T) {
	d := newFullDisk(t)
	d.start()
	d.acquire()
	for n := range 200 {
		if !d.write(n) {
			t.Fatal("the disk has room and does not take an event")
		}
	}
	d.limit(0)
	for deadline := time.Now().Add(10 * time.Second); !d.hasEnded() && time.Now().Before(deadline); {
		d.write(0)
	}
	if !d.hasEnded() {
		t.Fatal("it goes on although it cannot write")
	}
	if said := d.said.String(); !strings.Contains(said, "immudb has a fault on its disk and ends at once") {
		t.Errorf("it does not say why it ended: %s", said)
	}
	d.start()
	d.acquire()
	d.check()
	for n := range 200 {
		if id := bank.NewAccountID("disk", fmt.Sprint(n%10)); n < 10 {
			d.kept[id] = d.versionOf(id) // one whose outcome is unknown may be there
		}
		if !d.write(n) {
			t.Fatal("the disk has room again and does not take an event")
		}
	}
	d.check()
	if err := unix.Kill(d.pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-d.ended
	d.start()
	d.acquire()
	d.check()
}

func (d *fullDisk) versionOf(id bank.AccountID) int64 {
	version, err := d.storage.StreamVersion(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return version
}

// A server that was started on a full disk, by whatever, left an index that
// cannot be opened.
func TestADamagedIndexIsMadeAgain(t *testing.T) {
	d := newFullDisk(t)
	d.start()
	d.acquire()
	for n := range 50 {
		d.write(n)
	}
	if err := unix.Kill(d.pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-d.ended
	files, err := filepath.Glob(filepath.Join(d.started[2], "corebank", "index_*", "nodes", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
	}
	d.start() // it finds the damage when it is first asked, and ends
	if _, err := d.storage.Acquire(within(t, time.Minute)); err == nil {
		t.Fatal("an index without nodes was opened")
	}
	<-d.ended
	d.start()
	d.acquire()
	d.check()
}
