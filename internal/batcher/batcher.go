package batcher

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Errors of Add: nothing was added.
var (
	ErrTooManyAccounts = errors.New("too many accounts have commands on their way")
	ErrTooManyWaiting  = errors.New("too many commands wait for this account")
)

// Item is what waits for an account.
type Item interface{ Account() bank.AccountID }

// Config says how a batcher works.
type Config[T Item] struct {
	// Carry makes one call for an account, with 1 to contract.MaxCommands items.
	// The items that it returns are tried again after a pause, ahead of what
	// arrived meanwhile; attempt counts the calls in a row that left such items.
	Carry func(ctx context.Context, id bank.AccountID, items []T, attempt int) (again []T)
	// Detached calls outlive the context of the item that began them: items of others share them.
	Detached bool
	// Alone, where set, reports whether an item must not share a call.
	Alone func(T) bool
	// RetryMin and RetryMax bound the pause before another attempt, which doubles
	// each time.
	RetryMin, RetryMax time.Duration
	// MaxAccounts and MaxWaiting, where set, bound the accounts that have items,
	// and the items that wait for one of them.
	MaxAccounts, MaxWaiting int
}

// Batcher is a queue for each account, and a call at a time for each queue.
type Batcher[T Item] struct {
	config  Config[T]
	running sync.WaitGroup

	mu     sync.Mutex
	queues map[bank.AccountID]*queue[T]
}

// queue is what waits for one account. It exists while calls are made for it.
type queue[T Item] struct{ waiting []T }

// New makes a batcher with nothing to do.
func New[T Item](config Config[T]) *Batcher[T] {
	return &Batcher[T]{config: config, queues: make(map[bank.AccountID]*queue[T])}
}

// Add queues items: those of one account share a call as far as they may. Calls
// have the context of the item that began the account's queue; when that ends, no
// further attempt is made, unless calls are detached.
func (b *Batcher[T]) Add(ctx context.Context, items ...T) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, item := range items {
		if err := b.add(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

func (b *Batcher[T]) add(ctx context.Context, item T) error {
	id := item.Account()
	q := b.queues[id]
	if q == nil {
		if b.config.MaxAccounts > 0 && len(b.queues) >= b.config.MaxAccounts {
			return ErrTooManyAccounts
		}
		q = &queue[T]{}
		b.queues[id] = q
		if b.config.Detached {
			ctx = context.WithoutCancel(ctx)
		}
		b.running.Add(1)
		go b.run(ctx, id, q)
	}
	if b.config.MaxWaiting > 0 && len(q.waiting) >= b.config.MaxWaiting {
		return ErrTooManyWaiting
	}
	q.waiting = append(q.waiting, item)
	return nil
}

// Wait waits until no call is under way.
func (b *Batcher[T]) Wait() { b.running.Wait() }

// run makes calls for one account until nothing waits.
func (b *Batcher[T]) run(ctx context.Context, id bank.AccountID, q *queue[T]) {
	defer b.running.Done()
	pause := b.config.RetryMin
	for attempt := 0; ; {
		items := b.next(id, q)
		if len(items) == 0 {
			return
		}
		again := b.config.Carry(ctx, id, items, attempt)
		if len(again) == 0 {
			attempt, pause = 0, b.config.RetryMin
			continue
		}
		b.putBack(q, again)
		if !app.Pause(ctx, pause) {
			b.drop(id)
			return
		}
		attempt, pause = attempt+1, min(2*pause, b.config.RetryMax)
	}
}

// next takes the items that wait, as far as they fit into one call. When there
// are none, it ends the queue.
func (b *Batcher[T]) next(id bank.AccountID, q *queue[T]) []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(q.waiting) && n < contract.MaxCommands && (n == 0 || !b.alone(q.waiting[0]) && !b.alone(q.waiting[n])) {
		n++
	}
	if n == 0 {
		delete(b.queues, id)
		return nil
	}
	items := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return items
}

func (b *Batcher[T]) alone(item T) bool { return b.config.Alone != nil && b.config.Alone(item) }

// putBack puts items at the head of their queue.
func (b *Batcher[T]) putBack(q *queue[T], items []T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q.waiting = slices.Concat(items, q.waiting)
}

// drop ends a queue with all that waits in it.
func (b *Batcher[T]) drop(id bank.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.queues, id)
}
