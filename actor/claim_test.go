package actor_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// opening is one customer's request to open an account with an external id.
type opening struct {
	id      bank.AccountID
	command contract.Command
}

func (b *bench) opening(caller, externalID string) opening {
	b.t.Helper()
	command, err := contract.EncodeCommand(caller, "first",
		bank.OpenAccount{Owner: caller, Currency: "EUR", ExternalID: externalID})
	if err != nil {
		b.t.Fatal(err)
	}
	return opening{bank.NewAccountID(caller, "first"), command}
}

func (b *bench) sendOpening(o opening, dry bool) contract.Outcome {
	b.t.Helper()
	return b.turn(o.id, contract.CommandBatch{DryRun: dry, Commands: []contract.Command{o.command}})[0]
}

// claims is how often the external id was claimed.
func (b *bench) claims(externalID string) int {
	b.t.Helper()
	records, err := b.memory.Open().ReadStream(b.t.Context(), bank.NewClaimID(externalID), 0, 100)
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, r := range records {
		if event, err := r.Event(); err != nil {
			b.t.Fatal(err)
		} else if _, ok := event.(bank.ExternalIDClaimed); ok {
			n++
		}
	}
	return n
}

func TestAnExternalIDBelongsToOneAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		first, second := b.opening("ada", "till 7"), b.opening("bob", "till 7")
		if o := b.sendOpening(second, true); o.Status != contract.Applied || b.claims("till 7") != 0 {
			t.Fatalf("a dry run: %+v, %d claims", o, b.claims("till 7"))
		}
		if o := b.sendOpening(first, false); o.Status != contract.Applied || o.Account.ExternalID != "till 7" {
			t.Fatalf("%+v", o)
		}
		for _, dry := range []bool{true, false} {
			o := b.sendOpening(second, dry)
			if o.Status != contract.Refused || o.Refusal.Code != bank.ExternalIDTaken || o.Refusal.Account != first.id {
				t.Errorf("dry %t: %+v", dry, o)
			}
		}
		if o := b.sendOpening(first, false); o.Status != contract.Replayed || b.claims("till 7") != 1 {
			t.Errorf("again: %+v, %d claims", o, b.claims("till 7"))
		}
	})
}

func TestTwoAccountsRaceForAnExternalID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		racers := []opening{b.opening("ada", "till 7"), b.opening("bob", "till 7"), b.opening("eve", "till 7")}
		outcomes := make([]contract.Outcome, len(racers))
		var race sync.WaitGroup
		for i, o := range racers {
			race.Go(func() { outcomes[i] = b.sendOpening(o, false) })
		}
		race.Wait()
		winner := -1
		for i, o := range outcomes {
			if o.Status == contract.Applied && winner < 0 {
				winner = i
			} else if o.Status != contract.Refused {
				t.Errorf("%+v", o)
			}
		}
		for i, o := range outcomes {
			if i != winner && o.Refusal.Account != racers[winner].id {
				t.Errorf("refused for %s, want %s", o.Refusal.Account, racers[winner].id)
			}
		}
		if n := b.claims("till 7"); n != 1 {
			t.Errorf("%d claims", n)
		}
	})
}

func TestWhatIsRefusedClaimsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		o := b.opening("ada", "till 7")
		b.expect(b.turn(o.id, contract.CommandBatch{Atomic: true,
			Commands: []contract.Command{o.command, b.withdraw("rent", 70)}}),
			contract.NotTried, contract.Refused)
		if n := b.claims("till 7"); n != 0 {
			t.Errorf("%d claims", n)
		}
	})
}

func TestALostClaimIsFoundAgain(t *testing.T) {
	for name, landed := range map[string]bool{"the claim landed": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				broken := func() error { return errors.New("connection reset") }
				if landed {
					b.log.after = broken
				} else {
					b.log.before = broken
				}
				if o := b.sendOpening(b.opening("ada", "till 7"), false); o.Status != contract.Applied || b.claims("till 7") != 1 {
					t.Errorf("%+v, %d claims", o, b.claims("till 7"))
				}
			})
		})
	}
}

// TestMoneySentToAClaimDoesNotSpoilIt: the stream of an external id has an id
// that anybody can work out and send money to.
func TestMoneySentToAClaimDoesNotSpoilIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		receive := bank.ReceiveTransfer{Transfer: bank.NewTransferID(ada, "k"), From: ada, Amount: eur(1)}
		key, _ := bank.SystemKey(receive)
		outcome := b.turn(bank.NewClaimID("till 7"),
			contract.CommandBatch{Commands: []contract.Command{b.command(key, receive)}})[0]
		if event, err := outcome.Record.Event(); err != nil {
			t.Fatal(err)
		} else if _, ok := event.(bank.TransferRejected); !ok {
			t.Fatalf("%T", event)
		}
		if o := b.sendOpening(b.opening("ada", "till 7"), false); o.Status != contract.Applied || b.claims("till 7") != 1 {
			t.Errorf("%+v, %d claims", o, b.claims("till 7"))
		}
		if o := b.sendOpening(b.opening("bob", "till 7"), false); o.Status != contract.Refused {
			t.Errorf("%+v", o)
		}
	})
}

func TestInternalCommandsHaveTheirOwnKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open())
		receive := bank.ReceiveTransfer{Transfer: bank.NewTransferID(ada, "k"), From: bank.NewAccountID("bob", "1"),
			Amount: eur(5)}
		key, _ := bank.SystemKey(receive)
		b.expect(b.send(b.command("mine", receive), b.command(key, receive), b.command(key, receive),
			b.command(key, bank.Deposit{Amount: eur(5)})),
			contract.Invalid, contract.Applied, contract.Replayed, contract.Refused)
	})
}

// Given an external id that another account has; when one batch asks for it, and then for another one, the account that
// is opened has claimed the id that it has.
func TestASecondOpeningInABatchClaimsItsOwnExternalID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.sendOpening(b.opening("ada", "till 7"), false)
		first, second := b.opening("bob", "till 7"), b.opening("bob", "till 8")
		// Both have the key that the account id follows from: a refused command does not use up its key.
		outcomes := b.turn(first.id, contract.CommandBatch{Commands: []contract.Command{first.command, second.command}})
		b.expect(outcomes, contract.Refused, contract.Applied)
		if b.claims("till 8") != 1 {
			t.Errorf("%d claims of the id that the account has, want 1", b.claims("till 8"))
		}
		if o := b.sendOpening(b.opening("eve", "till 8"), false); o.Status != contract.Refused {
			t.Errorf("another account got the same external id: %+v", o)
		}
	})
}
