package actor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/actor"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity/identitytest"
)

// addressed is a command and the account that it is for.
type addressed struct {
	account bank.AccountID
	command contract.Command
}

// clear gives a turn over several accounts.
func (b *bench) clear(commands ...addressed) []contract.Outcome {
	b.t.Helper()
	return b.clearing(b.host, contract.CommandBatch{}, commands...)
}

func (b *bench) clearing(
	host *actor.Host, like contract.CommandBatch, commands ...addressed,
) []contract.Outcome {
	b.t.Helper()
	batch := contract.ClearingBatch{Batch: like}
	for _, c := range commands {
		batch.Accounts = append(batch.Accounts, c.account)
		batch.Batch.Commands = append(batch.Batch.Commands, c.command)
	}
	reply, err := host.ExecuteClearing(b.t.Context(), batch)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply.Outcomes
}

// anotherHost is a host beside the first, over the same log and snapshots.
func (b *bench) anotherHost() *actor.Host {
	return actor.NewHost(b.log, b.kept, sealing, func() time.Time { return b.now }, identitytest.Believe)
}

// opened opens accounts for Ada with so much in each.
func (b *bench) opened(minor int64, keys ...string) (ids []bank.AccountID) {
	b.t.Helper()
	for _, key := range keys {
		id := bank.NewAccountID("ada", key)
		outcomes := b.clear(
			addressed{id, b.command(key, bank.OpenAccount{Owner: "ada", Currency: "EUR"})},
			addressed{id, b.deposit("first pay", minor)})
		b.expect(outcomes, contract.Applied, contract.Applied)
		ids = append(ids, id)
	}
	return ids
}

func (b *bench) transfer(key string, from, to bank.AccountID, minor int64) addressed {
	return addressed{from, b.command(key, bank.SendTransfer{To: to, Amount: eur(minor)})}
}

// balance is what the log says that an account has.
func (b *bench) balance(id bank.AccountID) (a bank.Account) {
	b.t.Helper()
	records, err := b.memory.Open().ReadStream(b.t.Context(), id, 0, 10_000)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range records {
		if a, err = contract.Fold(a, r); err != nil {
			b.t.Fatal(err)
		}
	}
	return a
}

func (b *bench) expectBalances(want map[bank.AccountID]int64) {
	b.t.Helper()
	for id, minor := range want {
		if a := b.balance(id); a.Balance.Minor != minor || len(a.InTransit) != 0 {
			b.t.Errorf("%s has %d and %d transfers in transit, want %d and none", id, a.Balance.Minor, len(a.InTransit), minor)
		}
	}
}

// bubble runs a story in virtual time.
func bubble(t *testing.T, story func(b *bench)) {
	synctest.Test(t, func(t *testing.T) { story(newBench(t)) })
}

func TestATransferIsOneStepOfBothAccounts(t *testing.T) {
	bubble(t, func(b *bench) {
		t := b.t
		ids := b.opened(100, "a", "b")
		appends := b.log.appends
		outcomes := b.clear(b.transfer("rent", ids[0], ids[1], 70))
		b.expect(outcomes, contract.Applied)
		event, err := outcomes[0].Record.Event()
		if sent, ok := event.(bank.TransferSent); err != nil || !ok || sent.End != bank.EndArrived {
			t.Fatalf("%+v, %v; want a transfer that has arrived", event, err)
		}
		if outcomes[0].Account.Balance != eur(30) || outcomes[0].Return != nil {
			t.Errorf("outcome %+v", outcomes[0])
		}
		if n := b.log.appends - appends; n != 1 {
			t.Errorf("%d appends, want one", n)
		}
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 30, ids[1]: 170})
		again := b.clear(b.transfer("rent", ids[0], ids[1], 70))
		b.expect(again, contract.Replayed)
		if again[0].Record.Position != outcomes[0].Record.Position {
			t.Errorf("replayed %d, first %d", again[0].Record.Position, outcomes[0].Record.Position)
		}
	})
}

func TestATransferThatIsNotTakenComesBackAtOnce(t *testing.T) {
	bubble(t, func(b *bench) {
		t := b.t
		ids := b.opened(100, "a")
		nowhere := bank.NewAccountID("nobody", "nothing")
		for range 2 { // at first, and again
			outcomes := b.clear(b.transfer("rent", ids[0], nowhere, 70))
			if s := outcomes[0].Status; s != contract.Applied && s != contract.Replayed {
				t.Fatalf("%+v", outcomes[0])
			}
			if outcomes[0].Return == nil {
				t.Fatalf("the outcome does not say that it came back: %+v", outcomes[0])
			}
			event, err := outcomes[0].Return.Event()
			if back, ok := event.(bank.TransferReturned); err != nil || !ok || back.Code != bank.AccountNotFound {
				t.Errorf("%+v, %v; want that there is no such account", event, err)
			}
		}
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 100, nowhere: 0})
		if v := b.balance(nowhere).Version; v != 0 {
			t.Errorf("the stream of no account has %d events", v)
		}
	})
}

func TestWhatSharesNoAccountStandsAlone(t *testing.T) {
	bubble(t, func(b *bench) {
		t := b.t
		ids := b.opened(100, "a", "b", "c", "d", "e")
		other := b.anotherHost()
		b.log.before = func() error { // the other host changes b while this turn has decided
			reply, err := other.Execute(b.t.Context(), ids[1], contract.CommandBatch{
				Commands: []contract.Command{b.deposit("meanwhile", 5)}})
			if err == nil {
				b.expect(reply.Outcomes, contract.Applied)
			}
			return err
		}
		reads := b.log.reads
		outcomes := b.clear(b.transfer("1", ids[0], ids[1], 10), b.transfer("2", ids[2], ids[3], 10),
			addressed{ids[4], b.deposit("3", 10)}, b.transfer("4", ids[1], ids[0], 1))
		b.expect(outcomes, contract.Applied, contract.Applied, contract.Applied, contract.Applied)
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 91, ids[1]: 114, ids[2]: 90, ids[3]: 110, ids[4]: 110})
		if n := b.log.reads - reads; n > 4 { // the other host's first read, and what this one had missed
			t.Errorf("%d reads; only what had moved is read again", n)
		}
		for key, id := range map[string]bank.AccountID{"2": ids[2], "3": ids[4]} {
			if n := b.times(id, key); n != 1 {
				t.Errorf("%q happened %d times", key, n)
			}
		}
	})
}

// times is how often a key stands in an account's stream.
func (b *bench) times(id bank.AccountID, key string) (n int) {
	found, err := b.memory.Open().FindKeys(b.t.Context(), id, []string{key})
	if err != nil {
		b.t.Fatal(err)
	}
	return len(found)
}

func TestALostAnswerOfSeveralAccountsIsFoundAgain(t *testing.T) {
	broken := errors.New("connection reset")
	for name, fault := range map[string]func(b *bench){
		"landed":      func(b *bench) { b.log.after = func() error { return broken } },
		"not landed":  func(b *bench) { b.log.before = func() error { return broken } },
		"lost answer": func(b *bench) { b.log.after = func() error { b.restart(); return broken } },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bench) {
				t := b.t
				ids := b.opened(100, "a", "b")
				fault(b)
				outcomes := b.clear(b.transfer("rent", ids[0], ids[1], 70), addressed{ids[1], b.withdraw("all", 170)})
				for _, o := range outcomes {
					if o.Status != contract.Applied && o.Status != contract.Replayed {
						t.Errorf("%+v", o)
					}
				}
				b.expectBalances(map[bank.AccountID]int64{ids[0]: 30, ids[1]: 0})
			})
		})
	}
}

func TestAnAtomicBatchOverAccountsHappensAsAWhole(t *testing.T) {
	bubble(t, func(b *bench) {
		ids := b.opened(100, "a", "b", "c")
		atomic := contract.CommandBatch{Atomic: true}
		outcomes := b.clearing(b.host, atomic, b.transfer("1", ids[0], ids[1], 100),
			addressed{ids[2], b.withdraw("2", 101)}, addressed{ids[1], b.deposit("3", 1)})
		b.expect(outcomes, contract.NotTried, contract.Refused, contract.NotTried)
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 100, ids[1]: 100, ids[2]: 100})
		outcomes = b.clearing(b.host, atomic, b.transfer("1", ids[0], ids[1], 100),
			addressed{ids[1], b.withdraw("2", 200)}, addressed{ids[2], b.deposit("3", 1)})
		b.expect(outcomes, contract.Applied, contract.Applied, contract.Applied)
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 0, ids[1]: 0, ids[2]: 101})
		dry := contract.CommandBatch{Atomic: true, DryRun: true}
		b.expect(b.clearing(b.host, dry, b.transfer("4", ids[2], ids[0], 101), addressed{ids[0], b.withdraw("5", 101)}),
			contract.Applied, contract.Applied)
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 0, ids[1]: 0, ids[2]: 101})
	})
}

// The same request twice in one turn happens once; the second answer is the first one's.
func TestARequestTwiceInOneTurnHappensOnce(t *testing.T) {
	bubble(t, func(b *bench) {
		t := b.t
		ids := b.opened(100, "a", "b")
		outcomes := b.clear(b.transfer("rent", ids[0], ids[1], 70), b.transfer("rent", ids[0], ids[1], 70),
			b.transfer("rent", ids[0], ids[1], 71))
		b.expect(outcomes, contract.Applied, contract.Replayed, contract.Refused)
		if outcomes[0].Record.Position != outcomes[1].Record.Position || outcomes[1].Record.Position == 0 {
			t.Errorf("positions %d and %d", outcomes[0].Record.Position, outcomes[1].Record.Position)
		}
		if outcomes[2].Refusal.Code != bank.IdempotencyConflict {
			t.Errorf("%+v", outcomes[2].Refusal)
		}
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 30, ids[1]: 170})
	})
}

// An account that takes long to read does not hold up the commands of others.
func TestASlowAccountDoesNotHoldUpOthers(t *testing.T) {
	bubble(t, func(b *bench) {
		t := b.t
		ids := b.opened(100, "a", "b", "c")
		b.restart()
		b.log.slow = map[bank.AccountID]time.Duration{ids[0]: 2 * time.Second}
		began := time.Now()
		outcomes := b.clear(b.transfer("1", ids[0], ids[1], 10), b.transfer("2", ids[1], ids[2], 10))
		b.expect(outcomes, contract.Late, contract.Applied)
		if took := time.Since(began); took > time.Second {
			t.Errorf("the other waited for %s", took)
		}
		b.expect(b.clear(b.transfer("1", ids[0], ids[1], 10)), contract.Applied) // alone, it waits
		b.expectBalances(map[bank.AccountID]int64{ids[0]: 90, ids[1]: 100, ids[2]: 110})
		<-time.After(time.Minute) // in virtual time: what is still being read in the background ends
	})
}

// Where the log has several partitions, accounts of different ones cannot decide together: transfers between them are
// sent, and arrive later; a batch over them is refused if it is to be atomic.
func TestAccountsOfSeveralPartitionsDecideApart(t *testing.T) {
	bubble(t, func(b *bench) {
		t := b.t
		ids := b.opened(100, "a", "b", "c", "d", "e", "f", "g", "h")
		b.host.Divide(2)
		var near, far bank.AccountID
		for _, id := range ids[1:] {
			if contract.PartitionOf(id, 2) == contract.PartitionOf(ids[0], 2) {
				near = id
			} else {
				far = id
			}
		}
		for to, end := range map[bank.AccountID]bank.TransferEnd{near: bank.EndArrived, far: ""} {
			outcomes := b.clear(b.transfer(string(to[:9]), ids[0], to, 10))
			b.expect(outcomes, contract.Applied)
			event, err := outcomes[0].Record.Event()
			if sent, ok := event.(bank.TransferSent); err != nil || !ok || sent.End != end {
				t.Errorf("to %s: %+v, %v", to, event, err)
			}
		}
		outcomes := b.clearing(b.host, contract.CommandBatch{Atomic: true},
			addressed{ids[0], b.deposit("1", 1)}, addressed{far, b.deposit("2", 1)})
		b.expect(outcomes, contract.Refused, contract.NotTried)
	})
}

// Many callers at once, on hosts that know nothing of each other, move money around among few accounts, each of which
// also has turns of its own: all of it happens once, and no cent is lost.
func TestManyTurnsOverTheSameAccounts(t *testing.T) {
	bubble(t, func(b *bench) {
		t := b.t
		ids := b.opened(1000, "a", "b", "c", "d", "e")
		hosts := []*actor.Host{b.host, b.anotherHost()}
		var callers sync.WaitGroup
		for n := range 40 {
			callers.Go(func() {
				host := hosts[n%2]
				from, to, third := ids[n%5], ids[(n+1+n/5)%5], ids[(n+3)%5]
				if from == to {
					to = ids[(n+2)%5]
				}
				for {
					outcomes := b.clearing(host, contract.CommandBatch{}, b.transfer(fmt.Sprint("t", n), from, to, 7),
						addressed{third, b.deposit(fmt.Sprint("d", n), 1)})
					reply, err := host.Execute(context.Background(), third,
						contract.CommandBatch{Commands: []contract.Command{b.withdraw(fmt.Sprint("w", n), 1)}})
					if err != nil {
						t.Error(err)
						return
					}
					if outcomes = append(outcomes, reply.Outcomes...); !undecided(outcomes) {
						return
					}
				}
			})
		}
		callers.Wait()
		var sum int64
		for _, id := range ids {
			sum += b.balance(id).Balance.Minor
		}
		if sum != 5000 {
			t.Errorf("the accounts have %d, want 5000", sum)
		}
		for n := range 40 {
			if times := b.times(ids[n%5], fmt.Sprint("t", n)); times != 1 {
				t.Errorf("transfer %d happened %d times", n, times)
			}
		}
	})
}

// undecided reports whether a command has to be given again.
func undecided(outcomes []contract.Outcome) bool {
	for _, o := range outcomes {
		if o.Status == contract.Unavailable || o.Status == contract.Unknown || o.Status == contract.Late {
			return true
		}
	}
	return false
}
