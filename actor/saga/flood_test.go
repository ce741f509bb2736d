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

// TestMoreThanFitsIsTakenUpLater leaves more transfers stuck than a driver
// remembers: others go on, and in the end everything has.
func TestMoreThanFitsIsTakenUpLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		eve, bob := bank.NewAccountID("eve", "stuck"), w.open("bob", "EUR", 0)
		stuck := true
		w.trouble = func(ctx context.Context, point string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if stuck && strings.HasPrefix(point, "before ReceiveTransfer") && ctx.Value(receiver{}) == eve {
				return errBroken
			}
			return nil
		}
		w.limit = 50
		w.drive(0)
		synctest.Wait() // until it follows the topic
		const senders, each = 3, 60
		var last bank.AccountID
		for i := range senders {
			last = w.open(fmt.Sprint("person ", i), "EUR", 0)
			for j := range each {
				w.transfer(last, eve, fmt.Sprint(j), 1)
			}
		}
		w.until("the driver to remember what it can", time.Second,
			func() bool { return w.drivers[0].Status().Transfers == 50 })
		id := w.transfer(last, bob, "through", 100)
		w.until("a transfer to get through", time.Second, func() bool { return w.ends()[id].ended() })
		w.mu.Lock()
		stuck = false
		w.mu.Unlock()
		w.until("all transfers to end", 3*time.Minute, func() bool {
			w.pass(5 * time.Second) // reading so much takes a while
			ended := 0
			for _, e := range w.ends() {
				if e.ended() {
					ended++
				}
			}
			return ended == senders*each+1
		})
	})
}
