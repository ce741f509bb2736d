package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view/sqlite"
)

// divided is the log of a bank with two partitions that an audit can look at.
type divided struct {
	t     *testing.T
	dir   string
	parts []*immudb.Log
	order *immudb.SequenceLog
	ends  []int64 // of what was written to the partitions
	round storage.Cut
	stop  func() // ends immudb
}

// close ends what newDivided started, while the test's context still lasts.
func (d *divided) close() {
	d.t.Helper()
	err := d.order.Close(d.t.Context())
	for _, part := range d.parts {
		err = errors.Join(err, part.Close(d.t.Context()))
	}
	if err != nil {
		d.t.Error(err)
	}
	d.stop()
}

func newDivided(t *testing.T) *divided {
	t.Helper()
	d := &divided{t: t, dir: t.TempDir(), ends: make([]int64, 2), round: storage.Cut{Ends: make([]int64, 2)}}
	address := freePort(t)
	for file, text := range map[string]string{"admin": "Adm1n!password", "partitions.json": `{"partitions":2}`,
		"secrets/immudb-eventsource": auditedPassword, "secrets/immudb-eventsource-1": auditedPassword,
		"secrets/immudb-eventsource-2": auditedPassword,
		"run.json":                     `{"immudb":"` + address + `","gateway":"http://127.0.0.1:1"}`} {
		path := filepath.Join(d.dir, filepath.FromSlash(file))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700),
			os.WriteFile(path, []byte(text+"\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	_, d.stop = service(t, "immudb", "--dir", filepath.Join(d.dir, "immudb"), "--listen", address,
		"--admin-password-file", filepath.Join(d.dir, "admin"))
	awaitConnection(t, address)
	config := immudb.Config{Address: address, Database: "corebank", User: "eventsource", Password: auditedPassword,
		AdminPassword: "Adm1n!password", Partition: storage.Partition{Of: 2}, StateDir: t.TempDir()}
	d.order = immudb.NewSequenceLog(config)
	if _, err := d.order.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	for number := 1; number <= 2; number++ {
		config := config
		config.Database, config.User = fmt.Sprint("corebank_", number), fmt.Sprint("eventsource_", number)
		config.Partition.Number, config.StateDir = number, t.TempDir()
		part := immudb.NewLog(config)
		if _, err := part.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.parts = append(d.parts, part)
	}
	views, err := sqlite.Open(t.Context(), filepath.Join(d.dir, "views.db"), sqlite.Options{})
	if err = errors.Join(err, views.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return d
}

// open opens the account of a name, in the partition of a number.
func (d *divided) open(name string, partition int, after *contract.PartitionPosition) {
	d.t.Helper()
	d.ends[partition-1]++
	r := contract.Record{Position: d.ends[partition-1], Account: bank.NewAccountID("ada", name), Version: 1, After: after,
		At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Key: name, Caller: "ada", RequestHash: strings.Repeat("0a", 16)}
	err := r.SetEvent(bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Current})
	if err = errors.Join(err, d.parts[partition-1].Commit(d.t.Context(), []contract.Record{r}, nil)); err != nil {
		d.t.Fatal(err)
	}
}

// home opens the account of a name where it belongs.
func (d *divided) home(name string) int {
	d.t.Helper()
	partition := contract.PartitionOf(bank.NewAccountID("ada", name), 2)
	d.open(name, partition, nil)
	return partition
}

// cut makes the next round.
func (d *divided) cut(ends ...int64) {
	d.t.Helper()
	d.round = storage.Cut{Number: d.round.Number + 1, Ends: ends}
	if err := d.order.Add(d.t.Context(), d.round); err != nil {
		d.t.Fatal(err)
	}
}

func (d *divided) audit() audit.Report {
	d.t.Helper()
	got := corebank(d.t, nil, "audit", "--data", d.dir, "--json")
	var report audit.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		d.t.Fatalf("%v: %+v", err, got)
	}
	return report
}

// found are the findings, without those that follow from them.
func found(r audit.Report, rule laws.Law) (texts []string) {
	for _, f := range r.Findings {
		if f.Law == rule {
			texts = append(texts, f.String())
		}
	}
	return texts
}

// Given two partitions whose order ends before they do; then all that is ordered
// is sound, what is newer waits, and the next audit goes on from this one.
func TestAnAuditOfTwoPartitions(t *testing.T) {
	d := newDivided(t)
	defer d.close()
	for n := range 8 {
		d.home(fmt.Sprint("early ", n))
	}
	d.cut(d.ends[0], 0)
	d.cut(d.ends[0], d.ends[1])
	d.home("late")
	first := d.audit()
	if !first.OK || first.Records != 8 || first.Accounts != 8 || first.Waiting != 1 || len(first.Proof.Partitions) != 2 {
		t.Errorf("%+v", first)
	}
	d.cut(d.ends...)
	if second := d.audit(); !second.OK || second.Records != 9 || second.Waiting != 0 || second.Proof.Since == nil ||
		second.Proof.Partitions[1].Since == nil {
		t.Errorf("%+v", second)
	}
}

// Each of these is found, and said.
func TestAnAuditFindsWhatTheOrderGetsWrong(t *testing.T) {
	d := newDivided(t)
	defer d.close()
	away := 3 - contract.PartitionOf(bank.NewAccountID("ada", "astray"), 2)
	d.open("astray", away, nil)
	d.cut(d.ends...)
	home := d.home("early")
	other := 3 - home
	d.open("caused", contract.PartitionOf(bank.NewAccountID("ada", "caused"), 2),
		&contract.PartitionPosition{Partition: 2, Position: 99})
	d.cut(d.ends...)
	beyond := append([]int64{}, d.ends...)
	beyond[other-1] += 2
	d.cut(beyond...)
	texts := strings.Join(found(d.audit(), laws.Order), "\n")
	for what, want := range map[string]string{
		"a record in the wrong partition": fmt.Sprintf("found a record of it in partition %d", away),
		"a record before its cause":       "its cause is at position 99 of partition 2",
		"a cut beyond the end of a partition": fmt.Sprintf("found partition %d, which ends before its position %d", other,
			d.ends[other-1]+1),
	} {
		if !strings.Contains(texts, want) {
			t.Errorf("%s is not found in\n%s", what, texts)
		}
	}
	d.round.Number++
	d.cut(beyond...)
	if texts := strings.Join(found(d.audit(), laws.Order), "\n"); !strings.Contains(texts, "cannot follow cut") {
		t.Errorf("a cut that skips a number is not found in\n%s", texts)
	}
}
