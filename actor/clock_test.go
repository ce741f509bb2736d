package actor_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/eventsource"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// withClock gives the event source a clock of its own.
func (b *bench) withClock(clock func() time.Time) {
	store := b.memory.Open()
	b.writer = eventsource.NewWriter(store, slog.New(slog.DiscardHandler))
	b.writer.Clock = clock
	b.background(func(ctx context.Context) { _ = b.writer.Run(ctx) }) // the first writer is fenced by it
	b.log.api = eventsource.NewAPI(b.writer, store, func() int64 { return 0 })
	b.restart()
}

// TestAClockThatIsFarAheadSpoilsNothing: a small step is taken, a larger one is refused at once.
func TestAClockThatIsFarAheadSpoilsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.expect(b.send(b.open()), contract.Applied)
		right := b.now
		b.withClock(func() time.Time { return right })
		b.now = right.Add(time.Minute)
		b.expect(b.send(b.deposit("a minute", 100)), contract.Applied)
		for _, step := range []time.Duration{400 * 24 * time.Hour, contract.MaxClockStep + time.Second} {
			b.now = right.Add(step)
			began := time.Now()
			got := b.send(b.deposit("far", 100))
			b.expect(got, contract.Unavailable)
			if !strings.Contains(got[0].Reason, "clock") || time.Since(began) > time.Second {
				t.Errorf("%s ahead: %+v after %s", step, got[0], time.Since(began))
			}
		}
		b.now = right
		b.expect(b.send(b.deposit("far", 100), b.withdraw("out", 50)), contract.Applied, contract.Applied)
		if last := b.stream()[3].At; !last.Equal(right.Add(time.Minute)) {
			t.Errorf("the account's time is %s, a minute ahead of %s", last, right)
		}
	})
}

// TestAnAccountFindsBackToItsTime that an earlier build let a wrong clock take 400 days ahead.
func TestAnAccountFindsBackToItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		right := b.now
		limits := b.command("limits", bank.SetLimits{Limits: bank.Limits{PerDay: &bank.Money{Minor: 60, Currency: "EUR"}}})
		b.expect(b.send(b.open(), b.deposit("wages", 500), limits), contract.Applied, contract.Applied, contract.Applied)
		b.now = right.AddDate(0, 0, 400)
		b.expect(b.send(b.withdraw("wrong", 60)), contract.Applied)
		b.withClock(func() time.Time { return right })
		b.now = right.AddDate(-20, 0, 0) // a clock that is wrong in the other direction does not turn it back
		b.expect(b.send(b.deposit("never", 1)), contract.Unavailable)
		b.now = right.Add(time.Minute)
		hold := b.command("hold", bank.PlaceHold{Amount: eur(20)})
		b.expect(b.send(b.withdraw("today", 40), hold), contract.Applied, contract.Applied)
		b.expect(b.send(b.withdraw("too much", 1)), contract.Refused)
		b.now = right.AddDate(0, 0, 1)
		right = b.now
		b.expect(b.send(b.withdraw("tomorrow", 60)), contract.Applied)
		b.restart()
		b.expect(b.send(b.withdraw("tomorrow", 60)), contract.Replayed)
		state := bank.Account{ID: ada}
		for _, r := range b.stream() {
			state, _ = contract.Fold(state, r)
		}
		if state.TurnedBack != 5 || state.Balance.Minor != 340 || !state.ChangedAt.Equal(right) {
			t.Errorf("the account is %+v", state)
		}
	})
}
