package sequencer_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"corebank/eventsource"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// A caller that was started with another number of partitions gets an error that says so.
func TestAPartitionIsForItsAccounts(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		s := newShop(2)
		s.open(ctx, running)
		q, _ := s.sequencer(ctx, running, s.cuts.Open())
		id := bank.NewAccountID("shop", "ada")
		home := contract.PartitionOf(id, 2)
		away := s.apis[2-home]
		r := contract.Record{Account: id, Version: 1, Key: "k"}
		if got := s.append(t, r); got.Status != contract.Appended || got.Partition != home || got.FirstPosition != 1 {
			t.Errorf("appended at home: %+v", got)
		}
		if err := r.SetEvent(bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Current}); err != nil {
			t.Fatal(err)
		}
		request := contract.AppendRequest{Appends: []contract.Append{{Account: id, Records: []contract.Record{r}}}}
		for who, api := range map[string]*eventsource.API{
			"the other partition": away.API, "the sequencer": eventsource.NewMergedAPI(q, q.Head),
		} {
			reply, err := api.Append(ctx, request)
			if err != nil || reply.Results[0].Status != contract.Halted ||
				!strings.Contains(reply.Results[0].Reason, "--partitions 2") {
				t.Errorf("%s: %+v (%v)", who, reply, err)
			}
		}
		_, err := away.ReadStream(ctx, contract.ReadStreamRequest{Account: id})
		if err == nil || !strings.Contains(err.Error(), "--partitions 2") {
			t.Errorf("its stream in the other partition: %v", err)
		}
		if _, err := away.FindKeys(ctx, contract.FindKeysRequest{Account: id, Keys: []string{"k"}}); err == nil {
			t.Error("its keys are looked for in the other partition")
		}
		if away.writer.Head() != 0 {
			t.Errorf("%d records were written", away.writer.Head())
		}
		swapped := sequencer.New(storage.NewMemorySequenceLog().Open(),
			[]sequencer.PartitionLog{s.apis[1], s.apis[0]}, slog.New(slog.DiscardHandler))
		running.Go(func() { _ = swapped.Run(ctx) })
		await(t, func() bool { return strings.Contains(swapped.Ready().Reason, "number 2 answers in its place") })
		if swapped.Head() != 0 {
			t.Errorf("partitions that were mistaken for each other are ordered up to %d", swapped.Head())
		}
	})
}

// A read waits for a record, but no longer than allowed.
func TestAReadWaitsForARecord(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		s := newShop(2)
		s.open(ctx, running)
		id := bank.NewAccountID("shop", "ada")
		api := s.apis[contract.PartitionOf(id, 2)-1]
		began := time.Now()
		page, err := api.ReadAll(ctx, contract.ReadAllRequest{WaitMs: 3000})
		if took := time.Since(began); err != nil || len(page.Records) != 0 || took != 3*time.Second {
			t.Errorf("%d records after %v (%v)", len(page.Records), took, err)
		}
		read := make(chan contract.Records)
		running.Go(func() {
			page, _ := api.ReadAll(ctx, contract.ReadAllRequest{WaitMs: 3000})
			read <- page
		})
		<-time.After(time.Second)
		s.next(t, "ada")
		page = <-read
		if took := time.Since(began); len(page.Records) != 1 || page.Partition != contract.PartitionOf(id, 2) ||
			took != 4*time.Second {
			t.Errorf("%+v after %v", page, took)
		}
		for _, wait := range []int{-1, 5001} {
			if _, err := api.ReadAll(ctx, contract.ReadAllRequest{WaitMs: wait}); err == nil {
				t.Errorf("it may wait %d ms", wait)
			}
		}
	})
}

// A partition that was restored from an earlier copy alone is not what the order was made of, however long it is.
func TestAPartitionThatWasRestoredAloneIsNotRead(t *testing.T) {
	for name, later := range map[string]int{"it is shorter": 0, "it is longer": 5} {
		t.Run(name, func(t *testing.T) {
			in(t, func(ctx context.Context, running *runningGroup) {
				s := newShop(2)
				s.open(ctx, running)
				first, stop := context.WithCancel(ctx)
				q, _ := s.sequencer(first, running, s.cuts.Open())
				ada := bank.NewAccountID("shop", "ada")
				home := contract.PartitionOf(ada, 2)
				for range 4 {
					s.next(t, "ada")
				}
				await(t, func() bool { return q.Head() == 4 })
				stop()

				s.logs[home-1].Restore(2)
				s.open(ctx, running)
				for i := range later {
					s.append(t, contract.Record{Account: ada, Version: int64(3 + i), Key: fmt.Sprint("later", i)})
				}
				q, _ = s.sequencer(ctx, running, s.cuts.Open())
				await(t, func() bool {
					reason := q.Ready().Reason
					return strings.Contains(reason, fmt.Sprintf("partition %d", home)) &&
						(strings.Contains(reason, "from the same copy") || strings.Contains(reason, "lost records"))
				})
				if q.Head() != 4 {
					t.Errorf("the merged log ends at %d, want 4", q.Head())
				}
				if later > 0 {
					if records, err := q.ReadAll(ctx, 0, 10); err == nil {
						t.Errorf("%d records of another past are read", len(records))
					}
				}
			})
		})
	}
}
