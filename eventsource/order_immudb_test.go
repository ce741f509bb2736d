package eventsource_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/eventsource"
	"corebank/eventsource/logtest"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// orders are the kinds of order logs, each with how to open a new one as often as
// one likes.
func orders(t *testing.T) map[string]func() eventsource.OrderLog {
	config := immudb(t)
	config.Partition = eventsource.Partition{Of: 3}
	return map[string]func() eventsource.OrderLog{
		"memory": eventsource.NewMemoryOrder().Open,
		"immudb": func() eventsource.OrderLog {
			config := config
			config.StateDir = t.TempDir()
			s := eventsource.NewImmudbOrder(config)
			t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
			return s
		},
	}
}

func rounds(first, n int) (rounds []eventsource.Round) {
	for number := int64(first); number < int64(first+n); number++ {
		rounds = append(rounds, eventsource.Round{Number: number, Ends: []int64{number, 2 * number, 0}})
	}
	return rounds
}

func TestAnOrderIsKept(t *testing.T) {
	for name, open := range orders(t) {
		t.Run(name, func(t *testing.T) {
			ctx, first := t.Context(), open()
			if last, err := first.Acquire(ctx); err != nil || last.Number != 0 {
				t.Fatalf("a new order ends with round %d (%v)", last.Number, err)
			}
			for _, r := range rounds(1, 70) {
				if err := first.Add(ctx, r); err != nil {
					t.Fatal(err)
				}
			}
			second := open()
			if last, err := second.LastRound(ctx); err != nil || fmt.Sprint(last) != fmt.Sprint(rounds(70, 1)[0]) {
				t.Errorf("it ends with %v (%v)", last, err)
			}
			if some, err := second.Rounds(ctx, 65, 64); err != nil || fmt.Sprint(some) != fmt.Sprint(rounds(65, 6)) {
				t.Errorf("from 65 on: %v (%v)", some, err)
			}
			if some, err := second.Rounds(ctx, 3, 2); err != nil || fmt.Sprint(some) != fmt.Sprint(rounds(3, 2)) {
				t.Errorf("from 3 on: %v (%v)", some, err)
			}
			if err := first.SaveCheckpoint(ctx, 17); err != nil {
				t.Error(err)
			}
			if last, err := second.Acquire(ctx); err != nil || last.Number != 70 {
				t.Errorf("taken over after round %d (%v)", last.Number, err)
			}
			for what, err := range map[string]error{"a round": first.Add(ctx, rounds(71, 1)[0]), "the checkpoint": first.SaveCheckpoint(ctx, 18), "a look": first.CheckOurs(ctx)} {
				if !errors.Is(err, eventsource.ErrFenced) {
					t.Errorf("%s of the one that was fenced: %v", what, err)
				}
			}
			if _, err := first.Acquire(ctx); !errors.Is(err, eventsource.ErrFenced) {
				t.Errorf("the one that was fenced takes it over: %v", err)
			}
			if at, err := second.Checkpoint(ctx); err != nil || at != 17 || second.CheckOurs(ctx) != nil {
				t.Errorf("the checkpoint is at %d (%v)", at, err)
			}
			if err := second.SaveAudit(ctx, contract.Audit{Position: 5, OK: true}); err != nil {
				t.Error(err)
			}
			if audit, err := second.LastAudit(ctx); err != nil || audit == nil || audit.Position != 5 {
				t.Errorf("the audit is %v (%v)", audit, err)
			}
		})
	}
}

// The suite of all storages, on a partition of several.
func TestImmudbPartition(t *testing.T) {
	server := immudb(t)
	databases := 0
	logtest.Run(t, func(t *testing.T) func() eventsource.Storage {
		databases++
		config := server
		config.Database, config.User = fmt.Sprintf("corebank_%d", databases), fmt.Sprintf("eventsource_%d", databases)
		config.Partition = eventsource.Partition{Number: 2, Of: 3}
		return func() eventsource.Storage {
			config := config
			config.StateDir = t.TempDir()
			s := eventsource.NewImmudb(config)
			t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
			return s
		}
	})
}

// Given databases of a log with one partition and with two; then none is opened
// as anything else, and nothing is written to it.
func TestADatabaseKeepsItsPart(t *testing.T) {
	server := immudb(t)
	parts := map[string]eventsource.Partition{"whole": {}, "one_of_two": {Number: 1, Of: 2}, "two_of_two": {Number: 2, Of: 2}, "order": {Of: 2}}
	open := func(database string, part eventsource.Partition) error {
		config := server
		config.Database, config.User, config.Partition, config.StateDir = database, "user_"+database, part, t.TempDir()
		if part.Of > 0 && part.Number == 0 {
			s := eventsource.NewImmudbOrder(config)
			defer s.Close(t.Context())
			_, err := s.Acquire(t.Context())
			return err
		}
		s := eventsource.NewImmudb(config)
		defer s.Close(t.Context())
		_, err := s.Acquire(t.Context())
		return err
	}
	for database, part := range parts {
		if err := open(database, part); err != nil {
			t.Fatalf("a new %s: %v", part, err)
		}
	}
	others := []eventsource.Partition{{Number: 1, Of: 3}, {Of: 3}}
	for _, part := range parts {
		others = append(others, part)
	}
	for database, part := range parts {
		for _, other := range others {
			err := open(database, other)
			switch {
			case other == part && err != nil:
				t.Errorf("%s again: %v", part, err)
			case other != part && !errors.Is(err, eventsource.ErrPartition):
				t.Errorf("%s opened as %s: %v", part, other, err)
			case other != part && !strings.Contains(err.Error(), part.String()):
				t.Errorf("%s opened as %s, told: %v", part, other, err)
			}
		}
	}
}

// Whoever counts the partitions otherwise gets nothing, and is told so.
func TestAPartitionIsForItsAccounts(t *testing.T) {
	in(t, func(ctx context.Context, running *runningGroup) {
		s := newShop(2)
		s.open(ctx, running)
		q, _ := s.sequencer(ctx, running, s.order.Open())
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
		for who, api := range map[string]*eventsource.API{"the other partition": away.API, "the sequencer": eventsource.NewTotalAPI(q, q.Head)} {
			reply, err := api.Append(ctx, request)
			if err != nil || reply.Results[0].Status != contract.Halted || !strings.Contains(reply.Results[0].Reason, "--partitions 2") {
				t.Errorf("%s: %+v (%v)", who, reply, err)
			}
		}
		if _, err := away.ReadStream(ctx, contract.ReadStreamRequest{Account: id}); err == nil || !strings.Contains(err.Error(), "--partitions 2") {
			t.Errorf("its stream in the other partition: %v", err)
		}
		if _, err := away.FindKeys(ctx, contract.FindKeysRequest{Account: id, Keys: []string{"k"}}); err == nil {
			t.Error("its keys are looked for in the other partition")
		}
		if away.writer.Head() != 0 {
			t.Errorf("%d records were written", away.writer.Head())
		}
		swapped := eventsource.NewSequencer(eventsource.NewMemoryOrder().Open(), []eventsource.PartitionLog{s.apis[1], s.apis[0]}, slog.New(slog.DiscardHandler))
		running.Go(func() { _ = swapped.Run(ctx) })
		await(t, func() bool { return strings.Contains(swapped.Ready().Reason, "number 2 answers in its place") })
		if swapped.Head() != 0 {
			t.Errorf("partitions that were mistaken for each other are ordered up to %d", swapped.Head())
		}
	})
}

// A read waits for a record, and no longer than it may.
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
		if page := <-read; len(page.Records) != 1 || page.Partition != contract.PartitionOf(id, 2) || time.Since(began) != 4*time.Second {
			t.Errorf("%+v after %v", page, time.Since(began))
		}
		for _, wait := range []int{-1, 5001} {
			if _, err := api.ReadAll(ctx, contract.ReadAllRequest{WaitMs: wait}); err == nil {
				t.Errorf("it may wait %d ms", wait)
			}
		}
	})
}

func TestRoundsFollowEachOther(t *testing.T) {
	before := eventsource.Round{Number: 3, Ends: []int64{5, 7}}
	for _, good := range []eventsource.Round{{Number: 4, Ends: []int64{6, 7}}, {Number: 4, Ends: []int64{9, 90}}} {
		if err := good.Follows(before); err != nil {
			t.Error(err)
		}
	}
	bad := []eventsource.Round{{Number: 5, Ends: []int64{6, 7}}, {Number: 4, Ends: []int64{5, 7}}, {Number: 4, Ends: []int64{4, 9}}, {Number: 4, Ends: []int64{6, 7, 1}}}
	if i := slices.IndexFunc(bad, func(r eventsource.Round) bool { return r.Follows(before) == nil }); i >= 0 {
		t.Errorf("%v follows %v", bad[i], before)
	}
}
