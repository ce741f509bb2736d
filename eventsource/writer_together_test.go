package eventsource_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corebank/eventsource/logtest"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Given an append to two streams whose commit happens but whose answer is lost; then its outcome is unknown, and a
// retry conflicts in both.
func TestAnAppendToSeveralStreamsWhoseAnswerGetsLostIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubtful{}
		w := startDoubtful(t, d)
		both := []contract.Append{logtest.Together(opening(t, "ada"), opening(t, "bob"))}
		d.after = func(context.Context) error { d.after = nil; return errors.New("the connection broke") }
		if got := w.Append(t.Context(), both)[0]; got.Status != contract.AppendUnknown || got.Reason == "" {
			t.Errorf("got %+v, want unknown", got)
		}
		synctest.Wait() // it takes the log over again, and knows no heads
		got := w.Append(t.Context(), both)[0]
		want := []bank.AccountID{both[0].Account, both[0].With[0].Account}
		if got.Status != contract.VersionConflict || !slices.Equal(got.Moved, want) {
			t.Errorf("retried: %+v, want a conflict in both", got)
		}
		if w.Head() != 2 {
			t.Errorf("%d records were written, want 2", w.Head())
		}
	})
}

// What holds up one stream of an append holds up all of it, and nothing beside it.
func TestWhatRefusesOneStreamRefusesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubtful{}
		w := startDoubtful(t, d)
		w.Clock = time.Now
		send := func(what string, a contract.Append, want contract.AppendStatus, beside contract.AppendStatus) {
			t.Helper()
			head := w.Head()
			results := w.Append(t.Context(), []contract.Append{a, opening(t, what)})
			if results[0].Status != want || results[0].Reason == "" {
				t.Errorf("%s: %+v, want %s", what, results[0], want)
			}
			if results[1].Status != beside {
				t.Errorf("beside %s: %+v, want %s", what, results[1], beside)
			}
			if beside == contract.Appended {
				head++
			}
			if w.Head() != head {
				t.Errorf("%s: the head is at %d, want %d", what, w.Head(), head)
			}
		}
		both := func() contract.Append { return logtest.Together(opening(t, "ada"), opening(t, "bob")) }

		early := both()
		early.With[0].Records[0].At = time.Now().Add(3 * time.Hour)
		send("a clock that is ahead", early, contract.Halted, contract.Appended)
		back := both()
		back.With[0].TurnsBack = true
		back.With[0].Records[0].At = time.Now().Add(-3 * time.Hour)
		send("a clock that is behind", back, contract.Halted, contract.Appended)

		d.unsearchable = errors.New("the index is being read")
		asking := both()
		asking.With[0].CheckKeys = true
		send("keys that cannot be looked up", asking, contract.Overloaded, contract.Appended)
		d.unsearchable = nil

		w.Halt("the disk is almost full")
		send("a halted writer", both(), contract.Halted, contract.Halted)
		w.Halt("")
		if got := w.Append(t.Context(), []contract.Append{both()})[0]; got.Status != contract.Appended {
			t.Errorf("after all that: %+v", got)
		}
	})
}

// Given a writer that has not begun with an append to several streams when its caller gives up; then it is certainly
// not written.
func TestAnAppendToSeveralStreamsThatIsGivenUpIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := &doubtful{before: func(context.Context) error { <-release; return nil }}
		w := startDoubtful(t, d)
		done := make(chan struct{})
		go func() { w.Append(t.Context(), []contract.Append{opening(t, "first")}); close(done) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got := w.Append(ctx, []contract.Append{logtest.Together(opening(t, "ada"), opening(t, "bob"))})[0]
		if got.Status != contract.Overloaded {
			t.Errorf("given up: %+v, want overloaded", got)
		}
		close(release)
		<-done
		synctest.Wait()
		if w.Head() != 1 {
			t.Errorf("%d records were written, want 1", w.Head())
		}
	})
}
