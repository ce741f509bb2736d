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

// inPartition is the n-th account, from 1, whose stream is in a partition.
func inPartition(number, of, n int) bank.AccountID { return allInPartition(number, of, n)[n-1] }

// allInPartition are the first n accounts whose streams are in a partition.
func allInPartition(number, of, n int) (ids []bank.AccountID) {
	for i := 0; len(ids) < n; i++ {
		if id := bank.NewAccountID("together", fmt.Sprint(i)); contract.PartitionOf(id, of) == number {
			ids = append(ids, id)
		}
	}
	return ids
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

// A cut never ends inside an append to several streams, however many wait for it.
func TestACutHasWholeAppends(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		const appends, size = 12, 400
		s := newShop(2)
		s.open(ctx, running)
		ids := [][]bank.AccountID{allInPartition(1, 2, appends*size/2), allInPartition(2, 2, appends*size/2)}
		for n := range appends {
			number := 1 + n%2
			var all []contract.Append
			for _, id := range ids[number-1][n/2*size:][:size] {
				all = append(all, opening(id))
			}
			request := contract.AppendRequest{Appends: []contract.Append{logtest.Together(all...)}}
			reply, err := s.apis[number-1].Append(ctx, request)
			if err != nil || reply.Results[0].Status != contract.Appended {
				t.Fatalf("%+v, %v", reply, err)
			}
		}
		q, _ := s.sequencer(ctx, running, s.cuts.Open())
		await(t, func() bool { return q.Head() == appends*size })
		cuts, err := s.cuts.Open().Cuts(ctx, 1, 100)
		if err != nil || len(cuts) < 3 {
			t.Fatalf("%d cuts, %v", len(cuts), err)
		}
		for _, cut := range cuts {
			for i, end := range cut.Ends {
				if end%size != 0 {
					t.Errorf("cut %d ends at %d of partition %d, inside an append", cut.Number, end, i+1)
				}
			}
		}
	})
}
