package immudb

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

func openTestKeys(t testing.TB, config Config) *keyIndex {
	t.Helper()
	x, err := openKeyIndex(config)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Whatever is added, in whatever order and however often, the code of the index is that of its entries: it is not built
// again when it is opened. With another password it is.
func TestTheCodeOfTheKeysIsThatOfWhatIsThere(t *testing.T) {
	config := Config{StateDir: t.TempDir(), Database: "bank", Password: "of the event source"}
	random := rand.New(rand.NewPCG(1, 2))
	want := make(map[string]int64)
	var tx uint64
	for range 20 {
		x := openTestKeys(t, config)
		if x.seen.Tx != tx {
			t.Fatalf("the index has seen transaction %d, not %d: it was built again", x.seen.Tx, tx)
		}
		for range 5 {
			var records []contract.Record
			for range random.IntN(30) {
				r := contract.Record{Account: "acc_1", Key: strconv.Itoa(random.IntN(100)), Version: 1 + random.Int64N(5)}
				want[r.Key] = r.Version
				records = append(records, r)
			}
			seen := State{Tx: uint64(random.IntN(1000))}
			tx = max(tx, seen.Tx)
			if err := x.add(records, seen); err != nil {
				t.Fatal(err)
			}
		}
		for key, version := range want {
			if got, err := x.find("acc_1", key); err != nil || got != version {
				t.Fatalf("key %s is of version %d, not %d (%v)", key, got, version, err)
			}
		}
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
	}
	config.Password = "of somebody else"
	x := openTestKeys(t, config)
	defer x.close()
	if x.seen.Tx != 0 {
		t.Errorf("an index that was sealed with another password has seen transaction %d", x.seen.Tx)
	}
}

// BenchmarkKeys adds a group of commands to an index of a million, and opens that.
func BenchmarkKeys(b *testing.B) {
	config := Config{StateDir: b.TempDir(), Database: "bank", Password: "of the event source"}
	x := openTestKeys(b, config)
	next, tx := 0, uint64(0)
	group := func(n int) {
		records := make([]contract.Record, n)
		for i := range records {
			next++
			records[i] = contract.Record{Account: bank.AccountID(fmt.Sprint("acc_", next%10_000)),
				Key: "payment-" + strconv.Itoa(next), Version: int64(next/10_000 + 1)}
		}
		tx++
		for _, r := range records { // as a commit does
			if version, err := x.find(r.Account, r.Key); err != nil || version != 0 {
				b.Fatal(version, err)
			}
		}
		if err := x.add(records, State{Tx: tx}); err != nil {
			b.Fatal(err)
		}
	}
	for next < 1_000_000 {
		group(1000)
	}
	b.Run("add 100", func(b *testing.B) {
		for b.Loop() {
			group(100)
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if err := x.close(); err != nil {
				b.Fatal(err)
			}
			x = openTestKeys(b, config)
			if x.seen.Tx != tx {
				b.Fatal("built again")
			}
		}
		b.ReportMetric(float64(next), "keys")
	})
	if err := x.close(); err != nil {
		b.Fatal(err)
	}
}
