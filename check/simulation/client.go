package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// customer is the caller of all requests.
const customer = "customer"

// client makes requests. Every answer is noted.
type client struct {
	world *world
	name  string
	th    *thread
	opens []person // accounts to open before anything else
}

// work makes requests one after the other, and some of them several times.
func (c *client) work(requests int, pause time.Duration) {
	for i := range requests {
		if c.world.sleep(c.world.ctx, c.th.between(0, pause)) != nil {
			return
		}
		key := fmt.Sprintf("%s-%d", c.name, i+1)
		if len(c.opens) == 0 && c.th.IntN(8) == 0 {
			c.insistBatch(key)
			continue
		}
		r := c.choose(key)
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

// choose is the next request: the opening of an account, first or again, or what the workload has.
func (c *client) choose(key string) *laws.Request {
	w := c.world
	roll, p := c.th.IntN(100), w.people[c.th.IntN(len(w.people))]
	if len(c.opens) > 0 {
		roll, p, c.opens = 0, c.opens[0], c.opens[1:]
	}
	switch {
	case roll < 10:
		return p.opening()
	case roll < 12:
		return laws.NewRequest(p.account, p.name, bank.OpenAccount{Owner: p.name, Currency: "USD"})
	default:
		return w.workload.Next(c.th.Rand, key, p.account)
	}
}

// insist asks until it gets a definite answer, or loses patience.
func (c *client) insist(th *thread, r *laws.Request) {
	for range 1 + th.IntN(4) {
		if a := c.world.ask(th, r, th.between(time.Second, 20*time.Second)); a.Settled() {
			c.world.workload.Answered(th.Rand, a)
			return
		}
		if c.world.sleep(c.world.ctx, th.between(10*time.Millisecond, time.Second)) != nil {
			return
		}
	}
}

// ask sends a request through some gateway and records what came of it.
func (w *world) ask(th *thread, r *laws.Request, patience time.Duration) laws.Answer {
	ctx, cancel := context.WithTimeout(th.in(w.ctx), patience)
	defer cancel()
	a := attempt{Answer: laws.Answer{Request: r, Client: th.name, Sent: w.now()}}
	th.note("asks %s to %s %v", w.name(string(r.Account)), r.Key, r.Command)
	a.take(w.carry(ctx, th, r))
	a.Answered = w.now()
	th.note("hears of %s: %s", r.Key, outcome(a.outcome))
	return w.record(a)
}

// record notes an attempt.
func (w *world) record(a attempt) laws.Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.Sent < w.lastPutBack {
		a.forget()
	}
	w.asked = append(w.asked, a)
	return a.Answer
}

// carry is the way of a request to a gateway and back.
func (w *world) carry(ctx context.Context, th *thread, r *laws.Request) contract.Outcome {
	wire, err := contract.EncodeCommand(customer, r.Key, r.Command)
	if err != nil {
		panic(err) // the request was made of it
	}
	var o contract.Outcome
	if !w.through(ctx, th, func(served context.Context, g *gateway) (err error) {
		o, err = g.commands.Execute(served, r.Account, wire)
		return err
	}) {
		return contract.Outcome{Status: contract.Unknown, Reason: "the connection to the gateway broke"}
	}
	return o
}

// through has some gateway execute something, and reports whether its answer arrived.
func (w *world) through(ctx context.Context, th *thread, execute func(context.Context, *gateway) error) bool {
	slot := th.IntN(len(w.gateways))
	if th.pass(ctx, wayMin, wayMax) != nil || th.suffers(requestLost) {
		return false
	}
	g, served, leave := w.enter(ctx, slot)
	if g == nil {
		return false
	}
	defer leave()
	err := execute(served, g)
	return err == nil && !g.dead.Load() && !th.suffers(responseLost) && th.pass(ctx, wayMin, wayMax) == nil
}
