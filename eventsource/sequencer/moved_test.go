package sequencer_test

import (
	"context"
	"testing"
	"testing/synctest"
)

// Given a sequencer that has nothing to order; when a reader finds that another machine has the sequence; then the
// sequencer takes it over there, once, and does not wait for a record.
func TestAnIdleSequencerFollowsTheSequenceToAnotherMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var running runningGroup
		s := newShop(2)
		s.open(ctx, &running)
		q, ended := s.sequencer(ctx, &running, s.cuts.Open())
		synctest.Wait()
		first, ok := q.Tenure()
		if !ok {
			t.Fatal("the sequence was not taken over")
		}
		for range 3 {
			q.TakeOverAgain()
		}
		synctest.Wait()
		second, _ := q.Tenure()
		if second.Takeover == first.Takeover {
			t.Error("the sequencer stays where it was")
		}
		synctest.Wait()
		if third, _ := q.Tenure(); third != second || !q.Ready().Ready {
			t.Errorf("it was taken over again and again; ready: %v", q.Ready())
		}
		s.next(t, "ada")
		synctest.Wait()
		if head := q.Head(); head != 1 {
			t.Errorf("a record that came later is not ordered: the head is %d", head)
		}
		stop()
		running.Wait()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
