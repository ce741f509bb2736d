package server_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/server"
)

var (
	ada = bank.NewAccountID("test", "ada")
	bob = bank.NewAccountID("test", "bob")
)

// commandsTo are commands whose actors are a function.
func commandsTo(actor func(bank.AccountID, contract.CommandBatch) (contract.CommandReply, error)) *server.Commands {
	return server.NewCommands(func(_ context.Context, id bank.AccountID,
		batch contract.CommandBatch) (contract.CommandReply, error) {
		return actor(id, batch)
	}, nil)
}

// of is a batch for one account.
func of(id bank.AccountID, batch contract.CommandBatch) contract.ClearingBatch {
	return contract.ClearingBatch{Accounts: slices.Repeat([]bank.AccountID{id}, len(batch.Commands)), Batch: batch}
}

// execute sends one command and returns its outcome. It does not end the test, so
// that other goroutines may call it.
func execute(t *testing.T, commands *server.Commands, id bank.AccountID, key string) contract.Outcome {
	t.Helper()
	outcome, err := commands.Execute(t.Context(), id, contract.Command{Key: key})
	if err != nil {
		t.Errorf("command %s: %v", key, err)
	}
	return outcome
}

// echo answers each command with its key.
func echo(batch contract.CommandBatch) contract.CommandReply {
	var reply contract.CommandReply
	for _, c := range batch.Commands {
		reply.Outcomes = append(reply.Outcomes, contract.Outcome{Status: contract.Applied, Reason: c.Key})
	}
	return reply
}

func TestCommandsForOneAccountTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		sizes := map[bank.AccountID][]int{}
		commands := commandsTo(func(id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
			mu.Lock()
			sizes[id] = append(sizes[id], len(batch.Commands))
			mu.Unlock()
			time.Sleep(5 * time.Millisecond) // virtual: how long a turn takes
			return echo(batch), nil
		})
		const each = 300
		var group sync.WaitGroup
		for i := range 2 * each {
			id := []bank.AccountID{ada, bob}[i%2]
			group.Go(func() {
				key := fmt.Sprint(i)
				if outcome := execute(t, commands, id, key); outcome.Reason != key {
					t.Errorf("command %s: %+v", key, outcome)
				}
			})
		}
		group.Wait()
		for id, calls := range sizes {
			sum := 0
			for _, n := range calls {
				sum += n
				if n > contract.MaxCommands {
					t.Errorf("a call with %d commands", n)
				}
			}
			if sum != each || len(calls) > 4 {
				t.Errorf("%s: calls of %v, want %d commands in few calls", id, calls, each)
			}
		}
	})
}

func TestAFailedCallIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		commands := commandsTo(func(_ bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
			if calls++; calls < 4 {
				return contract.CommandReply{}, errors.New("the actor moved")
			}
			return echo(batch), nil
		})
		if outcome := execute(t, commands, ada, "k"); outcome.Status != contract.Applied || calls != 4 {
			t.Errorf("%+v after %d calls, want %s after 4", outcome, calls, contract.Applied)
		}
	})
}

// TestADenialAfterALostCallIsUnknown: the lost call may still be on its way to a
// host that decides otherwise than the host of the next call.
func TestADenialAfterALostCallIsUnknown(t *testing.T) {
	for status, want := range map[contract.Status]contract.Status{
		contract.Applied: contract.Applied, contract.Replayed: contract.Replayed, contract.Unknown: contract.Unknown,
		contract.Refused: contract.Unknown, contract.Unavailable: contract.Unknown,
	} {
		for _, lost := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				commands := commandsTo(func(bank.AccountID, contract.CommandBatch) (contract.CommandReply, error) {
					if calls++; calls == 1 && lost {
						return contract.CommandReply{}, errors.New("the connection broke")
					}
					return contract.CommandReply{Outcomes: []contract.Outcome{{Status: status, Reason: "as decided"}}}, nil
				})
				outcome := execute(t, commands, ada, "k")
				if !lost {
					want = status
				}
				if outcome.Status != want || outcome.Reason == "" {
					t.Errorf("answered %s, lost a call before: %t; got %+v, want %s", status, lost, outcome, want)
				}
			})
		}
	}
}

// TestAWithdrawalThatIsHeldUpOnItsWayWasNotRefused is the same as a story.
// Given Ada's empty account and a call with her withdrawal that the network
// delays; when the gateway calls again and the actor refuses, and then her wages
// arrive, and then the first call; then her money is gone, so the gateway must
// not have answered that it is still there.
func TestAWithdrawalThatIsHeldUpOnItsWayWasNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		balance := int64(0)
		withdraw := func() contract.CommandReply {
			if balance < 60 {
				return contract.CommandReply{Outcomes: []contract.Outcome{{Status: contract.Refused,
					Refusal: &bank.Refusal{Code: bank.InsufficientFunds, Message: "Only 0.00 EUR is available."}}}}
			}
			balance -= 60
			return contract.CommandReply{Outcomes: []contract.Outcome{{Status: contract.Applied}}}
		}
		calls := 0
		commands := commandsTo(func(bank.AccountID, contract.CommandBatch) (contract.CommandReply, error) {
			if calls++; calls == 1 {
				return contract.CommandReply{}, errors.New("the connection broke") // with the call still on its way
			}
			return withdraw(), nil
		})

		outcome := execute(t, commands, ada, "rent")
		balance += 100
		withdraw() // the first call arrives

		if balance != 40 {
			t.Fatalf("the balance is %d, want 40: the story did not happen as described", balance)
		}
		if outcome.Status != contract.Unknown || outcome.Refusal != nil {
			t.Errorf("Ada got %+v for a withdrawal that took place, want an unknown outcome", outcome)
		}
	})
}

func TestACallThatNeverSucceedsIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		commands := commandsTo(func(bank.AccountID, contract.CommandBatch) (contract.CommandReply, error) {
			return contract.CommandReply{}, errors.New("no such host")
		})
		began := time.Now()
		if outcome := execute(t, commands, ada, "k"); outcome.Status != contract.Unknown {
			t.Errorf("got %+v, want %s", outcome, contract.Unknown)
		}
		if waited := time.Since(began); waited > 15*time.Second {
			t.Errorf("gave up after %s", waited)
		}
	})
}

func TestTooManyCommandsForOneAccountAreRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		commands := commandsTo(func(_ bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
			<-release
			return echo(batch), nil
		})
		var group sync.WaitGroup
		var mu sync.Mutex
		statuses := map[contract.Status]int{}
		const sent = 4000
		for range sent {
			group.Go(func() {
				outcome := execute(t, commands, ada, "k")
				mu.Lock()
				statuses[outcome.Status]++
				mu.Unlock()
			})
		}
		synctest.Wait()
		close(release)
		group.Wait()
		applied, unavailable := statuses[contract.Applied], statuses[contract.Unavailable]
		if applied < 2048 || unavailable == 0 || applied+unavailable != sent {
			t.Errorf("outcomes %v of %d commands", statuses, sent)
		}
	})
}

// TestABatchTravelsAlone: an atomic batch or a dry run is never mixed with
// commands that other callers send meanwhile.
func TestABatchTravelsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []contract.CommandBatch
		commands := commandsTo(func(_ bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
			calls = append(calls, batch)
			time.Sleep(5 * time.Millisecond) // virtual: how long a turn takes
			return echo(batch), nil
		})
		var group sync.WaitGroup
		for i := range 30 {
			group.Go(func() {
				key := fmt.Sprint(i)
				if i%3 > 0 {
					if outcome := execute(t, commands, ada, key); outcome.Reason != key {
						t.Errorf("command %s: %+v", key, outcome)
					}
					return
				}
				pair := []contract.Command{{Key: key}, {Key: key + "b"}}
				batch := contract.CommandBatch{Commands: pair, Atomic: i%2 == 0, DryRun: i%2 == 1}
				outcomes, err := commands.ExecuteBatch(t.Context(), of(ada, batch))
				want := echo(batch).Outcomes
				if err != nil || !reflect.DeepEqual(outcomes, want) {
					t.Errorf("batch %s: %+v, %v; want %+v", key, outcomes, err, want)
				}
			})
		}
		group.Wait()
		special := 0
		for _, call := range calls {
			if !call.Atomic && !call.DryRun {
				continue
			}
			special++
			isPair := len(call.Commands) == 2 && call.Commands[1].Key == call.Commands[0].Key+"b"
			if !isPair || call.Atomic == call.DryRun {
				t.Errorf("a call of %+v", call)
			}
		}
		if special != 10 {
			t.Errorf("%d of 10 batches travelled", special)
		}
		for _, n := range []int{0, contract.MaxCommands + 1} {
			batch := contract.CommandBatch{Commands: make([]contract.Command, n)}
			if _, err := commands.ExecuteBatch(t.Context(), of(ada, batch)); err == nil {
				t.Errorf("a batch of %d commands travels", n)
			}
		}
	})
}
