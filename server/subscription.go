package server

import (
	"sync"
	"time"

	"corebank/graph"
	"corebank/internal/bank"
)

// subscription is the queue of one subscriber: graph.Subscription. While the
// subscriber keeps up, as most of thousands do, the queue takes no memory of
// its own.
type subscription struct {
	hub    *SubscriptionHub
	id     bank.AccountID // "" for all accounts
	notify func()

	mu         sync.Mutex
	waiting    []graph.FeedItem // may be shared with other subscriptions: never changed in place
	after      int64            // the last position that the subscriber has
	version    int64            // of one account: the last version that it has
	mark       graph.CursorMark // of the record there
	reason     error            // why it was disconnected; returned after the waiting items
	heartbeats *time.Timer
}

// enqueue adds items as far as there is room, and reports whether all fit.
func (s *subscription) enqueue(items []graph.FeedItem) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	fit := items[:min(len(items), maxWaitingItems-len(s.waiting))]
	if len(fit) == 0 {
		return len(items) == 0
	}
	if len(s.waiting) == 0 {
		s.waiting = fit[:len(fit):len(fit)]
		s.notify()
	} else {
		s.waiting = append(s.waiting, fit...)
	}
	return len(fit) == len(items)
}

// end makes reason the error behind the waiting items.
func (s *subscription) end(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reason = reason
	s.notify()
}

// Take implements graph.Subscription.
func (s *subscription) Take() (item graph.FeedItem, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) > 0 {
		item, s.waiting = s.waiting[0], s.waiting[1:]
		if len(s.waiting) == 0 {
			s.waiting = nil
		}
		if item.Transaction != nil && item.Position <= s.after {
			if item.Position == s.after && item.Mark != s.mark {
				return graph.FeedItem{}, false, graph.InvalidCursor() // an earlier copy of the log was put back meanwhile
			}
			continue // the topic is behind the log, and the backfill has delivered it
		}
		s.hub.metrics.delivered.Inc()
		s.advance(item)
		item.Position, item.Version, item.Mark = max(s.after, item.Position), s.version, s.mark
		return item, true, nil
	}
	return graph.FeedItem{}, false, s.reason
}

// advance notes what the subscriber has after an item. A heartbeat moves only the
// feed of all accounts: what an account's cursors count stays. s.mu is held.
func (s *subscription) advance(item graph.FeedItem) {
	if item.Transaction == nil && s.id != "" {
		return
	}
	if item.Position > s.after {
		s.after, s.version, s.mark = item.Position, item.Version, item.Mark
	}
}

// Leave implements graph.Subscription.
func (s *subscription) Leave() {
	s.hub.unsubscribe(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = nil
	if s.heartbeats != nil {
		s.heartbeats.Stop()
	}
}

// startHeartbeats queues a heartbeat at each interval until the subscriber
// leaves.
func (s *subscription) startHeartbeats(interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heartbeats = time.AfterFunc(interval, func() {
		if s.hub.heartbeat(s) {
			s.heartbeats.Reset(interval)
		}
	})
}
