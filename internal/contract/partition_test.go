package contract_test

import (
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Where an account is, is written into logs: these answers never change.
func TestAnAccountStaysInItsPartition(t *testing.T) {
	for id, want := range map[bank.AccountID][4]int{ // of 1, 2, 3 and 64
		bank.NewAccountID("ada", "first"):   {1, 1, 2, 35},
		bank.NewAccountID("grace", "first"): {1, 1, 3, 5},
		bank.NewClaimID("IBAN-1"):           {1, 2, 1, 58},
	} {
		var got [4]int
		for i, partitions := range []int{1, 2, 3, 64} {
			got[i] = contract.PartitionOf(id, partitions)
		}
		if got != want {
			t.Errorf("%s is in %v of 1, 2, 3 and 64 partitions, was in %v", id, got, want)
		}
	}
}

func TestAccountsSpreadEvenly(t *testing.T) {
	const accounts, partitions = 8000, 8
	var count [partitions]int
	for n := range accounts {
		count[contract.PartitionOf(bank.NewAccountID("crowd", string(rune('a'+n%26))+string(rune(0x4e00+n))), partitions)-1]++
	}
	for number, n := range count {
		if n < accounts/partitions*85/100 || n > accounts/partitions*115/100 {
			t.Errorf("partition %d has %d of %d accounts", number+1, n, accounts)
		}
	}
}

func TestOneLogHasNoPartitionApps(t *testing.T) {
	id := bank.NewAccountID("ada", "first")
	if app := contract.EventSourceOf(id, 1); app != contract.AppEventSource || contract.PartitionApps(1) != nil {
		t.Errorf("%s has the log of one partition, and %q", app, contract.PartitionApps(1))
	}
	apps := contract.PartitionApps(3)
	if !slices.Equal(apps, []string{"eventsource-1", "eventsource-2", "eventsource-3"}) ||
		!slices.Contains(apps, contract.EventSourceOf(id, 3)) {
		t.Errorf("the apps are %q, and %s's is %s", apps, id, contract.EventSourceOf(id, 3))
	}
	for partitions, good := range map[int]bool{-1: false, 0: false, 1: true, 64: true, 65: false} {
		if err := contract.CheckPartitions(partitions); (err == nil) != good {
			t.Errorf("%d partitions: %v", partitions, err)
		}
	}
}
