package actor_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// alone gives an account's actor on a host one command.
func (b *bench) alone(host *actor.Host, id bank.AccountID, command contract.Command) []contract.Outcome {
	b.t.Helper()
	reply, err := host.Execute(b.t.Context(), id, contract.CommandBatch{Commands: []contract.Command{command}})
	if err != nil {
		b.t.Fatal(err)
	}
	return reply.Outcomes
}

// An atomic batch is one append, also where its commands share no accounts.
func TestAnAtomicBatchIsWrittenAtOnce(t *testing.T) {
	bubble(t, func(b *bench) {
		ids := b.opened(100, "a", "b", "c")
		before := len(b.wholeLog())
		b.expect(b.clearing(b.host, contract.CommandBatch{Atomic: true}, addressed{ids[0], b.deposit("1", 1)},
			addressed{ids[1], b.deposit("2", 1)}, b.transfer("3", ids[2], ids[0], 1)),
			contract.Applied, contract.Applied, contract.Applied)
		for i, r := range b.wholeLog()[before:] {
			if want := 3 - i; r.More != want {
				b.t.Errorf("record %d says that %d more follow it, want %d", i, r.More, want)
			}
		}
	})
}

func (b *bench) wholeLog() []contract.Record {
	b.t.Helper()
	records, err := b.memory.Open().ReadAll(b.t.Context(), 0, 10_000)
	if err != nil {
		b.t.Fatal(err)
	}
	return records
}

// A refusal that was decided on an old state is decided again together with the rest of its atomic batch.
func TestAnAtomicBatchIsDecidedAgainAsAWhole(t *testing.T) {
	bubble(t, func(b *bench) {
		ids := b.opened(100, "a", "b")
		b.expect(b.alone(b.anotherHost(), ids[1], b.deposit("meanwhile", 50)), contract.Applied)
		b.expect(b.clearing(b.host, contract.CommandBatch{Atomic: true}, addressed{ids[0], b.deposit("1", 1)},
			addressed{ids[1], b.withdraw("2", 150)}), contract.Applied, contract.Applied)
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 101, ids[1]: 0})
	})
}

// A transfer comes back because of what the receiver's account is, and not of what a host remembers of it.
func TestATransferComesBackOnlyFromAnAccountThatDoesNotTakeIt(t *testing.T) {
	bubble(t, func(b *bench) {
		ids := b.opened(100, "a")
		late, other := bank.NewAccountID("ada", "late"), b.anotherHost()
		first := b.clearing(other, contract.CommandBatch{}, b.transfer("1", ids[0], late, 10))
		if b.expect(first, contract.Applied); first[0].Return == nil {
			b.t.Fatalf("%+v; there is no such account yet", first[0])
		}
		b.opened(1, "late")
		second := b.clearing(other, contract.CommandBatch{}, b.transfer("2", ids[0], late, 10))
		if b.expect(second, contract.Applied); second[0].Return != nil {
			b.t.Errorf("%+v came back", second[0])
		}
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 90, late: 11})
	})
}

// What is decided on what an earlier command of the turn did is written together with that, and behind it.
func TestATransferComesBackFromAnAccountThatTheSameTurnFreezes(t *testing.T) {
	bubble(t, func(b *bench) {
		ids := b.opened(100, "a", "b", "c")
		before := len(b.wholeLog())
		freeze := addressed{ids[1], b.command("freeze", bank.FreezeAccount{Credits: true, Reason: "lost"})}
		outcomes := b.clear(b.transfer("1", ids[2], ids[0], 5), freeze, b.transfer("2", ids[0], ids[1], 10))
		if b.expect(outcomes, contract.Applied, contract.Applied, contract.Applied); outcomes[2].Return == nil {
			b.t.Fatalf("%+v; the account is frozen", outcomes[2])
		}
		var more []int
		for _, r := range b.wholeLog()[before:] {
			more = append(more, r.More)
		}
		if want := []int{4, 3, 2, 1, 0}; !slices.Equal(more, want) { // sent, received, frozen, sent, returned
			b.t.Errorf("so many more follow: %v, want %v", more, want)
		}
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 105, ids[1]: 100, ids[2]: 95})
	})
}

// A replay may be of an event that this host does not know yet.
func TestATransferThatCameBackOnAnotherHostIsReplayed(t *testing.T) {
	bubble(t, func(b *bench) {
		ids, stale := b.opened(100, "a"), b.anotherHost()
		stale.KeepKeys(1)
		nowhere := bank.NewAccountID("nobody", "nothing")
		b.expect(b.alone(stale, ids[0], b.deposit("known", 1)), contract.Applied)
		b.expect(b.clear(b.transfer("1", ids[0], nowhere, 10)), contract.Applied)
		again := b.clearing(stale, contract.CommandBatch{DryRun: true}, b.transfer("1", ids[0], nowhere, 10))
		if b.expect(again, contract.Replayed); again[0].Return == nil {
			b.t.Errorf("%+v does not say that it came back", again[0])
		}
	})
}

// An append whose answer got lost may have happened: a turn that then finds the account too slow does not say that
// nothing did.
func TestWhatAnEarlierAttemptMayHaveDoneIsNotCalledLate(t *testing.T) {
	bubble(t, func(b *bench) {
		ids := b.opened(100, "a", "b", "c")
		b.log.after = func() error {
			b.log.slow = map[bank.AccountID]time.Duration{ids[0]: 2 * time.Second}
			return errors.New("connection reset")
		}
		outcomes := b.clear(b.transfer("1", ids[0], ids[1], 10), addressed{ids[2], b.deposit("2", 1)})
		b.expect(outcomes, contract.Unknown, contract.Replayed)
		<-time.After(time.Minute) // in virtual time: what is still being read in the background ends
		b.expect(b.clear(b.transfer("1", ids[0], ids[1], 10)), contract.Replayed)
	})
}

// A turn whose commands take several appends may run out of time between two of them, with nothing wrong so far: what
// it did not begin with is unavailable.
func TestATurnThatEndsBetweenTwoAppendsSaysWhatIsLeft(t *testing.T) {
	bubble(t, func(b *bench) {
		ids := b.opened(1000, "a", "b")
		var commands []addressed
		for n := range 100 {
			commands = append(commands, b.transfer(fmt.Sprint(n), ids[0], ids[1], 1))
		}
		b.log.after = func() error { <-time.After(9 * time.Second); return nil } // in virtual time
		outcomes := b.clear(commands...)
		if first, last := outcomes[0].Status, outcomes[99].Status; first != contract.Applied ||
			last != contract.Unavailable || outcomes[99].Reason == "" {
			b.t.Errorf("the first is %s, the last %+v", first, outcomes[99])
		}
	})
}
