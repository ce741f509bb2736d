package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// subscriber follows an account's transactions, or everybody's, through
// whatever gateway is there, and resumes by its cursor whenever that breaks.
type subscriber struct {
	world *world
	name  string
	id    bank.AccountID // "" for all accounts
	th    *thread

	mu   sync.Mutex
	from int64 // the cursor that it began with
	seen []view.Transaction
	cut  context.CancelFunc // breaks the connection
}

// subscribe adds a subscriber, who comes after a while, with the cursor of
// something that happened by then.
func (w *world) subscribe(id bank.AccountID, after time.Duration) {
	name := fmt.Sprintf("subscriber %d", len(w.readers)+1)
	s := &subscriber{world: w, name: name, id: id, th: w.thread(name, nil), cut: func() {}}
	w.readers = append(w.readers, s)
	w.running.Go(func() {
		if w.sleep(w.ctx, after) != nil {
			return
		}
		s.mu.Lock()
		s.from = s.th.Int64N(w.ordered() + 1)
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
	if s.th.pass(ctx, wayLeast, wayMost) != nil {
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
	for told, err := range g.feed.Each(ctx, s.id, s.cursor(), 0) {
		if err != nil || ctx.Err() != nil {
			s.th.note("the subscription ends: %v", err)
			return
		}
		s.mu.Lock()
		s.seen = append(s.seen, *told.Transaction)
		s.mu.Unlock()
		s.th.note("sees position %d", told.Position)
		if s.th.IntN(4) == 0 && s.th.pass(ctx, 0, 50*time.Millisecond) != nil {
			return
		}
	}
}

// cursor is the position after which the subscriber wants to go on.
func (s *subscriber) cursor() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) == 0 {
		return s.from
	}
	return s.seen[len(s.seen)-1].Position
}

// breakOff ends the connection from outside.
func (s *subscriber) breakOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut()
}

// all is what the subscriber has seen.
func (s *subscriber) all() []view.Transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}
