package actor_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"corebank/eventsource"
	"corebank/internal/contract"
)

// restoreLog puts the log back to a position, under a new event source.
func (b *bench) restoreLog(position int64) {
	b.t.Helper()
	b.memory.Restore(position)
	storage := b.memory.Open()
	writer := eventsource.NewWriter(storage, slog.New(slog.DiscardHandler))
	b.background(func(ctx context.Context) { _ = writer.Run(ctx) })
	synctest.Wait()
	b.writer, b.log.api = writer, eventsource.NewAPI(writer, storage, func() int64 { return 0 })
}

// An actor that knows more than the log decides nothing on it, whatever it is asked first.
func TestAnActorThatKnowsMoreThanTheLogReadsItAgain(t *testing.T) {
	for name, test := range map[string]struct {
		ask  func(b *bench) []contract.Outcome
		want contract.Status
	}{
		"a command that it would accept": {func(b *bench) []contract.Outcome {
			return b.send(b.withdraw("late", 120))
		}, contract.Refused},
		"a command that it would refuse": {func(b *bench) []contract.Outcome {
			return b.send(b.withdraw("late", 100))
		}, contract.Applied},
		"a dry run": {func(b *bench) []contract.Outcome {
			return b.dry(b.withdraw("late", 120))
		}, contract.Refused},
		"a command that it remembers": {func(b *bench) []contract.Outcome {
			return b.send(b.deposit("gone", 50))
		}, contract.Applied},
	} {
		for _, grown := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t)
					b.send(b.open(), b.deposit("pay", 100))
					b.expect(b.send(b.deposit("gone", 50)), contract.Applied)
					if test.want == contract.Applied && name == "a command that it would refuse" {
						b.expect(b.send(b.withdraw("gone too", 90)), contract.Applied)
					}
					zombie := b.host
					b.restoreLog(2)
					if grown { // to the version that the zombie knows, by another host
						b.restart()
						for i := range 4 - len(b.stream()) {
							b.expect(b.send(b.deposit(string(rune('a'+i)), 1)), contract.Applied)
						}
					}
					b.host = zombie
					b.expect(test.ask(b), test.want)
				})
			})
		}
	}
}

// A snapshot that goes further than the log, or elsewhere, is not the account.
func TestASnapshotOfAnotherPastIsIgnored(t *testing.T) {
	for name, later := range map[string]int{"the log is shorter": 0, "the log is longer": 300} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.send(b.open(), b.deposit("pay", 100))
				for range 220 {
					b.send(b.deposit(string(rune(0x4e00+len(b.stream()))), 5))
				}
				synctest.Wait() // for the snapshot to be saved
				if len(b.kept.data[ada]) == 0 {
					t.Fatal("no snapshot was saved")
				}
				snapshot := b.kept.data[ada]
				b.restoreLog(2)
				b.restart()
				for i := range later {
					b.expect(b.send(b.deposit(string(rune(0x5e00+i)), 1)), contract.Applied)
				}
				synctest.Wait() // for snapshots of this past
				b.kept.data[ada] = snapshot
				b.restart()
				balance := int64(100 + later)
				b.expect(b.send(b.withdraw("all and one", balance+1)), contract.Refused)
				b.expect(b.send(b.withdraw("all", balance)), contract.Applied)
			})
		})
	}
}

// A replay comes with the account as the log has it.
func TestAReplayShowsTheAccountThatTheLogHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("pay", 100))
		b.expect(b.send(b.deposit("gone", 50)), contract.Applied)
		b.restoreLog(2)
		outcomes := b.send(b.deposit("pay", 100))
		b.expect(outcomes, contract.Replayed)
		if a := outcomes[0].Account; a.Version != 2 || a.Balance != eur(100) {
			t.Errorf("version %d with %s, the log has version 2 with 1.00 EUR", a.Version, a.Balance)
		}
	})
}
