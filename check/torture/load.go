package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"corebank/internal/bank"
)

// Bounds of the load.
const (
	// accountAnswers is how many answers an account gets before another takes
	// its place: the search for an order of them takes memory with their square.
	accountAnswers = 4000
	// remembered is how many of its requests a client may send again.
	remembered = 64
	// patience bounds how long a client asks for one outcome.
	patience    = 90 * time.Second
	retryLeast  = 20 * time.Millisecond
	retryMost   = 500 * time.Millisecond
	openAttempt = 2 * time.Minute
	// watchingClient is the number of a client that only looks how the bank is.
	watchingClient = -1
)

// load is clients that use the bank like careful people with bad networks.
type load struct {
	gateway *gateway
	record  *record
	seed    uint64

	mu       sync.Mutex
	accounts []slot
	opened   int
	// dead are accounts to which no transfer ever comes, arrived the newest
	// transfers that somebody saw arriving.
	dead    []bank.AccountID
	arrived []line
}

// slot is an account in use.
type slot struct {
	id      bank.AccountID
	answers int
}

// client is one of the load's; it serves one goroutine.
type client struct {
	*load
	number int
	random *rand.Rand
	sent   []*Request // the newest that were acknowledged
	count  int
	// posted are transactions that the client made, holds its holds, and frozen
	// the account that it has frozen.
	posted, holds []line
	frozen        bank.AccountID
}

func newLoad(g *gateway, r *record, seed uint64) *load {
	return &load{gateway: g, record: r, seed: seed}
}

func (l *load) client(number int) *client {
	return &client{load: l, number: number, random: rand.New(rand.NewPCG(l.seed, uint64(number)+2))}
}

// open takes the first accounts into use: every other one is old, as long as
// there are such, the rest are opened.
func (l *load) open(ctx context.Context, accounts int, old Past) error {
	ctx, cancel := context.WithTimeout(ctx, openAttempt)
	defer cancel()
	c := l.client(0)
	for n := range accounts {
		if n%2 == 1 && n/2 < old.accounts() {
			l.accounts = append(l.accounts, slot{id: old.account(n / 2)})
			continue
		}
		id := c.openAccount(ctx)
		if id == "" {
			return fmt.Errorf("the bank opened only %d of %d accounts", len(l.accounts), accounts)
		}
		l.accounts = append(l.accounts, slot{id: id})
	}
	return c.openDead(ctx)
}

// run is clients until ctx ends. What they have asked by then, they wait for.
func (l *load) run(ctx context.Context, clients int) {
	var all sync.WaitGroup
	for number := range clients {
		all.Go(func() {
			c := l.client(number)
			for ctx.Err() == nil {
				c.step(ctx)
			}
		})
	}
	all.Wait()
}

// step is one thing that a client does.
func (c *client) step(ctx context.Context) {
	c.count++
	place, id := c.pick()
	if id == "" {
		if id = c.openAccount(ctx); id != "" {
			c.replace(place, id)
		}
		return
	}
	roll := c.random.IntN(100)
	if roll < 12 && len(c.sent) > 0 {
		again := c.sent[c.random.IntN(len(c.sent))]
		if roll < 4 {
			again = withAnotherAmount(again)
		}
		c.settle(ctx, again)
		return
	}
	r := c.choose(id, roll)
	if a := c.settle(ctx, r); a.acknowledged() {
		c.remember(r)
		c.note(r, a)
	}
}

func (c *client) remember(r *Request) {
	if len(c.sent) < remembered {
		c.sent = append(c.sent, r)
		return
	}
	c.sent[c.random.IntN(remembered)] = r
}

// settle sends a request until its outcome is known, as most clients do; one
// in six gives up at once.
func (c *client) settle(ctx context.Context, r *Request) Answer {
	deadline := time.Now().Add(patience)
	careless := c.random.IntN(6) == 0
	for pause := retryLeast; ; pause = min(2*pause, retryMost) {
		// The end of the load cuts no request short: that would be a fault too.
		a := c.gateway.ask(context.WithoutCancel(ctx), c.number, r)
		c.record.add(a)
		if a.Verdict != Unknown && a.Verdict != Unavailable || ctx.Err() != nil || time.Now().After(deadline) {
			return a
		}
		sleep(ctx, pause)
		if careless && a.Verdict == Unknown {
			return a
		}
	}
}

// openAccount opens another account; empty when that failed.
func (c *client) openAccount(ctx context.Context) bank.AccountID { return c.openIn(ctx, currency) }

func (c *client) openIn(ctx context.Context, in bank.Currency) bank.AccountID {
	c.mu.Lock()
	c.opened++
	number := c.opened
	c.mu.Unlock()
	r := &Request{Key: fmt.Sprintf("torture-%d-%d", c.seed, number), Command: bank.OpenAccount{Owner: fmt.Sprint("Customer ", number), Currency: in, Kind: bank.Current}}
	for ctx.Err() == nil {
		if a := c.settle(ctx, r); a.acknowledged() {
			return a.Account
		}
	}
	return ""
}

// pick chooses an account, or a place that needs a new one.
func (c *client) pick() (place int, id bank.AccountID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Some accounts are in more demand than others.
	place = min(c.random.IntN(len(c.accounts)), c.random.IntN(len(c.accounts)))
	s := &c.accounts[place]
	s.answers++
	if s.answers == accountAnswers {
		return place, ""
	}
	return place, s.id
}

func (c *client) replace(place int, id bank.AccountID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accounts[place] = slot{id: id}
}

// ids are the accounts in use.
func (l *load) ids() []bank.AccountID {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]bank.AccountID, len(l.accounts))
	for i, s := range l.accounts {
		all[i] = s.id
	}
	return all
}

// sleep waits, and reports whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
