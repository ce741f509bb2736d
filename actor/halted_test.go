package actor_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/contract"
)

// While the log's disk is nearly full, commands are refused at once.
func TestAHaltedLogRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open())
		deposit := b.deposit("d", 500)

		b.writer.Halt("the disk is nearly full")
		began := time.Now()
		got := b.send(deposit)[0]
		if got.Status != contract.Unavailable || !strings.Contains(got.Reason, "nearly full") ||
			time.Since(began) > time.Second {
			t.Errorf("%s (%s) after %v", got.Status, got.Reason, time.Since(began))
		}
		b.writer.Halt("")
		if got := b.send(deposit)[0]; got.Status != contract.Applied || got.Account.Balance != eur(500) {
			t.Errorf("with room again: %+v", got)
		}

		// An answer got lost and then the disk was full: what was written before is
		// not denied.
		b.log.after = func() error {
			b.writer.Halt("the disk is nearly full")
			b.log.unreadable = errors.New("cut off")
			return errors.New("the answer got lost")
		}
		if got := b.send(b.deposit("lost", 1))[0]; got.Status != contract.Unknown {
			t.Errorf("an append whose answer got lost was %s", got.Status)
		}
		b.log.unreadable = nil
		if got := b.send(b.deposit("lost", 1))[0]; got.Status != contract.Replayed {
			t.Errorf("asked again on the full disk: %s", got.Status)
		}
	})
}
