package saga_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
)

func TestATransferArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		w.drive(0)
		synctest.Wait() // until it follows the topic
		ada, bob := w.open("ada", "EUR", 0), w.open("bob", "EUR", 0)
		began := time.Now()
		id := w.transfer(ada, bob, "rent", 2_500)
		if e := w.settle(time.Minute)[id]; e.completed != 1 {
			t.Errorf("%+v", e)
		}
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("it took %s", took)
		}
		a, b := w.account(ada), w.account(bob)
		if a.Balance != eur(7_500) || b.Balance != eur(12_500) || len(a.InTransit) != 0 {
			t.Errorf("%s and %s", a.Balance, b.Balance)
		}
	})
}

func TestWhatCannotArriveComesBack(t *testing.T) {
	for name, test := range map[string]struct {
		why     bank.Code
		prepare func(w *cluster) bank.AccountID
	}{
		"unknown":        {bank.AccountNotFound, func(*cluster) bank.AccountID { return bank.NewAccountID("x", "ever") }},
		"an external id": {bank.AccountNotFound, func(*cluster) bank.AccountID { return bank.NewClaimID("till 7") }},
		"closed": {bank.ClosedAccount, func(w *cluster) bank.AccountID {
			id := w.open("bob", "EUR", 0)
			w.send(id, "take", bank.Withdraw{Amount: eur(10_000)})
			w.send(id, "close", bank.CloseAccount{})
			return id
		}},
		"frozen": {bank.FrozenAccount, func(w *cluster) bank.AccountID {
			id := w.open("bob", "EUR", 0)
			w.send(id, "freeze", bank.FreezeAccount{Credits: true, Reason: "inquiry"})
			return id
		}},
		"in another currency": {bank.CurrencyMismatch, func(w *cluster) bank.AccountID { return w.open("bob", "USD", 0) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCluster(t, 1)
				w.drive(0)
				ada, to := w.open("ada", "EUR", 0), test.prepare(w)
				before := w.account(to).Balance
				id := w.transfer(ada, to, "rent", 2_500)
				if e := w.settle(time.Minute)[id]; e.returned != 1 || e.why != test.why {
					t.Errorf("%+v", e)
				}
				if a := w.account(ada); a.Balance != eur(10_000) || w.account(to).Balance != before {
					t.Errorf("%s", a.Balance)
				}
			})
		})
	}
}

func TestAReversedTransferComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		w.drive(0)
		ada, bob := w.open("ada", "EUR", 0), w.open("bob", "EUR", 0)
		first := w.transfer(ada, bob, "rent", 2_500)
		w.settle(time.Minute)
		w.send(bob, "undo", bank.Reverse{Transaction: 3, Reason: "sent twice"})
		w.settle(time.Minute)
		if a, b := w.account(ada), w.account(bob); a.Balance != eur(10_000) || b.Balance != eur(10_000) {
			t.Errorf("%s and %s", a.Balance, b.Balance)
		}
		for _, r := range w.log() {
			if e, err := r.Event(); err != nil {
				t.Fatal(err)
			} else if e, ok := e.(bank.TransferReceived); ok && r.Account == ada && e.Reverses != first {
				t.Errorf("it says that it pays back %q, want %q", e.Reverses, first)
			}
		}
	})
}

// threeTransfers sends three transfers, of which one arrives at once, one some
// time later, and one not at all.
func (w *cluster) threeTransfers() {
	w.t.Helper()
	ada, bob := w.open("ada", "EUR", 0), w.open("bob", "EUR", 0)
	one := w.transfer(ada, bob, "one", 1_000)
	unknown := w.transfer(bob, bank.NewAccountID("no one", "ever"), "two", 2_000)
	w.settle(time.Minute)
	three := w.transfer(bob, ada, "three", 4_000)
	ends := w.settle(time.Minute)
	if ends[one].completed != 1 || ends[unknown].returned != 1 || ends[three].completed != 1 {
		w.t.Errorf("%+v", ends)
	}
	if a, b := w.account(ada), w.account(bob); a.Balance != eur(13_000) || b.Balance != eur(7_000) {
		w.t.Errorf("%s and %s", a.Balance, b.Balance)
	}
}

// TestLostAnswersAreFoundAgain breaks each call once: before it arrives, and
// on the way back.
func TestLostAnswersAreFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		broken := make(map[string]bool)
		w.trouble = func(_ context.Context, point string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if broken[point] {
				return nil
			}
			broken[point] = true
			return errBroken
		}
		w.drive(0)
		w.threeTransfers()
		for _, step := range []string{"ReceiveTransfer", "CompleteTransfer", "ReturnTransfer"} {
			if !broken["after "+step+" by 0"] {
				t.Errorf("%s was never lost", step)
			}
		}
	})
}

func TestManyDriversDoNoHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 3)
		calls := make(map[string]int)
		w.trouble = func(_ context.Context, point string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			calls[strings.TrimRight(point, "0123456789")]++
			return nil
		}
		for at := range 3 {
			w.drive(at)
		}
		synctest.Wait() // until they follow the topic
		var accounts []bank.AccountID
		for i := range 6 {
			accounts = append(accounts, w.open(fmt.Sprint("person ", i), "EUR", i%3))
		}
		sent := 0
		for i, from := range accounts {
			for j, to := range accounts {
				if i != j {
					w.transfer(from, to, fmt.Sprint("to ", j), 100)
					sent++
				}
			}
		}
		if ends := w.settle(time.Minute); len(ends) != sent {
			t.Errorf("%d transfers, want %d", len(ends), sent)
		}
		for _, id := range accounts {
			if a := w.account(id); a.Balance != eur(10_000) {
				t.Errorf("%s", a.Balance)
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if n := calls["after ReceiveTransfer by "]; n != sent {
			t.Errorf("%d were received with %d commands: somebody did another's work", sent, n)
		}
	})
}

func TestAnotherDriverTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 2)
		w.drive(0)
		w.drive(1)
		synctest.Wait() // until they follow the topic
		ada, bob := w.open("ada", "EUR", 0), w.open("bob", "EUR", 1)
		w.kill(0)
		began := time.Now()
		w.transfer(ada, bob, "rent", 2_500)
		w.settle(time.Minute)
		if took := time.Since(began); took < 3*time.Second || took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestASilentTopicDelaysOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		w.drive(0)
		ada, bob := w.open("ada", "EUR", 0), w.open("bob", "EUR", 0)
		w.topic.hush(true)
		w.transfer(ada, bob, "rent", 2_500)
		w.settle(10 * time.Second)
	})
}

func TestAStuckAccountHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		stuck := make(chan struct{})
		ada, bob, eve := w.open("ada", "EUR", 0), w.open("bob", "EUR", 0), bank.NewAccountID("eve", "stuck")
		w.drive(0)
		synctest.Wait() // until it follows the topic
		w.trouble = func(ctx context.Context, point string) error {
			select {
			case <-stuck:
				return nil
			default:
			}
			if strings.HasPrefix(point, "before ReceiveTransfer") {
				if id, _ := ctx.Value(receiver{}).(bank.AccountID); id == eve {
					<-ctx.Done()
					return ctx.Err()
				}
			}
			return nil
		}
		lost := w.transfer(ada, eve, "to eve", 100)
		for i := range 20 {
			id := w.transfer(ada, bob, fmt.Sprint("to bob ", i), 100)
			w.until("a transfer to arrive", 100*time.Millisecond, func() bool { return w.ends()[id].ended() })
		}
		if w.ends()[lost].ended() {
			t.Error("what was stuck has ended")
		}
		close(stuck)
		w.settle(30 * time.Second)
	})
}
