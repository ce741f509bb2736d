package batcher

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// Errors of Add: nothing was added.
var (
	ErrTooManyActors  = errors.New("too many actors have commands on their way")
	ErrTooManyWaiting = errors.New("too many commands wait for this actor")
)

// Config says how a batcher works.
type Config[T any] struct {
	// Actor is the id of the actor that an item is for.
	Actor func(T) string
	// Carry makes one call to an actor, with the items that Share let in. The
	// items that it returns are tried again after a pause, ahead of what arrived
	// meanwhile; attempt counts the calls in a row that left such items.
	Carry func(ctx context.Context, actor string, items []T, attempt int) (again []T)
	// Share is how many of the items that wait, from the first on and at least
	// that, go into the next call; by default contract.MaxCommands at most.
	Share func(waiting []T) int
	// Detached calls outlive the context of the item that began them: items of others share them.
	Detached bool
	// RetryMin and RetryMax bound the pause before another attempt, which doubles
	// each time.
	RetryMin, RetryMax time.Duration
	// MaxActors and MaxWaiting, where set, bound the actors that have items, and
	// the sizes of the items that wait for one of them.
	MaxActors, MaxWaiting int
	// Size is the size of an item, by default 1.
	Size func(T) int
}

// Batcher is a queue for each actor, and a call at a time for each queue.
type Batcher[T any] struct {
	config  Config[T]
	running sync.WaitGroup

	mu     sync.Mutex
	queues map[string]*queue[T]
}

// queue is what waits for one actor. It exists while calls are made to it.
type queue[T any] struct {
	waiting []T
	size    int // of all that wait
}

// New makes a batcher with nothing to do.
func New[T any](config Config[T]) *Batcher[T] {
	if config.Share == nil {
		config.Share = func(waiting []T) int { return min(len(waiting), contract.MaxCommands) }
	}
	if config.Size == nil {
		config.Size = func(T) int { return 1 }
	}
	return &Batcher[T]{config: config, queues: make(map[string]*queue[T])}
}

// Add queues items: those for one actor share a call as far as they may. Calls
// have the context of the item that began the actor's queue; when that ends, no
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
	actor := b.config.Actor(item)
	q := b.queues[actor]
	if q == nil {
		if b.config.MaxActors > 0 && len(b.queues) >= b.config.MaxActors {
			return ErrTooManyActors
		}
		q = &queue[T]{}
		b.queues[actor] = q
		if b.config.Detached {
			ctx = context.WithoutCancel(ctx)
		}
		b.running.Add(1)
		go b.run(ctx, actor, q)
	}
	if b.config.MaxWaiting > 0 && q.size >= b.config.MaxWaiting {
		return ErrTooManyWaiting
	}
	q.waiting, q.size = append(q.waiting, item), q.size+b.config.Size(item)
	return nil
}

// Wait waits until no call is under way.
func (b *Batcher[T]) Wait() { b.running.Wait() }

// run makes calls to one actor until nothing waits.
func (b *Batcher[T]) run(ctx context.Context, actor string, q *queue[T]) {
	defer b.running.Done()
	pause := b.config.RetryMin
	for attempt := 0; ; {
		items := b.next(actor, q)
		if len(items) == 0 {
			return
		}
		again := b.config.Carry(ctx, actor, items, attempt)
		if len(again) == 0 {
			attempt, pause = 0, b.config.RetryMin
			continue
		}
		b.putBack(q, again)
		if !app.Pause(ctx, pause) {
			b.drop(actor)
			return
		}
		attempt, pause = attempt+1, min(2*pause, b.config.RetryMax)
	}
}

// next takes the items that wait, as far as they fit into one call. When there
// are none, it ends the queue.
func (b *Batcher[T]) next(actor string, q *queue[T]) []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(q.waiting) == 0 {
		delete(b.queues, actor)
		return nil
	}
	n := b.config.Share(q.waiting)
	items := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	for _, item := range items {
		q.size -= b.config.Size(item)
	}
	return items
}

// putBack puts items at the head of their queue.
func (b *Batcher[T]) putBack(q *queue[T], items []T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q.waiting = slices.Concat(items, q.waiting)
	for _, item := range items {
		q.size += b.config.Size(item)
	}
}

// drop ends a queue with all that waits in it.
func (b *Batcher[T]) drop(actor string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.queues, actor)
}
