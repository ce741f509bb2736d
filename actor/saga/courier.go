package saga

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of commands on their way.
const (
	// maxCalls bounds the calls at once to accounts that answer, and
	// maxDoubtful those to accounts that last time did not: they never take
	// the places of the others.
	maxCalls    = 64
	maxDoubtful = 16
	// callTimeout is a little more than an actor takes before it gives up.
	callTimeout = 12 * time.Second
	retryLeast  = 50 * time.Millisecond
	retryMost   = 5 * time.Second
)

// Call gives an account's actor a turn.
type Call func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error)

// order is a command that is brought to an account until it is answered, or
// nobody wants it any more.
type order struct {
	account  bank.AccountID
	command  contract.Command
	answered func(contract.Outcome) // Applied, Replayed or Refused
	unwanted atomic.Bool
}

// cancel ends the attempts. It may be called on nil.
func (o *order) cancel() {
	if o != nil {
		o.unwanted.Store(true)
	}
}

// courier brings orders to accounts: one call per account at a time, and what
// gathers meanwhile shares the next. It tries for ever.
type courier struct {
	call            Call
	told            func() // after the answers of a call were handed on
	logger          *slog.Logger
	calls, doubtful chan struct{}
	running         sync.WaitGroup

	mu    sync.Mutex
	lines map[bank.AccountID][]*order // what waits; present while somebody carries it
}

func newCourier(call Call, told func(), logger *slog.Logger) *courier {
	return &courier{call: call, told: told, logger: logger, calls: make(chan struct{}, maxCalls),
		doubtful: make(chan struct{}, maxDoubtful), lines: make(map[bank.AccountID][]*order)}
}

// send takes orders, which are carried until ctx ends. Those of one account
// share a call.
func (c *courier) send(ctx context.Context, orders []*order) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range orders {
		id := o.account
		_, carried := c.lines[id]
		c.lines[id] = append(c.lines[id], o)
		if !carried {
			c.running.Go(func() { c.carry(ctx, id) })
		}
	}
}

// carry makes calls for one account until nothing waits.
func (c *courier) carry(ctx context.Context, id bank.AccountID) {
	pause := retryLeast
	for places := c.calls; ; {
		orders := c.next(id)
		if len(orders) == 0 {
			return
		}
		open, err := c.try(ctx, id, orders, places)
		if ctx.Err() != nil {
			return
		}
		if len(open) == 0 {
			pause, places = retryLeast, c.calls
			continue
		}
		c.logger.Warn("an account does not take what is to be done, trying again",
			"account", id, "commands", len(open), "pause", pause, "error", err)
		c.putBack(id, open)
		if !app.Pause(ctx, pause) {
			return
		}
		pause, places = min(2*pause, retryMost), c.doubtful
	}
}

// next takes what waits and is still wanted, as far as it fits into one call,
// and ends the line when that is nothing.
func (c *courier) next(id bank.AccountID) []*order {
	c.mu.Lock()
	defer c.mu.Unlock()
	var orders []*order
	waiting := c.lines[id]
	for len(waiting) > 0 && len(orders) < contract.MaxCommands {
		if !waiting[0].unwanted.Load() {
			orders = append(orders, waiting[0])
		}
		waiting = waiting[1:]
	}
	if c.lines[id] = waiting; len(orders) == 0 {
		delete(c.lines, id)
	}
	return orders
}

// putBack puts orders at the head of their line, which still exists.
func (c *courier) putBack(id bank.AccountID, orders []*order) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines[id] = append(orders, c.lines[id]...)
}

// try makes one call, hands on the answers, and returns what is still open.
func (c *courier) try(ctx context.Context, id bank.AccountID, orders []*order, places chan struct{}) (open []*order, err error) {
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	case <-ctx.Done():
		return orders, ctx.Err()
	}
	batch := contract.CommandBatch{Commands: make([]contract.Command, len(orders))}
	for i, o := range orders {
		batch.Commands[i] = o.command
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	reply, err := c.call(call, id, batch)
	if err == nil && len(reply.Outcomes) != len(orders) {
		err = fmt.Errorf("the actor answered %d of %d commands", len(reply.Outcomes), len(orders))
	}
	if err != nil {
		return orders, err
	}
	for i, outcome := range reply.Outcomes {
		switch outcome.Status {
		case contract.Applied, contract.Replayed, contract.Refused:
			orders[i].answered(outcome)
		default:
			err = fmt.Errorf("%s is %s: %s", orders[i].command.Key, outcome.Status, outcome.Reason)
			open = append(open, orders[i])
		}
	}
	c.told()
	return open, err
}
