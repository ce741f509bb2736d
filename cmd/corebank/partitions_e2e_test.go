package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"corebank/check/banktest"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// homes opens accounts until each partition has one, and returns these, the
// first partition's first.
func homes(b *running, partitions int) []string {
	b.t.Helper()
	ids, found := make([]string, partitions), 0
	for n := 0; found < partitions; n++ {
		opened := b.Must("openAccount", map[string]any{"owner": "Ada", "currency": "EUR",
			"idempotencyKey": fmt.Sprint("open ", n), "externalId": fmt.Sprint("EXT-", n)})
		home := contract.PartitionOf(bank.AccountID(opened.Account.ID), partitions) - 1
		if ids[home] == "" {
			ids[home] = opened.Account.ID
			found++
		}
	}
	return ids
}

// Given a bank on two partitions; then money goes from one to the other, each
// does without the other for a while, and all of it is one log.
func TestABankOnTwoPartitions(t *testing.T) {
	data := filepath.Join(t.TempDir(), "bank")
	b := up(t, data, coldStart, "--partitions", "2")
	ids := homes(b, 2)
	ada, bob := ids[0], ids[1]
	live := b.Dial()
	live.Subscribe(bob, banktest.FromStart)
	b.Deposit(ada, "100.00", "EUR", "salary")
	sent := b.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("40"),
		"idempotencyKey": "rent", "waitMs": 10_000})
	if sent.Transfer.Status != "COMPLETED" {
		t.Fatalf("the transfer between partitions: %+v", sent.Transfer)
	}
	if _, version := live.Received(); version != 2 {
		t.Errorf("received version %d, want 2", version)
	}

	dead := b.parts()["eventsource-2"]
	if err := syscall.Kill(dead, syscall.SIGKILL); err != nil {
		t.Fatalf("kill eventsource-2 of %v: %v", b.parts(), err)
	}
	if paid := b.Deposit(ada, "1.00", "EUR", "meanwhile"); paid.Transaction == nil {
		t.Errorf("without partition 2, partition 1 answers %+v", paid)
	}
	if value, version := b.Balance(ada, 5); value != "61.00" || version != 5 {
		t.Errorf("without partition 2, the balance is %s at version %d", value, version)
	}
	b.awaitRestart("eventsource-2", dead)
	back := b.Must("transfer", map[string]any{"fromAccountId": bob, "toAccountId": ada, "amount": banktest.EUR("15"),
		"idempotencyKey": "back", "waitMs": 10_000})
	if back.Transfer.Status != "COMPLETED" {
		t.Errorf("the transfer back: %+v", back.Transfer)
	}
	if _, version := live.Received(); version != 3 {
		t.Errorf("received version %d, want 3", version)
	}

	b.Balance(bob, 4)
	audited := corebank(t, nil, "audit", "--data", data)
	for _, says := range []string{"found nothing wrong", "of partition 1", "of partition 2",
		"customers 101.00, cash -101.00"} {
		if !strings.Contains(audited.stdout, says) {
			t.Errorf("the audit does not say %q: %+v", says, audited)
		}
	}
	b.stop()

	other := corebank(t, nil, "up", "--listen", "127.0.0.1:0", "--data", data)
	if other.code == 0 || !strings.Contains(other.stderr, "was made with --partitions 2") {
		t.Errorf("started with another number: %+v", other)
	}
	b = up(t, data, warmStart, "--partitions", "2")
	if value, _ := b.Balance(ada, 0); value != "76.00" {
		t.Errorf("after a restart, the balance is %s", value)
	}
	b.stop()
}
