package actor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/actor"
	"corebank/actor/saga"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
)

// guarded is a bench whose actors trust no one: every command needs proof.
type guarded struct {
	*bench
	people *identitytest.Issuer
	own    *actor.SystemSigner
}

func newGuarded(t *testing.T) *guarded {
	g := &guarded{bench: newBench(t), people: identitytest.NewIssuer(t)}
	var err error
	if g.own, err = actor.NewSystemSigner(newKey(t), time.Now); err != nil {
		t.Fatal(err)
	}
	g.host = actor.NewHost(g.log, g.kept, sealing, func() time.Time { return g.now },
		actor.NewAuthenticator(g.people.Verifier(), g.own.Verifier()))
	g.background(g.host.RunSnapshots)
	return g
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// by is a command with a proof.
func by(t *testing.T, caller, token, key string, c bank.Command) contract.Command {
	t.Helper()
	command, err := contract.EncodeCommand(caller, key, c)
	if err != nil {
		t.Fatal(err)
	}
	command.Token = token
	return command
}

// statuses are what became of commands, with the codes of refusals.
func statuses(outcomes []contract.Outcome) (texts []string) {
	for _, o := range outcomes {
		text := string(o.Status)
		if o.Refusal != nil {
			text += " " + string(o.Refusal.Code)
		}
		texts = append(texts, text)
	}
	return texts
}

// TestActorsBelieveNoGateway: whatever a gateway sends, an actor does only what
// the token that comes with a command allows.
func TestActorsBelieveNoGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(t)
		token := func(subject string, role identity.Role) string { return g.people.TokenFor(subject, role) }
		ada, mallory := token("ada", identity.Customer), token("mallory", identity.Customer)
		tess, audrey := token("tess", identity.Teller), token("audrey", identity.Auditor)
		forged := identitytest.NewIssuer(t).TokenFor("tess", identity.Teller)
		system := g.people.TokenFor(saga.Caller, identity.System)
		old, err := g.people.Token("tess", identity.Teller, time.Now().Add(-2*time.Hour), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		euro, open := bank.Deposit{Amount: eur(100)}, bank.OpenAccount{Owner: "ada", Currency: "EUR"}
		g.answers(contract.CommandBatch{Commands: []contract.Command{by(t, "ada", ada, "first", open),
			by(t, "ada", ada, "salary", euro)}}, "applied", "applied")
		const none, no = "refused ACCOUNT_NOT_FOUND", "forbidden"
		for name, test := range map[string]struct {
			command contract.Command
			want    string
		}{
			"no token":                            {by(t, "ada", "", "k", euro), no},
			"a forged one":                        {by(t, "tess", forged, "k", euro), no},
			"one that has expired":                {by(t, "tess", old, "k", euro), no},
			"a stranger's":                        {by(t, "mallory", mallory, "k", euro), none},
			"a stranger's, in the owner's name":   {by(t, "ada", mallory, "k", euro), none},
			"a stranger's, with a key in use":     {by(t, "ada", mallory, "salary", euro), none},
			"a stranger's, as the owner opened":   {by(t, "ada", mallory, "first", open), "refused INPUT_INVALID"},
			"an auditor's":                        {by(t, "audrey", audrey, "k", euro), no},
			"the owner's, to unfreeze":            {by(t, "ada", ada, "k", bank.UnfreezeAccount{}), no},
			"the owner's, to reverse":             {by(t, "ada", ada, "k", bank.Reverse{Transaction: 2, Reason: "r"}), no},
			"a teller's, for a step of the bank":  {step(t, "tess", tess), no},
			"a teller's, in the name of the bank": {step(t, saga.Caller, tess), no},
			"an issuer's, in the role system":     {step(t, saga.Caller, system), no},
			"the same, in its own name":           {step(t, "x", system), no},
			"a teller's":                          {by(t, "tess", tess, "k1", euro), "applied"},
			"the owner's":                         {by(t, "ada", ada, "k2", euro), "applied"},
		} {
			if got := statuses(g.send(test.command)); fmt.Sprint(got) != "["+test.want+"]" {
				t.Errorf("%s: %v, want %s", name, got, test.want)
			}
		}
		squatted := by(t, "mallory", mallory, "other", bank.OpenAccount{Owner: "mallory", Currency: "EUR"})
		reply, err := g.host.Execute(t.Context(), bank.NewAccountID("ada", "second"),
			contract.CommandBatch{Commands: []contract.Command{squatted}})
		if err != nil || reply.Outcomes[0].Status != contract.Forbidden {
			t.Errorf("an account at an id that is Ada's to open: %+v, %v", reply, err)
		}
		for _, o := range g.send(by(t, "mallory", mallory, "k", euro)) {
			if o.Account != nil || o.Record != nil {
				t.Errorf("a stranger is shown %+v", o)
			}
		}
	})
}

// answers sends a batch and checks its outcomes.
func (g *guarded) answers(batch contract.CommandBatch, want ...string) []contract.Outcome {
	g.t.Helper()
	reply, err := g.host.Execute(g.t.Context(), ada, batch)
	if err != nil || fmt.Sprint(statuses(reply.Outcomes)) != fmt.Sprint(want) {
		g.t.Fatalf("%v, %v; want %v", statuses(reply.Outcomes), err, want)
	}
	return reply.Outcomes
}

// step is one that only the bank itself makes.
func step(t *testing.T, caller, token string) contract.Command {
	command := bank.ReceiveTransfer{Transfer: bank.NewTransferID(bank.NewAccountID("bob", "first"), "t"),
		From: bank.NewAccountID("bob", "first"), Amount: eur(5)}
	key, _ := bank.SystemKey(command)
	return by(t, caller, token, key, command)
}

// TestCallersShareACall: each command of a call stands on its own proof, and
// events name who gave it and as what.
func TestCallersShareACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(t)
		ada, tess := g.people.TokenFor("ada", identity.Customer), g.people.TokenFor("tess", identity.Teller)
		mallory := g.people.TokenFor("mallory", identity.Customer)
		euro := bank.Deposit{Amount: eur(100)}
		g.answers(contract.CommandBatch{Commands: []contract.Command{
			by(t, "ada", ada, "first", bank.OpenAccount{Owner: "ada", Currency: "EUR"}),
			by(t, "nonsense", tess, "a", euro), by(t, "mallory", mallory, "b", euro),
			by(t, "ada", ada, "c", bank.Withdraw{Amount: eur(100)}),
		}}, "applied", "applied", "refused ACCOUNT_NOT_FOUND", "applied")
		var callers []string
		for _, r := range g.stream() {
			callers = append(callers, r.Caller+" as "+r.Role)
		}
		if got := strings.Join(callers, ", "); got != "ada as customer, tess as teller, ada as customer" {
			t.Errorf("the events are by %s", got)
		}
		g.answers(contract.CommandBatch{Atomic: true,
			Commands: []contract.Command{by(t, "ada", ada, "d", euro), by(t, "mallory", mallory, "e", euro)}},
			"not-tried", "refused ACCOUNT_NOT_FOUND")
		g.answers(contract.CommandBatch{Atomic: true,
			Commands: []contract.Command{by(t, "mallory", mallory, "c", euro), by(t, "ada", "", "e", euro)}},
			"refused ACCOUNT_NOT_FOUND", "not-tried")
		g.answers(contract.CommandBatch{DryRun: true,
			Commands: []contract.Command{by(t, "ada", ada, "f", euro), step(t, "tess", tess), step(t, "mallory", mallory)}},
			"applied", "applied", "applied")
	})
}

// TestTheBankActsInItsOwnName: with a token that it renews, and that hosts with
// another key do not take.
func TestTheBankActsInItsOwnName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(t)
		open := by(t, "ada", g.people.TokenFor("ada", identity.Customer), "first",
			bank.OpenAccount{Owner: "ada", Currency: "EUR"})
		g.answers(contract.CommandBatch{Commands: []contract.Command{open}}, "applied")
		var tokens []string
		call := g.own.Sign(func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch,
		) (contract.CommandReply, error) {
			tokens = append(tokens, batch.Commands[0].Token)
			return g.host.Execute(ctx, id, batch)
		})
		for range 3 {
			reply, err := call(t.Context(), ada, contract.CommandBatch{Commands: []contract.Command{step(t, saga.Caller, "")}})
			if err != nil || reply.Outcomes[0].Record == nil || reply.Outcomes[0].Record.Role != string(identity.System) {
				t.Fatalf("%+v, %v", reply, err)
			}
			time.Sleep(4 * time.Minute)
		}
		if tokens[0] != tokens[1] || tokens[1] == tokens[2] {
			t.Errorf("the tokens are %q", tokens)
		}
		stranger, err := actor.NewSystemSigner(newKey(t), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := stranger.Sign(g.host.Execute)(t.Context(), ada,
			contract.CommandBatch{Commands: []contract.Command{step(t, saga.Caller, "")}})
		if err != nil || reply.Outcomes[0].Status != contract.Forbidden {
			t.Errorf("a host with another key: %+v, %v", reply, err)
		}
	})
}

// BenchmarkAuthenticator is what the proof of a command costs an actor.
func BenchmarkAuthenticator(b *testing.B) {
	people := identitytest.NewIssuer(b)
	own, err := actor.NewSystemSigner(newKey(b), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	authenticate := actor.NewAuthenticator(people.Verifier(), own.Verifier())
	command := contract.Command{Caller: "ada", Token: people.TokenFor("ada", identity.Customer)}
	b.ReportAllocs()
	for range b.N {
		if _, err := authenticate(b.Context(), command); err != nil {
			b.Fatal(err)
		}
	}
}
