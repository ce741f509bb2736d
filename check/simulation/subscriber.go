package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"corebank/check/laws"
	"corebank/graph"
	"corebank/internal/app"
	"corebank/internal/bank"
)

// subscriber follows an account's transactions, or all, through any gateway that is there, and resumes by its
// cursor whenever that breaks.
type subscriber struct {
	world *world
	name  string
	th    *thread

	mu    sync.Mutex
	watch laws.Watch
	at    graph.FeedCursor
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
		s.watch.After = s.th.Int64N(w.topic.published() + 1)
		s.at.Number = s.watch.After
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
	s.th.note("subscribes at %s after %+v", g.name, *s.cursor())
	for item, err := range g.feed.Each(ctx, s.watch.Account, s.cursor(), 0) {
		if err != nil || ctx.Err() != nil {
			s.th.note("the subscription ends: %v", err)
			s.beginAnew(err)
			return
		}
		s.saw(item)
		s.th.note("sees position %d", item.Position)
		if s.th.IntN(4) == 0 && s.th.pass(ctx, 0, 50*time.Millisecond) != nil {
			return
		}
	}
}

// beginAnew gives up what it has seen, if the reason is that the log does not have it: nothing else may be one.
func (s *subscriber) beginAnew(reason error) {
	fault := (*graph.Fault)(nil)
	if !errors.As(reason, &fault) || fault.Code != graph.CodeCursorInvalid {
		return
	}
	if !s.world.wasPutBack() {
		s.world.violated(laws.SeenOnce, "%s had to begin anew: %v", s.name, reason)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.After, s.watch.Seen, s.at = 0, nil, graph.FeedCursor{}
}

// saw notes a transaction.
func (s *subscriber) saw(item graph.FeedItem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := item.Transaction
	s.at = graph.FeedCursor{Number: item.Position, Mark: item.Mark}
	if s.watch.Account != "" {
		s.at = graph.FeedCursor{ByVersion: true, Number: item.Version, Mark: item.Mark}
	}
	seen := laws.Seen{Account: line.Account, Version: line.Version, Position: line.Position, Type: string(line.Type),
		Amount: line.Amount, Balance: line.BalanceAfter}
	s.watch.Seen = append(s.watch.Seen, seen)
	if s.watch.Account == "" && line.Type == bank.TransferInEntry {
		s.world.workload.Arrived(s.th.Rand, seen)
	}
}

// cursor is after what the subscriber wants to go on.
func (s *subscriber) cursor() *graph.FeedCursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.at
	return &at
}

// seen is the position of the last transaction that the subscriber has; 0 for none.
func (s *subscriber) seen() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.watch.Seen); n > 0 {
		return s.watch.Seen[n-1].Position
	}
	return 0
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
