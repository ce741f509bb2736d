package actor_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/contract"
)

// newForgetfulBench has a host that remembers the two newest keys of an account.
func newForgetfulBench(t *testing.T) *bench {
	b := newBench(t)
	b.host.KeepKeys(2)
	return b
}

// Given an account whose actor has forgotten keys; then a new one costs no call
// but the append, and one that was used is still answered with its event.
func TestAForgottenKeyIsLookedForByTheAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newForgetfulBench(t)
		b.send(b.open(), b.deposit("one", 1), b.deposit("two", 2), b.deposit("three", 3))
		cost := func(what string, finds, appends int, commands ...contract.Command) []contract.Outcome {
			t.Helper()
			b.log.finds, b.log.appends = 0, 0
			outcomes := b.send(commands...)
			if b.log.finds != finds || b.log.appends != appends {
				t.Errorf("%s: %d look-ups and %d appends, want %d and %d", what, b.log.finds, b.log.appends, finds, appends)
			}
			return outcomes
		}
		b.expect(cost("new keys", 0, 1, b.deposit("four", 4), b.withdraw("five", 5)), contract.Applied, contract.Applied)
		b.expect(cost("a remembered key", 1, 0, b.withdraw("five", 5)), contract.Replayed)
		again := cost("a forgotten key", 1, 1, b.deposit("one", 1))
		b.expect(again, contract.Replayed)
		if again[0].Record.Version != 2 {
			t.Errorf("answered with version %d, want 2", again[0].Record.Version)
		}
		b.expect(cost("one of many", 1, 2, b.deposit("six", 6), b.deposit("two", 2), b.deposit("seven", 7)),
			contract.Applied, contract.Replayed, contract.Applied)
		b.expect(cost("one remembered, one forgotten", 1, 0, b.deposit("seven", 7), b.deposit("one", 1)), contract.Replayed,
			contract.Replayed)
		b.expect(cost("for something else", 1, 1, b.deposit("three", 99)), contract.Refused)
		b.expect(cost("what cannot be", 1, 0, b.withdraw("eight", 1000)), contract.Refused)
		if n := len(b.stream()); n != 8 {
			t.Errorf("%d events, want 8: each key once", n)
		}
	})
}

// What a forgotten command would be refused for now does not matter: it
// happened.
func TestAForgottenCommandIsNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newForgetfulBench(t)
		b.send(b.open(), b.deposit("pay", 100), b.withdraw("rent", 100), b.deposit("a", 1), b.deposit("b", 1),
			b.deposit("c", 1))
		b.expect(b.send(b.withdraw("rent", 100)), contract.Replayed)
		b.expect(b.dry(b.withdraw("rent", 100), b.open()), contract.Replayed, contract.Replayed)
		b.expect(b.atomic(b.deposit("d", 1), b.withdraw("rent", 100), b.withdraw("e", 1000)), contract.NotTried,
			contract.Replayed, contract.Refused)
		b.expect(b.atomic(b.deposit("d", 1), b.withdraw("rent", 100), b.withdraw("e", 2)), contract.Applied,
			contract.Replayed, contract.Applied)
	})
}

// TestForgettingChangesNoAnswer gives the same commands at random to an actor
// that remembers two keys and to one that remembers all.
func TestForgettingChangesNoAnswer(t *testing.T) {
	replayed := 0
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			forgetful, b := newForgetfulBench(t), newBench(t)
			r := rand.New(rand.NewPCG(seed, 8))
			var said []contract.Command
			for range 30 {
				now := b.now.Add(time.Duration(r.IntN(30)) * time.Minute)
				b.now, forgetful.now = now, now
				batch := contract.CommandBatch{Atomic: r.IntN(3) == 0, DryRun: r.IntN(8) == 0}
				for range 1 + r.IntN(4) {
					command := b.anyCommand(r)
					if len(said) > 0 && r.IntN(4) == 0 {
						command = said[r.IntN(len(said))]
					}
					batch.Commands = append(batch.Commands, command)
				}
				said = append(said, batch.Commands...)
				want := b.turn(ada, batch)
				for i, o := range forgetful.turn(ada, batch) {
					if got, want := comparable(t, o), comparable(t, want[i]); got != want {
						t.Fatalf("seed %d: %s %s\nthe forgetful one says %s\nthe other            %s", seed, batch.Commands[i].Type,
							batch.Commands[i].Data, got, want)
					}
					if o.Status == contract.Replayed {
						replayed++
					}
				}
				if fmt.Sprint(forgetful.stream()) != fmt.Sprint(b.stream()) {
					t.Fatalf("seed %d: the streams differ", seed)
				}
			}
		})
	}
	if replayed < 100 {
		t.Errorf("only %d commands were replayed", replayed)
	}
}
