package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"corebank/check/laws"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// subscriber follows an account's transactions, or all, through any gateway that is there, and resumes by its
// cursor whenever that breaks.
type subscriber struct {
	world *world
	name  string
	th    *thread

	mu    sync.Mutex
	watch laws.Watch
	cut   context.CancelFunc // breaks the connection
}

// subscribe adds a subscriber, who comes after a while, with the cursor of something that happened by then.
func (w *world) subscribe(id bank.AccountID, after time.Duration) {
	name := fmt.Sprintf("subscriber %d", len(w.subscribers)+1)
	s := &subscriber{world: w, name: name, th: w.thread(name, nil), cut: func() {},
		watch: laws.Watch{Name: name, Account: id}}
	w.subscribers = append(w.subscribers, s)
	w.running.Go(func() {
		if w.sleep(w.ctx, after) != nil {
			return
		}
		s.mu.Lock()
		s.watch.After = s.th.Int64N(w.merged() + 1)
		s.mu.Unlock()
		s.follow(s.th.in(w.ctx))
	})
}

func (s *subscriber) follow(ctx context.Context) {
	for ctx.Err() == nil {
		s.connect(ctx)
		app.Pause(ctx, s.th.between(time.Millisecond, time.Second))
	}
}

// connect reads from a gateway until the connection breaks.
func (s *subscriber) connect(ctx context.Context) {
	slot := s.th.IntN(len(s.world.gateways))
	if s.th.pass(ctx, wayMin, wayMax) != nil {
		return
	}
	g, ctx, leave := s.world.enter(ctx, slot)
	if g == nil {
		return
	}
	defer leave()
	s.mu.Lock()
	s.cut = leave
	s.mu.Unlock()
	s.th.note("subscribes at %s after %d", g.name, s.cursor())
	for item, err := range g.feed.Each(ctx, s.watch.Account, s.cursor(), 0) {
		if err != nil || ctx.Err() != nil {
			s.th.note("the subscription ends: %v", err)
			return
		}
		s.saw(*item.Transaction)
		s.th.note("sees position %d", item.Position)
		if s.th.IntN(4) == 0 && s.th.pass(ctx, 0, 50*time.Millisecond) != nil {
			return
		}
	}
}

// saw notes a transaction.
func (s *subscriber) saw(line view.Transaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := laws.Seen{Account: line.Account, Version: line.Version, Position: line.Position, Type: string(line.Type),
		Amount: line.Amount, Balance: line.BalanceAfter}
	s.watch.Seen = append(s.watch.Seen, seen)
	if s.watch.Account == "" && line.Type == bank.TransferInEntry {
		s.world.workload.Arrived(s.th.Rand, seen)
	}
}

// cursor is the position after which the subscriber wants to go on.
func (s *subscriber) cursor() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.watch.Seen); n > 0 {
		return s.watch.Seen[n-1].Position
	}
	return s.watch.After
}

// breakOff ends the connection from outside.
func (s *subscriber) breakOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut()
}

// result is what the subscriber has seen.
func (s *subscriber) result() laws.Watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch
}
