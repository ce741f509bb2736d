package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// request is a command as a client wants it, whoever carries it how often.
type request struct {
	account bank.AccountID
	key     string
	command bank.Command
	wire    contract.Command
}

// attempt is one time that a client asked, and what it was told.
type attempt struct {
	request
	client         string
	sent, answered time.Duration
	outcome        contract.Outcome
}

// client makes requests and keeps its own record of every answer.
type client struct {
	world *world
	name  string
	th    *thread
	opens []person // accounts to open before anything else
	past  []request
}

// work makes requests one after the other, and some of them several times.
func (c *client) work(requests int, pause time.Duration) {
	for i := range requests {
		if c.world.sleep(c.world.ctx, c.th.between(0, pause)) != nil {
			return
		}
		r := c.choose(i)
		c.past = append(c.past, r)
		if c.th.IntN(5) > 0 {
			c.insist(c.th, r)
			continue
		}
		var together sync.WaitGroup
		for n := range 2 + c.th.IntN(2) {
			th := c.th.fork(fmt.Sprintf("twin %d", n+1))
			together.Go(func() { c.insist(th, r) })
		}
		together.Wait()
	}
}

// choose is the next request: mostly a new one, sometimes an earlier one again,
// and sometimes an earlier key for something else.
func (c *client) choose(n int) request {
	luck, person := c.th.IntN(100), c.world.people[c.th.IntN(len(c.world.people))]
	if len(c.opens) > 0 {
		luck, person, c.opens = 99, c.opens[0], c.opens[1:]
	}
	key := fmt.Sprintf("%s-%d", c.name, n+1)
	amount := bank.Money{Minor: 1 + c.th.Int64N(100), Currency: "EUR"}
	switch {
	case luck < 8 && len(c.past) > 0:
		return c.past[c.th.IntN(len(c.past))]
	case luck < 13 && len(c.past) > 0:
		earlier := c.past[c.th.IntN(len(c.past))]
		return c.world.request(earlier.account, earlier.key, bank.Deposit{Amount: amount})
	case luck < 40:
		return c.world.request(person.account, key, bank.Deposit{Amount: amount, Details: bank.Details{Memo: "wages"}})
	case luck < 55:
		return c.world.request(person.account, key, bank.Withdraw{Amount: amount})
	case luck < 88:
		return c.world.request(person.account, key, c.seldom(person.account, amount))
	case luck < 90:
		return c.world.request(person.account, key, bank.OpenAccount{Owner: person.name, Currency: "USD"})
	default:
		return c.world.request(person.account, firstKey, person.opening())
	}
}

// soonMost is how long a hold lasts, at most, that expires in a run.
const soonMost = 8 * time.Second

// seldom is one of the things that people do less often than paying in and out.
func (c *client) seldom(id bank.AccountID, amount bank.Money) bank.Command {
	switch luck := c.th.IntN(33); {
	case luck < 12:
		return bank.SendTransfer{To: c.destination(), Amount: amount}
	case luck < 18:
		hold := bank.PlaceHold{Amount: amount}
		if c.th.IntN(2) == 0 {
			hold.ExpiresAt = time.Now().Add(c.th.between(time.Second, soonMost)).UTC().Truncate(time.Microsecond)
		}
		return hold
	case luck < 22:
		return bank.CaptureHold{Hold: c.earlier(id, isHold), Amount: c.some(amount), ReleaseRest: c.th.IntN(2) == 0}
	case luck < 24:
		return bank.ReleaseHold{Hold: c.earlier(id, isHold)}
	case luck < 29:
		return bank.Reverse{Transaction: c.earlier(id, isTransaction), Amount: c.some(amount), Reason: "a mistake"}
	case luck < 30:
		return bank.FreezeAccount{Debits: c.th.IntN(2) == 0, Credits: true, Reason: "for a moment"}
	case luck < 32:
		return bank.UnfreezeAccount{}
	default:
		return bank.CloseAccount{}
	}
}

func (c *client) destination() bank.AccountID {
	switch c.th.IntN(8) {
	case 0:
		return c.world.nobody.account
	case 1:
		return c.world.foreign.account
	default:
		return c.world.people[c.th.IntN(len(c.world.people))].account
	}
}

// some is an amount, or nil for all there is.
func (c *client) some(amount bank.Money) *bank.Money {
	if c.th.IntN(2) == 0 {
		return nil
	}
	return &amount
}

// earlier is the version of an event in the account's statement; 1 if there is
// none of the kind.
func (c *client) earlier(id bank.AccountID, kind func(bank.Event) bool) int64 {
	records, err := c.world.home(id).log.Open().ReadStream(c.world.ctx, id, 0, contract.MaxReadRecords)
	if err != nil {
		return 1
	}
	var those []int64
	for _, r := range records {
		if event, err := r.Event(); err == nil && kind(event) {
			those = append(those, r.Version)
		}
	}
	if len(those) == 0 {
		return 1
	}
	return those[c.th.IntN(len(those))]
}

func isHold(event bank.Event) bool {
	_, is := event.(bank.HoldPlaced)
	return is
}

func isTransaction(event bank.Event) bool { return len(event.PostingLines()) > 0 }

// firstKey is the key that everybody's account is opened with.
const firstKey = "first"

func (w *world) request(id bank.AccountID, key string, command bank.Command) request {
	wire, err := contract.EncodeCommand("customer", key, command)
	if err != nil {
		panic(err) // every command has a wire name
	}
	return request{account: id, key: key, command: command, wire: wire}
}

// insist asks until it gets an answer that says something, or loses patience.
func (c *client) insist(th *thread, r request) {
	for range 1 + th.IntN(4) {
		switch c.world.ask(th, r, th.between(time.Second, 20*time.Second)).Status {
		case contract.Unknown, contract.Unavailable:
		default:
			return
		}
		if c.world.sleep(c.world.ctx, th.between(10*time.Millisecond, time.Second)) != nil {
			return
		}
	}
}

// ask sends a request through some gateway and records what came of it.
func (w *world) ask(th *thread, r request, patience time.Duration) contract.Outcome {
	ctx, cancel := context.WithTimeout(th.in(w.ctx), patience)
	defer cancel()
	a := attempt{request: r, client: th.name, sent: w.now()}
	th.note("asks %s to %s %v", w.name(r.account), r.key, r.command)
	a.outcome = w.carry(ctx, th, r)
	a.answered = w.now()
	th.note("hears of %s: %s", r.key, outcome(a.outcome))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts = append(w.attempts, a)
	return a.outcome
}

// carry is the way of a request to a gateway and back.
func (w *world) carry(ctx context.Context, th *thread, r request) contract.Outcome {
	unknown := contract.Outcome{Status: contract.Unknown, Reason: "the connection to the gateway broke"}
	slot := th.IntN(len(w.gateways))
	if th.pass(ctx, wayLeast, wayMost) != nil || th.suffers(requestLost) {
		return unknown
	}
	g, served, leave := w.enter(ctx, slot)
	if g == nil {
		return unknown
	}
	defer leave()
	told, err := g.commands.Execute(served, r.account, r.wire)
	if err != nil || g.dead.Load() || th.suffers(responseLost) || th.pass(ctx, wayLeast, wayMost) != nil {
		return unknown
	}
	return told
}
