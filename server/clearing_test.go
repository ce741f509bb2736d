package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/server"
)

// transfer is a command on which several accounts may decide.
func transfer(key string) contract.Command { return contract.Command{Key: key, Most: 3} }

// clearing are commands whose clearing actors are a function, and whose accounts take
// what comes alone.
func clearing(actor func(id string, batch contract.ClearingBatch) (contract.CommandReply, error)) *server.Commands {
	return server.NewCommands(func(_ context.Context, _ bank.AccountID,
		batch contract.CommandBatch) (contract.CommandReply, error) {
		reply := echo(batch)
		for i := range reply.Outcomes {
			reply.Outcomes[i].Reason = "alone"
		}
		return reply, nil
	}, func(_ context.Context, id string, batch contract.ClearingBatch) (contract.CommandReply, error) {
		return actor(id, batch)
	})
}

func TestWhatConcernsSeveralAccountsSharesCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		under, made := map[string]int{}, 0
		commands := clearing(func(actor string, batch contract.ClearingBatch) (contract.CommandReply, error) {
			events := 0
			for i, id := range batch.Accounts {
				if events += batch.Batch.Commands[i].Most; contract.ClearingActor(id) != actor {
					t.Errorf("a call to actor %s has %s", actor, id)
				}
			}
			mu.Lock()
			under[actor]++
			if made++; under[actor] > 1 || events > 400 || batch.Check() != nil {
				t.Errorf("call %d to actor %s at once, of %d events, %v", under[actor], actor, events, batch.Check())
			}
			mu.Unlock()
			time.Sleep(5 * time.Millisecond) // virtual: how long a turn takes
			mu.Lock()
			defer mu.Unlock()
			under[actor]--
			return echo(batch.Batch), nil
		})
		const all = 4000
		var group sync.WaitGroup
		for i := range all {
			group.Go(func() {
				key := fmt.Sprint(i)
				outcome, err := commands.Execute(t.Context(), bank.NewAccountID("test", key), transfer(key))
				if err != nil || outcome.Reason != key {
					t.Errorf("transfer %s: %+v, %v", key, outcome, err)
				}
			})
		}
		group.Wait()
		if least, most := all*3/400, all*3/400+3*contract.ClearingActors; made < least || made > most {
			t.Errorf("%d calls, want %d to %d", made, least, most)
		}
	})
}

// TestWhichWayABatchGoes: to the account's own actor only if no other account may
// have a say in it.
func TestWhichWayABatchGoes(t *testing.T) {
	commands := clearing(func(_ string, batch contract.ClearingBatch) (contract.CommandReply, error) {
		return echo(batch.Batch), nil
	})
	one, other := contract.Command{Key: "1", Most: 1}, contract.Command{Key: "2", Most: 1}
	for name, story := range map[string]struct {
		batch contract.ClearingBatch
		want  string
	}{
		"one account": {of(ada, contract.CommandBatch{Commands: []contract.Command{one, other}}), "alone alone"},
		"atomic": {of(ada, contract.CommandBatch{Commands: []contract.Command{one, other}, Atomic: true}),
			"alone alone"},
		"and a transfer": {of(ada, contract.CommandBatch{Commands: []contract.Command{one, transfer("t")}}), "1 t"},
		"two accounts": {contract.ClearingBatch{Accounts: []bank.AccountID{ada, bob},
			Batch: contract.CommandBatch{Commands: []contract.Command{one, other}, Atomic: true}}, "1 2"},
	} {
		outcomes, err := commands.ExecuteBatch(t.Context(), story.batch)
		if got := reasons(outcomes); err != nil || got != story.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, story.want)
		}
	}
	if _, err := commands.ExecuteBatch(t.Context(), contract.ClearingBatch{Accounts: []bank.AccountID{ada},
		Batch: contract.CommandBatch{Commands: []contract.Command{one, other}}}); err == nil {
		t.Error("a command without an account was sent")
	}
}

func reasons(outcomes []contract.Outcome) string {
	text := ""
	for i, o := range outcomes {
		if i > 0 {
			text += " "
		}
		text += o.Reason
	}
	return text
}

// TestALargeBatchTakesSeveralCalls, in its order, and shares them; one that is atomic
// or a dry run has a call of its own.
func TestALargeBatchTakesSeveralCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made []string
		commands := clearing(func(_ string, batch contract.ClearingBatch) (contract.CommandReply, error) {
			kind := map[bool]string{true: "!"}[batch.Batch.Atomic || batch.Batch.DryRun]
			made = append(made, reasons(echo(batch.Batch).Outcomes)+kind)
			time.Sleep(5 * time.Millisecond) // virtual
			return echo(batch.Batch), nil
		})
		posting := func(key string) contract.Command { return contract.Command{Key: key, Most: 150} }
		var group sync.WaitGroup
		send := func(batch contract.CommandBatch) {
			group.Go(func() {
				outcomes, err := commands.ExecuteBatch(t.Context(), of(ada, batch))
				if want := reasons(echo(batch).Outcomes); err != nil || reasons(outcomes) != want {
					t.Errorf("%s: %s, %v", want, reasons(outcomes), err)
				}
			})
			synctest.Wait()
		}
		large := []contract.Command{posting("1"), posting("2"), posting("3"), posting("4"), posting("5")}
		send(contract.CommandBatch{Commands: large})
		send(contract.CommandBatch{Commands: []contract.Command{transfer("t"), transfer("u")}})
		send(contract.CommandBatch{Commands: large[:3], Atomic: true})
		send(contract.CommandBatch{Commands: large[:1]})
		send(contract.CommandBatch{Commands: large[:4], DryRun: true})
		group.Wait()
		if want := []string{"1 2", "3 4", "5 t u", "1 2 3!", "1", "1 2 3 4!"}; !slices.Equal(made, want) {
			t.Errorf("calls of %q, want %q", made, want)
		}
	})
}

// TestADenialOfSeveralAfterALostCallIsUnknown, as for one account.
func TestADenialOfSeveralAfterALostCallIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		commands := clearing(func(string, contract.ClearingBatch) (contract.CommandReply, error) {
			if calls++; calls == 1 {
				return contract.CommandReply{}, errors.New("the connection broke")
			}
			return contract.CommandReply{Outcomes: []contract.Outcome{{Status: contract.Replayed}, {Status: contract.Refused},
				{Status: contract.NotTried}}}, nil
		})
		batch := contract.CommandBatch{Commands: []contract.Command{transfer("1"), transfer("2"), transfer("3")}}
		outcomes, err := commands.ExecuteBatch(t.Context(), of(ada, batch))
		if err != nil || outcomes[0].Status != contract.Replayed || outcomes[1].Status != contract.Unknown ||
			outcomes[2].Status != contract.Unknown {
			t.Errorf("%+v, %v", outcomes, err)
		}
		never := clearing(func(string, contract.ClearingBatch) (contract.CommandReply, error) {
			return contract.CommandReply{}, errors.New("no such host")
		})
		began := time.Now()
		if o, _ := never.Execute(t.Context(), ada, transfer("k")); o.Status != contract.Unknown || o.Reason == "" {
			t.Errorf("without an answer: %+v", o)
		}
		if waited := time.Since(began); waited > 15*time.Second {
			t.Errorf("gave up after %s", waited)
		}
	})
}

func TestTooMuchForOneClearingActorIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		commands := clearing(func(_ string, batch contract.ClearingBatch) (contract.CommandReply, error) {
			<-release
			return echo(batch.Batch), nil
		})
		var mu sync.Mutex
		var group sync.WaitGroup
		statuses := map[contract.Status]int{}
		const sent = 4000
		for range sent {
			group.Go(func() {
				outcome, err := commands.Execute(t.Context(), ada, transfer("k"))
				mu.Lock()
				defer mu.Unlock()
				if statuses[outcome.Status]++; err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		large := contract.CommandBatch{Commands: slices.Repeat([]contract.Command{transfer("b")}, 250)}
		outcomes, err := commands.ExecuteBatch(t.Context(), of(ada, large))
		if err != nil || slices.ContainsFunc(outcomes,
			func(o contract.Outcome) bool { return o.Status != contract.Unavailable }) {
			t.Errorf("a batch beside it: %+v, %v", outcomes[0], err)
		}
		close(release)
		group.Wait()
		applied, unavailable := statuses[contract.Applied], statuses[contract.Unavailable]
		if applied < 8192/3 || unavailable == 0 || applied+unavailable != sent {
			t.Errorf("outcomes %v of %d transfers", statuses, sent)
		}
	})
}

// TestALateCommandHoldsUpNoOne: what waits for a slow account goes again, in a call of
// its own to another actor, while the others have their answers.
func TestALateCommandHoldsUpNoOne(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			calls := map[string]int{}
			commands := clearing(func(actor string, batch contract.ClearingBatch) (contract.CommandReply, error) {
				reply := echo(batch.Batch)
				mu.Lock()
				calls[actor]++
				first := calls[actor] == 1
				mu.Unlock()
				if actor == string(ada) {
					time.Sleep(time.Second) // virtual: the account is slow
					if len(batch.Accounts) != 1 {
						t.Errorf("%d late commands share a call", len(batch.Accounts))
					}
					if batch.Batch.Commands[0].Key == "no" {
						reply.Outcomes[0].Status = contract.Refused
					}
					return reply, nil
				}
				if lost && first {
					return reply, errors.New("the connection broke")
				}
				for i, id := range batch.Accounts {
					if id == ada {
						reply.Outcomes[i] = contract.Outcome{Status: contract.Late, Reason: "it is in another turn"}
					}
				}
				return reply, nil
			})
			var group sync.WaitGroup
			group.Go(func() {
				outcomes, err := commands.ExecuteBatch(t.Context(), contract.ClearingBatch{
					Accounts: []bank.AccountID{ada, bob, ada, ada}, Batch: contract.CommandBatch{Commands: []contract.Command{
						transfer("1"), transfer("2"), transfer("no"), transfer("4")}}})
				if err != nil || reasons(outcomes[:2]) != "1 2" || outcomes[3].Reason != "4" ||
					lost != (outcomes[2].Status == contract.Unknown) || !lost && outcomes[2].Status != contract.Refused {
					t.Errorf("lost a call: %t; %+v, %v", lost, outcomes, err)
				}
			})
			synctest.Wait()
			time.Sleep(100 * time.Millisecond) // after the lost call
			began := time.Now()
			if o, err := commands.Execute(t.Context(), beside(ada), transfer("5")); err != nil || o.Reason != "5" {
				t.Errorf("beside it: %+v, %v", o, err)
			}
			if waited := time.Since(began); waited > 100*time.Millisecond {
				t.Errorf("a command beside it waited %s", waited)
			}
			group.Wait()
			if calls[string(ada)] != 3 {
				t.Errorf("calls %v", calls)
			}
		})
	}
}

// beside is another account whose commands share calls with those of id.
func beside(id bank.AccountID) bank.AccountID {
	for i := 0; ; i++ {
		if other := bank.NewAccountID("test", fmt.Sprint(i)); contract.ClearingActor(other) == contract.ClearingActor(id) {
			return other
		}
	}
}
