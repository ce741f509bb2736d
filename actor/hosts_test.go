package actor_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"corebank/internal/contract"
)

func TestTwoHostsOfOneAccountDoNoHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("pay", 100))
		zombie := b.host
		b.restart()
		b.expect(b.send(b.withdraw("rent", 70)), contract.Applied)
		revived := b.host
		b.host = zombie // it still has 100 at version 2
		outcomes := b.send(b.withdraw("again", 70))
		b.expect(outcomes, contract.Refused)
		if got := *outcomes[0].Refusal.Available; got != eur(30) {
			t.Errorf("available %s, want 0.30 EUR", got)
		}
		b.host = revived
		b.expect(b.send(b.deposit("gift", 40)), contract.Applied)
		b.host = zombie // and now 30, where 70 are: a refusal must notice that
		b.expect(b.send(b.withdraw("dinner", 70)), contract.Applied)
		if n := len(b.stream()); n != 5 {
			t.Errorf("%d events", n)
		}
	})
}

// Given a command that was delivered to two hosts, or an append that was delivered twice: then what moved the stream,
// or has the key, may be the very event that the turn was to make. A turn that cannot find out must not say that
// nothing happened.
func TestWhatAnotherDeliveryDidIsNotDenied(t *testing.T) {
	for name, begin := range map[string]func(*testing.T) *bench{
		"the stream has moved on": newBench, "a forgotten key is used": newForgetfulBench,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := begin(t)
				b.send(b.open(), b.deposit("one", 1), b.deposit("two", 2))
				first := b.host
				b.log.before = func() error {
					b.restart() // on another host
					b.expect(b.send(b.deposit("pay", 100)), contract.Applied)
					b.host = first
					return nil
				}
				b.log.after = func() error { // of that host
					b.log.after = func() error { b.log.unreadable = errors.New("connection refused"); return nil }
					return nil
				}
				b.expect(b.send(b.deposit("pay", 100)), contract.Unknown)
				b.log.unreadable = nil
				b.expect(b.send(b.deposit("pay", 100)), contract.Replayed)
				if n := len(b.stream()); n != 4 {
					t.Errorf("%d events, want 4", n)
				}
			})
		})
	}
}

// The same, and the log takes nothing any more: it can still be read.
func TestWhatAnotherDeliveryDidIsFoundOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open())
		first := b.host
		b.log.before = func() error {
			b.restart() // on another host
			b.expect(b.send(b.deposit("pay", 100)), contract.Applied)
			b.host = first
			b.writer.Halt("the disk is nearly full")
			return nil
		}
		b.expect(b.send(b.deposit("pay", 100)), contract.Replayed)
		b.expect(b.send(b.deposit("more", 100)), contract.Unavailable)
	})
}
