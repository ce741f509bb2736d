package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"corebank/check/laws"
	"corebank/check/workload"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of the load.
const (
	// In one of openEvery steps a client opens an account, which takes the place
	// of another.
	openEvery = 2000
	// patience bounds how long a client asks for one outcome.
	patience    = 90 * time.Second
	retryMin    = 20 * time.Millisecond
	retryMax    = 500 * time.Millisecond
	openAttempt = 2 * time.Minute
	// payment is the most that is mostly covered, expiry how long a hold lasts, at
	// most, that expires in a run.
	payment = 10_000
	expiry  = 6 * time.Second
	// foreignAccounts are in another currency.
	foreignAccounts = 3
	foreignCurrency = bank.Currency("USD")
)

// load is clients that use the bank like careful people with bad networks, and
// what they were answered.
type load struct {
	*workload.Workload
	gateway *gateway
	seed    uint64
	random  *rand.Rand // of what is heard

	mu       sync.Mutex
	accounts []bank.AccountID // in use
	opened   int
	answers  []laws.Answer
	counts   map[contract.Status]int
	asked    []asked                                // where there are several gateways
	waiting  map[chan<- time.Duration]time.Duration // those who wait for a command sent after a moment
}

// client is one of the load's; it serves one goroutine.
type client struct {
	*load
	seat   *gateway
	name   string
	random *rand.Rand
	count  int
}

func newLoad(g *gateway, seed uint64) *load {
	l := &load{gateway: g, seed: seed, random: rand.New(rand.NewPCG(seed, 1)),
		counts: make(map[contract.Status]int), waiting: make(map[chan<- time.Duration]time.Duration)}
	l.Workload = &workload.Workload{Currency: currency, Payment: payment, Expiry: expiry, Destinations: l.ids,
		Journals: true, ForeignCurrency: foreignCurrency, Batches: true}
	return l
}

func (l *load) client(name string, number int) *client {
	return &client{load: l, seat: l.gateway.seat(number), name: name,
		random: rand.New(rand.NewPCG(l.seed, uint64(number)+2))}
}

// watcher is a client that only looks how the bank is.
func (l *load) watcher() *client { return l.client("watching", -1) }

// open takes the first accounts into use: every other one is old, as long as
// there are such, the rest are opened.
func (l *load) open(ctx context.Context, accounts int, old Past) error {
	ctx, cancel := context.WithTimeout(ctx, openAttempt)
	defer cancel()
	c := l.client("0", 0)
	for n := range accounts {
		id := old.account(n / 2)
		if n%2 == 0 || n/2 >= old.accounts() {
			id = c.openAccount(ctx, currency)
		}
		if id == "" {
			return fmt.Errorf("the bank opened only %d of %d accounts", len(l.accounts), accounts)
		}
		l.accounts = append(l.accounts, id)
	}
	return c.openRefusing(ctx)
}

// openRefusing makes the accounts that take no transfer: one that is closed, one
// that is frozen, one in another currency, and one that is never opened.
func (c *client) openRefusing(ctx context.Context) error {
	closed, frozen := c.openAccount(ctx, currency), c.openAccount(ctx, currency)
	for range foreignAccounts {
		id := c.openAccount(ctx, foreignCurrency)
		if id == "" {
			return errors.New("the bank opened no account in another currency")
		}
		c.Foreign = append(c.Foreign, id)
	}
	for _, r := range []*laws.Request{
		laws.NewRequest(closed, "close", bank.CloseAccount{}),
		laws.NewRequest(frozen, "freeze", bank.FreezeAccount{Debits: true, Credits: true, Reason: "for a test"}),
	} {
		if r.Account == "" || !c.settle(ctx, r).Acknowledged() {
			return errors.New("the bank did not close one account and freeze another")
		}
	}
	c.Refusing = []bank.AccountID{closed, frozen, c.Foreign[0], bank.NewAccountID("nobody", "none")}
	return nil
}

// run is clients until ctx ends. What they have asked by then, they wait for.
func (l *load) run(ctx context.Context, clients int) {
	var all sync.WaitGroup
	for number := range clients {
		all.Go(func() {
			c := l.client(fmt.Sprint(number), number)
			for ctx.Err() == nil {
				c.step(ctx)
			}
		})
	}
	all.Wait()
}

func (c *client) step(ctx context.Context) {
	c.count++
	place, id := c.pick()
	if c.random.IntN(openEvery) > 0 {
		r := c.Next(c.random, fmt.Sprintf("%s-%d", c.name, c.count), id)
		c.Answered(c.random, c.settle(ctx, r))
		return
	}
	if id = c.openAccount(ctx, currency); id != "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.accounts[place] = id
	}
}

// ask sends a request once and notes the answers: of a batch, several. It returns the one that was refused, or the
// first.
func (c *client) ask(ctx context.Context, r *laws.Request) laws.Answer {
	at := c.seat.at.Load()
	answers := c.seat.ask(ctx, c.name, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = append(c.answers, answers...)
	if len(c.seat.clients) > 1 {
		c.asked = append(c.asked, newAsked(c.name, at, answers[0]))
	}
	for _, a := range answers {
		c.counts[a.Status]++
		for waiter, since := range c.waiting {
			if a.Status == contract.Applied && a.Sent >= since {
				waiter <- a.Answered
				delete(c.waiting, waiter)
			}
		}
	}
	refused := func(a laws.Answer) bool { return a.Status == contract.Refused }
	return answers[max(0, slices.IndexFunc(answers, refused))]
}

// settle sends a request until its outcome is known, as most clients do; one
// in six gives up at once.
func (c *client) settle(ctx context.Context, r *laws.Request) laws.Answer {
	deadline := time.Now().Add(patience)
	careless := c.random.IntN(6) == 0
	for pause := retryMin; ; pause = min(2*pause, retryMax) {
		// The end of the load cuts no request short: that would be a fault too.
		a := c.ask(context.WithoutCancel(ctx), r)
		if a.Settled() || ctx.Err() != nil || time.Now().After(deadline) {
			return a
		}
		app.Pause(ctx, pause)
		if careless && a.Status == contract.Unknown {
			return a
		}
	}
}

// openAccount opens another account; empty when that failed.
func (c *client) openAccount(ctx context.Context, in bank.Currency) bank.AccountID {
	c.mu.Lock()
	c.opened++
	number := c.opened
	c.mu.Unlock()
	r := opening(fmt.Sprintf("torture-%d-%d", c.seed, number), fmt.Sprint("Customer ", number), in)
	for ctx.Err() == nil {
		if a := c.settle(ctx, r); a.Acknowledged() {
			return a.Account
		}
	}
	return ""
}

// pick chooses an account, and tells its place.
func (c *client) pick() (place int, id bank.AccountID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Some accounts are in more demand than others.
	place = min(c.random.IntN(len(c.accounts)), c.random.IntN(len(c.accounts)))
	return place, c.accounts[place]
}

func (l *load) ids() []bank.AccountID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.accounts)
}

func (l *load) heard(s laws.Seen) {
	if s.Type == string(bank.TransferInEntry) || s.Type == string(bank.PostingEntry) {
		l.Arrived(l.random, s)
	}
}

// nextApplied tells when the first command that is sent after a moment and
// happens is answered.
func (l *load) nextApplied(since time.Duration) <-chan time.Duration {
	at := make(chan time.Duration, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[at] = since
	return at
}

// waits are what the clients of the hurt gateways, and those of the others, noticed between
// two moments.
func (l *load) waits(from, to time.Duration, hurt []int) (own, others Waits) {
	l.mu.Lock()
	all := l.asked
	l.mu.Unlock()
	return waitsOf(all, from, to, hurt)
}

// appliedThrough reports whether a command happened that was sent through the gateway of a
// machine after a moment; 0 is any machine.
func (l *load) appliedThrough(machine int, since time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.asked, func(a asked) bool {
		return a.applied && a.sent >= since && (machine == 0 || a.gateway == machine-1)
	})
}

func (l *load) applied() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[contract.Applied]
}
