package sequencer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"corebank/eventsource/logtest"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// inPartition is the n-th account whose stream is in a partition.
func inPartition(number, of, n int) bank.AccountID {
	for i := 0; ; i++ {
		id := bank.NewAccountID("together", fmt.Sprint(i))
		if contract.PartitionOf(id, of) != number {
			continue
		}
		if n--; n == 0 {
			return id
		}
	}
}

// opening appends the first event of a stream.
func opening(id bank.AccountID) contract.Append {
	r := contract.Record{Account: id, Version: 1, Key: "k"}
	if err := r.SetEvent(bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Current}); err != nil {
		panic(err)
	}
	return contract.Append{Account: id, Records: []contract.Record{r}}
}

// An append over two partitions is refused alone. Nothing is appended for a caller that has mistaken the partition.
func TestAnAppendOverPartitionsIsRefusedAlone(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		s := newShop(3)
		s.open(ctx, running)
		home, away := s.apis[0], s.apis[1]
		own := func(n int) contract.Append { return opening(inPartition(1, 3, n)) }
		foreign := func(n int) contract.Append { return opening(inPartition(2, 3, n)) }
		send := func(what string, to *gate, appends []contract.Append, want ...contract.AppendStatus) {
			t.Helper()
			reply, err := to.Append(ctx, contract.AppendRequest{Appends: appends})
			if err != nil || len(reply.Results) != len(want) {
				t.Fatalf("%s: %+v, %v", what, reply, err)
			}
			for i, got := range reply.Results {
				if got.Status != want[i] || (got.Reason == "") != (got.Status == contract.Appended) {
					t.Errorf("%s: append %d: %+v, want %s", what, i, got, want[i])
				}
				if got.Status == contract.Apart && !strings.Contains(got.Reason, "partition 1 of 3") {
					t.Errorf("%s: append %d: %q does not say where the accounts are", what, i, got.Reason)
				}
			}
		}
		send("beside others", home, []contract.Append{own(1), logtest.Together(own(2), foreign(1)), own(3),
			logtest.Together(foreign(1), own(2)), logtest.Together(own(2), own(4))},
			contract.Appended, contract.Apart, contract.Appended, contract.Apart, contract.Appended)
		send("alone", home, []contract.Append{logtest.Together(own(5), own(6), foreign(1))}, contract.Apart)
		if home.writer.Head() != 4 {
			t.Errorf("%d records were written, want 4", home.writer.Head())
		}
		send("in the wrong place", away, []contract.Append{foreign(1), logtest.Together(own(5), own(6))},
			contract.Halted, contract.Halted)
		if away.writer.Head() != 0 {
			t.Errorf("%d records were written", away.writer.Head())
		}
	})
}
