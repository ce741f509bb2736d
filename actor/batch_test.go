package actor_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// turn gives an account's actor one turn with a batch.
func (b *bench) turn(id bank.AccountID, batch contract.CommandBatch) []contract.Outcome {
	b.t.Helper()
	reply, err := b.host.Execute(b.t.Context(), id, batch)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply.Outcomes
}

func (b *bench) atomic(commands ...contract.Command) []contract.Outcome {
	b.t.Helper()
	return b.turn(ada, contract.CommandBatch{Atomic: true, Commands: commands})
}

func (b *bench) dry(commands ...contract.Command) []contract.Outcome {
	b.t.Helper()
	return b.turn(ada, contract.CommandBatch{DryRun: true, Commands: commands})
}

func TestAnAtomicBatchIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("pay", 100))
		payroll := []contract.Command{b.withdraw("a", 60), b.deposit("pay", 100), b.withdraw("b", 60), b.withdraw("c", 1)}
		outcomes := b.atomic(payroll...)
		b.expect(outcomes, contract.NotTried, contract.Replayed, contract.Refused, contract.NotTried)
		if got := *outcomes[2].Refusal.Available; got != eur(40) {
			t.Errorf("refused with %s available, want 0.40 EUR: the first withdrawal counts", got)
		}
		if n := len(b.stream()); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
		b.send(b.deposit("more", 100))
		b.expect(b.atomic(payroll...), contract.Applied, contract.Replayed, contract.Applied, contract.Applied)
		b.expect(b.atomic(payroll...), contract.Replayed, contract.Replayed, contract.Replayed, contract.Replayed)
		b.expect(b.atomic(b.withdraw("a", 60), b.withdraw("d", 500)), contract.Replayed, contract.Refused)
	})
}

func TestAnAtomicBatchForgetsWhatItRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open())
		b.expect(b.atomic(b.deposit("x", 10), b.deposit("x", 10), b.withdraw("y", 500)),
			contract.NotTried, contract.NotTried, contract.Refused)
		b.expect(b.atomic(b.deposit("x", 10), contract.Command{Type: "Conjure", Key: "z", Caller: "ada"}), contract.NotTried,
			contract.Invalid)
	})
}

func TestADryRunChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.expect(b.dry(b.open()), contract.Applied)
		b.send(b.open(), b.deposit("pay", 100))
		outcomes := b.dry(b.withdraw("rent", 70), b.withdraw("car", 70), b.deposit("pay", 100), b.deposit("pay", 101))
		b.expect(outcomes, contract.Applied, contract.Refused, contract.Replayed, contract.Refused)
		if r := outcomes[0].Record; r.Version != 3 || r.Position != 0 || outcomes[0].Account.Balance != eur(30) {
			t.Errorf("predicted %+v", r)
		}
		if outcomes[3].Refusal.Code != bank.IdempotencyConflict {
			t.Errorf("%+v", outcomes[3].Refusal)
		}
		if n := len(b.stream()); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
		b.expect(b.send(b.withdraw("rent", 70)), contract.Applied)
	})
}

func TestADryRunNamesEveryBrokenRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		least := eur(10)
		b.send(b.open(), b.command("limits", bank.SetLimits{Limits: bank.Limits{PerTransaction: &least}}),
			b.command("freeze", bank.FreezeAccount{Debits: true, Reason: "inquiry"}))
		outcome := b.dry(b.withdraw("rent", 70))[0]
		codes := []bank.Code{outcome.Refusal.Code}
		for _, r := range outcome.Others {
			codes = append(codes, r.Code)
		}
		want := []bank.Code{bank.FrozenAccount, bank.LimitExceeded, bank.InsufficientFunds}
		if fmt.Sprint(codes) != fmt.Sprint(want) {
			t.Errorf("refused with %v, want %v", codes, want)
		}
	})
}

func TestADryRunKnowsTheNewestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.send(b.open(), b.deposit("pay", 100))
		zombie := b.host
		b.restart()
		b.send(b.withdraw("rent", 70))
		b.host = zombie
		b.expect(b.dry(b.withdraw("again", 70)), contract.Refused)
	})
}

// anyCommand is some command, sensible or not, on some event of the account or
// on none.
func (b *bench) anyCommand(r *rand.Rand) contract.Command {
	amount, some := eur(r.Int64N(100)-2), eur(1+r.Int64N(60))
	stream := append(b.stream(), contract.Record{Key: "none", Version: 1_000})
	past := stream[max(0, len(stream)-1-r.IntN(12))]
	version, transfer := past.Version, bank.NewTransferID(ada, past.Key)
	expires := b.now.Add(time.Duration(r.IntN(100)-5) * time.Minute)
	commands := []bank.Command{
		bank.OpenAccount{Owner: "Ada", Currency: "EUR", ExternalID: []string{"", "till"}[r.IntN(2)]},
		bank.Deposit{Amount: eur(200)}, bank.Deposit{Amount: eur(500)}, bank.Deposit{Amount: amount},
		bank.Deposit{Amount: amount},
		bank.Withdraw{Amount: amount}, bank.PlaceHold{Amount: amount, ExpiresAt: expires},
		bank.CaptureHold{Hold: version, Amount: &some, ReleaseRest: r.IntN(2) == 0}, bank.CaptureHold{Hold: version},
		bank.ReleaseHold{Hold: version}, bank.SendTransfer{To: bank.NewAccountID("bob", "1"), Amount: amount},
		bank.Reverse{Transaction: version, Reason: "a mistake"},
		bank.Reverse{Transaction: version, Amount: &some, Reason: "a mistake"},
		bank.FreezeAccount{Debits: true, Credits: r.IntN(2) == 0, Reason: "inquiry"}, bank.UnfreezeAccount{},
		bank.UnfreezeAccount{},
		bank.UnfreezeAccount{}, bank.SetLimits{Limits: bank.Limits{Overdraft: eur(r.Int64N(50)), PerDay: &some}},
		bank.SetLimits{}, bank.CloseAccount{},
	}
	switch {
	case past.Type == "hold-placed" && r.IntN(2) == 0:
		commands = []bank.Command{bank.CaptureHold{Hold: version, Amount: &some}, bank.CaptureHold{Hold: version},
			bank.ReleaseHold{Hold: version}, bank.ExpireHold{Hold: version}}
	case past.Type == "transfer-sent" && r.IntN(2) == 0:
		commands = []bank.Command{bank.CompleteTransfer{Transfer: transfer},
			bank.ReturnTransfer{Transfer: transfer, Rejection: bank.Rejection{Code: bank.ClosedAccount}}}
	case r.IntN(9) == 0:
		commands = []bank.Command{bank.ExpireHold{Hold: version}, bank.CompleteTransfer{Transfer: transfer},
			bank.ReceiveTransfer{
				Transfer: bank.NewTransferID("x", fmt.Sprint(r.IntN(9))), From: bank.NewAccountID("bob", "1"), Amount: some}}
	}
	command := commands[r.IntN(len(commands))]
	if key, internal := bank.SystemKey(command); internal {
		return b.command(key, command)
	}
	return b.command(fmt.Sprint("k", r.IntN(90)), command)
}

// TestADryRunIsTheRealRun asks for commands at random first for show and then
// for real: the answers are the same.
func TestADryRunIsTheRealRun(t *testing.T) {
	applied := make(map[string]int)
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			b, r := newBench(t), rand.New(rand.NewPCG(seed, 4))
			for range 25 {
				b.now = b.now.Add(time.Duration(r.IntN(30)) * time.Minute)
				batch := contract.CommandBatch{Atomic: r.IntN(3) == 0}
				for range 1 + r.IntN(4) {
					batch.Commands = append(batch.Commands, b.anyCommand(r))
				}
				rehearsal := batch
				rehearsal.DryRun = true
				before := len(b.stream())
				predicted := b.turn(ada, rehearsal)
				if after := len(b.stream()); after != before {
					t.Fatalf("seed %d: a dry run wrote %d events", seed, after-before)
				}
				for i, o := range b.turn(ada, batch) {
					if got, want := comparable(t, predicted[i]), comparable(t, o); got != want {
						t.Fatalf("seed %d: %s %s\npredicted %s\nanswered  %s", seed, batch.Commands[i].Type, batch.Commands[i].Data, got,
							want)
					}
					if o.Status == contract.Applied {
						applied[batch.Commands[i].Type]++
					}
				}
			}
		})
	}
	if len(applied) < 16 {
		t.Errorf("only these were ever applied: %v", applied)
	}
}

// comparable is an outcome without what only a real run, or only a dry one, has.
func comparable(t *testing.T, o contract.Outcome) string {
	t.Helper()
	if o.Record != nil {
		r := *o.Record
		if o.Status == contract.Applied || o.Status == contract.Replayed {
			r.Position = 0
		}
		o.Record = &r
	}
	o.Others = nil
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
