package app

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errClosed = errors.New("error when publish to topic: nats: connection closed")

// minding watches a broker that answers as given, and counts how often the sidecar
// was ended.
func minding(t *testing.T, b *broker, answers *atomic.Bool) (ended *atomic.Int32) {
	ended = new(atomic.Int32)
	probe := func(context.Context) error {
		if answers.Load() {
			return nil
		}
		return errors.New("no broker")
	}
	go func() {
		_ = b.mind(t.Context(), probe, func(context.Context) error { ended.Add(1); return nil })
	}()
	return ended
}

// expectEnds lets time go by and fails unless the sidecar was ended so often.
func expectEnds(t *testing.T, ended *atomic.Int32, after time.Duration, want int32) {
	t.Helper()
	<-time.After(after) // virtual
	synctest.Wait()
	if got := ended.Load(); got != want {
		t.Fatalf("the sidecar was ended %d times, want %d", got, want)
	}
}

func TestASidecarThatGaveUpTheBrokerIsEndedWhenTheBrokerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b broker
		var answers atomic.Bool
		ended := minding(t, &b, &answers)
		b.used(errClosed)
		expectEnds(t, ended, time.Hour, 0) // it would not come up without the broker
		answers.Store(true)
		expectEnds(t, ended, brokerGrace+3*brokerEvery, 1)
		b.used(nil) // it is back
		expectEnds(t, ended, time.Hour, 1)
	})
}

func TestASidecarThatConnectsAgainByItselfIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b broker
		var answers atomic.Bool
		answers.Store(true)
		ended := minding(t, &b, &answers)
		b.used(errors.New("nats: timeout"))
		expectEnds(t, ended, time.Minute, 0)
		b.used(errClosed)
		expectEnds(t, ended, brokerEvery, 0)
		b.used(nil)
		expectEnds(t, ended, time.Minute, 0)
	})
}

// A broker that comes and goes is waited for.
func TestABrokerThatFlickersEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b broker
		var answers atomic.Bool
		ended := minding(t, &b, &answers)
		b.used(errClosed)
		for range 20 {
			answers.Store(true)
			expectEnds(t, ended, brokerGrace/2, 0)
			answers.Store(false)
			expectEnds(t, ended, 2*brokerEvery, 0)
		}
	})
}
