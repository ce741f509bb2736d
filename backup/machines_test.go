package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corebank/backup"
	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

// onMachines is the log of a bank with an immudb on each of three machines.
func onMachines(t *testing.T, addresses []string) immudb.Config {
	config := immudb.Config{Addresses: addresses, Copies: 2, Database: "corebank", User: "eventsource", Password: password,
		AdminPassword: adminPassword, StateDir: t.TempDir()}
	config.Machines = immudb.NewMachines(config, slog.New(slog.DiscardHandler))
	return config
}

// newMachines is a bank on three machines, with its log in an immudb on each.
func newMachines(t *testing.T) (b *branch, machines *immudb.Machines, addresses []string) {
	t.Helper()
	b = &branch{t: t, heads: make([]int64, 1), accounts: make(map[bank.AccountID]bank.Account),
		cut: storage.Cut{Ends: make([]int64, 1)}, data: datadir.Dir{Path: filepath.Join(t.TempDir(), "bank"), Partitions: 1}}
	b.write(b.data.AdminPassword(), adminPassword)
	b.write(b.data.WriterPassword(0), password)
	var running datadir.Running
	for number := 1; number <= 3; number++ {
		machine := b.data.MachineDir(number)
		address, stop, err := serve(machine.Immudb(), adminPassword)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = stop() })
		if err := machine.WriteRunning(datadir.Running{Immudb: address}); err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, address)
		running.Machines = append(running.Machines, datadir.Machine{Number: number, Data: machine.Path})
	}
	if err := b.data.WriteRunning(running); err != nil {
		t.Fatal(err)
	}
	config := onMachines(t, addresses)
	log := immudb.NewLog(config)
	t.Cleanup(func() { _ = log.Close(context.WithoutCancel(t.Context())) })
	if _, err := log.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.logs = []*immudb.Log{log}
	return b, config.Machines, addresses
}

// Given a bank on three machines; then its backup is read from the one that takes commits, and from another one after
// that has taken over.
func TestABackupReadsTheMachineThatTakesCommits(t *testing.T) {
	b, machines, addresses := newMachines(t)
	b.work(2, 3)
	backUp := func(out string) string {
		t.Helper()
		var said strings.Builder
		config := backup.Config{Config: storedlog.Config{Data: b.data.Path, Partitions: 1,
			Immudb: immudb.Config{Database: "corebank", User: "eventsource"}}, Out: out, Busy: 100}
		if err := backup.Run(t.Context(), config, &said, new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
		return said.String()
	}
	out := filepath.Join(t.TempDir(), "backup")
	if said := backUp(out); !strings.Contains(said, fmt.Sprintf("positions 1 to %d", len(b.whole))) {
		t.Error(said)
	}
	if err := machines.Failover(t.Context(), copies.Wish{To: addresses[1]}, false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if said := backUp(out); !strings.Contains(said, "Nothing is new") {
		t.Error(said)
	}
	restored, _ := b.restore(backup.RestoreConfig{From: out})
	b.has(restored, len(b.whole))
}

// Given the backup of a bank; when it is restored to three machines, then the first has the log, the others copy it,
// and it is all there when the first is lost.
func TestABackupIsRestoredToThreeMachines(t *testing.T) {
	b, out := newBranch(t, 1), filepath.Join(t.TempDir(), "backup")
	b.work(2, 3)
	if _, err := b.backUp(out); err != nil {
		t.Fatal(err)
	}
	restored, said := b.restore(backup.RestoreConfig{From: out, Machines: 3})
	if !strings.Contains(said, "corebank up --data "+restored+" --machines 3\n") {
		t.Error(said)
	}
	root, err := datadir.OpenMachines(restored, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	admin, err := secrets.ReadFile(root.AdminPassword())
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	stops := make(map[string]func() error)
	for number := 1; number <= root.Count(); number++ {
		machine, err := root.Machine(number)
		if err != nil || machine.Copied() {
			t.Fatalf("machine %d: %v; its data is taken for a copy: %v", number, err, err == nil)
		}
		address, stop, err := serve(machine.Immudb(), admin)
		if err != nil {
			t.Fatal(err)
		}
		addresses, stops[address] = append(addresses, address), stop
		t.Cleanup(func() { _ = stops[address]() })
	}
	config := onMachines(t, addresses)
	if config.Password, err = secrets.ReadFile(root.WriterPassword(0)); err != nil {
		t.Fatal(err)
	}
	config.AdminPassword = admin
	config.Machines = immudb.NewMachines(config, slog.New(slog.DiscardHandler))
	b.sameLog(b.logs[0], config, int64(len(b.whole)))
	if err := stops[addresses[0]](); err != nil {
		t.Fatal(err)
	}
	stops[addresses[0]] = func() error { return nil }
	if err := config.Machines.Failover(t.Context(), copies.Wish{}, false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	b.sameLog(b.logs[0], config, int64(len(b.whole)))
}

// A log with several partitions cannot be on several machines, and is refused before anything is written.
func TestPartitionsAreNotRestoredToThreeMachines(t *testing.T) {
	b, out := newBranch(t, 3), filepath.Join(t.TempDir(), "backup")
	b.work(1, 1)
	if _, err := b.backUp(out); err != nil {
		t.Fatal(err)
	}
	c := backup.RestoreConfig{From: out, Machines: 3, Data: filepath.Join(t.TempDir(), "bank"), Immudb: inProcess}
	err := backup.Restore(t.Context(), c, new(bytes.Buffer), new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "leave --machines out") {
		t.Errorf("it is restored, or refused without a way on: %v", err)
	}
	if _, err := os.Stat(c.Data); err == nil {
		t.Error("the directory was made all the same")
	}
}
