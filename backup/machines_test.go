package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"corebank/backup"
	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

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
	config := immudb.Config{Addresses: addresses, Copies: 2, Database: "corebank", User: "eventsource", Password: password,
		AdminPassword: adminPassword, StateDir: t.TempDir()}
	config.Machines = immudb.NewMachines(config, slog.New(slog.DiscardHandler))
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
