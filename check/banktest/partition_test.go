package banktest_test

import (
	"fmt"
	"sync"
	"testing"

	"corebank/check/banktest"
)

// Given many accounts that pay each other at the same time, the whole log has each
// event after the one that caused it, in whichever partitions they are. The audit
// at the end checks that, and that no money is lost.
func TestEverybodyPaysEverybody(t *testing.T) { banktest.Tell(t, everybodyPaysEverybody) }

func everybodyPaysEverybody(t *testing.T, b *banktest.Bank) {
	const accounts, each = 12, 10
	ids := make([]string, accounts)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			ids[i] = b.Must("openAccount", map[string]any{"owner": "ada", "currency": "EUR",
				"idempotencyKey": fmt.Sprint("open ", i), "externalId": fmt.Sprint("EXT-", i)}).Account.ID
			b.Deposit(ids[i], "100.00", "EUR", "rich")
		})
	}
	group.Wait()
	for i, from := range ids {
		group.Go(func() {
			for n := range each {
				b.Must("transfer", map[string]any{"fromAccountId": from, "toAccountId": ids[(i+n+1)%accounts],
					"amount": banktest.EUR("1"), "idempotencyKey": fmt.Sprint("pay ", n)})
			}
		})
	}
	group.Wait()
	b.Settle()
	for _, id := range ids {
		if value, _ := b.Balance(id, 0); value != "100.00" {
			t.Errorf("%s has %s", id, value)
		}
	}
	var got struct {
		SystemStatus struct {
			Head       int
			Partitions []struct {
				Number, Head, Ordered int
				Problem               *string
			}
		}
	}
	b.Get(`{ systemStatus { head partitions { number head ordered problem } } }`, nil, &got)
	ordered := 0
	for i, p := range got.SystemStatus.Partitions {
		ordered += p.Ordered
		if p.Number != i+1 || p.Head != p.Ordered || p.Ordered == 0 || p.Problem != nil {
			t.Errorf("partition %d: %+v", i+1, p)
		}
	}
	if n := len(got.SystemStatus.Partitions); n == 1 || n > 0 && ordered != got.SystemStatus.Head {
		t.Errorf("%d partitions have %d events of %d", n, ordered, got.SystemStatus.Head)
	}
}
