package saga_test

import (
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
)

// hold keeps 10.00 back for a minute and returns the hold's name.
func (w *cluster) hold(id bank.AccountID, key string) int64 {
	w.t.Helper()
	return w.send(id, key, bank.PlaceHold{Amount: eur(1_000), ExpiresAt: time.Now().Add(time.Minute).UTC()}).Version
}

// expired counts the holds that the account knows to have expired.
func (w *cluster) expired(id bank.AccountID) (n int) {
	w.t.Helper()
	for _, r := range w.log() {
		if event, err := r.Event(); err != nil {
			w.t.Fatal(err)
		} else if _, ok := event.(bank.HoldExpired); ok && r.Account == id {
			n++
		}
	}
	return n
}

func TestHoldsExpire(t *testing.T) {
	for name, skew := range map[string]time.Duration{
		"on time": 0, "by a slow clock": -20 * time.Second, "by a fast clock": 20 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCluster(t, 2)
				w.drive(0)
				w.drive(1)
				ada := w.open("ada", "EUR", 0)
				captured, released, kept := w.hold(ada, "a"), w.hold(ada, "b"), w.hold(ada, "c")
				w.skew = skew
				w.send(ada, "capture", bank.CaptureHold{Hold: captured})
				w.send(ada, "release", bank.ReleaseHold{Hold: released})
				w.pass(59 * time.Second)
				if a := w.account(ada); len(a.Holds) != 1 || a.Holds[0].Version != kept {
					t.Fatalf("%+v", a.Holds)
				}
				w.until("the hold to expire", 40*time.Second, func() bool { return w.expired(ada) == 1 })
				w.pass(time.Minute)
				if a := w.account(ada); w.expired(ada) != 1 || len(a.Holds) != 0 || a.Balance != eur(9_000) {
					t.Errorf("%d expired, %+v", w.expired(ada), a)
				}
				if s := w.drivers[0].Status(); s.Holds != 0 || s.Transfers != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestAProlongedHoldExpiresLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		w.drive(0)
		ada := w.open("ada", "EUR", 0)
		later := w.hold(ada, "a")
		w.hold(ada, "b")
		w.pass(time.Second)
		w.send(ada, "later", bank.AdjustHold{Hold: later, ExpiresAt: time.Now().Add(time.Hour).UTC()})
		w.until("the other hold to expire", 2*time.Minute, func() bool { return w.expired(ada) == 1 })
		w.pass(10 * time.Minute)
		if a := w.account(ada); w.expired(ada) != 1 || len(a.Holds) != 1 || a.Holds[0].Version != later {
			t.Fatalf("%d expired, held are %+v", w.expired(ada), a.Holds)
		}
		w.until("the hold to expire that was prolonged", time.Hour, func() bool { return w.expired(ada) == 2 })
	})
}

func TestHoldsExpireAfterARestart(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newCluster(t, 1)
			w.drive(0)
			ada := w.open("ada", "EUR", 0)
			w.hold(ada, "a")
			w.pass(5 * time.Second)
			w.kill(0)
			w.lost = lost
			w.pass(2 * time.Minute)
			w.drive(0)
			w.until("the hold to expire", 5*time.Second, func() bool { return w.expired(ada) == 1 })
		})
	}
}
