package server

import (
	"context"
	"sync"
	"time"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// feed is one subscriber to lines: graph.Inbox. What waits for it takes no room
// of its own while it keeps up, because most of thousands do.
type subscription struct {
	hub    *SubscriptionHub
	id     bank.AccountID
	notify func()

	mu         sync.Mutex
	waiting    []graph.FeedItem // may be everybody's: it is never written to in place
	after      int64            // the last position that it has
	reason     error            // why it was let go, after what waits
	heartbeats *time.Timer
}

// add lets lines wait, as far as there is room, and reports whether there was.
func (one *subscription) add(lines []graph.FeedItem) bool {
	one.mu.Lock()
	defer one.mu.Unlock()
	fit := lines[:min(len(lines), maxWaitingItems-len(one.waiting))]
	if len(fit) == 0 {
		return len(lines) == 0
	}
	if len(one.waiting) == 0 {
		one.waiting = fit[:len(fit):len(fit)]
		one.notify()
	} else {
		one.waiting = append(one.waiting, fit...)
	}
	return len(fit) == len(lines)
}

// end lets the subscriber go for a reason.
func (one *subscription) end(reason error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.reason = reason
	one.notify()
}

// Take implements graph.Inbox.
func (one *subscription) Take() (told graph.FeedItem, ok bool, err error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	for len(one.waiting) > 0 {
		told, one.waiting = one.waiting[0], one.waiting[1:]
		if len(one.waiting) == 0 {
			one.waiting = nil
		}
		if told.Transaction != nil && told.Position <= one.after {
			continue // the topic is behind the log, and the log has been read
		}
		one.after = max(one.after, told.Position)
		told.Position = one.after
		return told, true, nil
	}
	return graph.FeedItem{}, false, one.reason
}

// Leave implements graph.Inbox.
func (one *subscription) Leave() {
	one.hub.leave(one)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.waiting = nil
	if one.heartbeats != nil {
		one.heartbeats.Stop()
	}
}

// beat begins its heartbeats.
func (one *subscription) startHeartbeats(every time.Duration) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.heartbeats = time.AfterFunc(every, func() {
		if one.hub.heartbeat(one) {
			one.heartbeats.Reset(every)
		}
	})
}

// give hands lines to an account's subscribers. f.mu is held.
func (f *SubscriptionHub) give(id bank.AccountID, lines []graph.FeedItem) {
	for one := range f.subscriptions[id] {
		if !one.add(lines) {
			f.letGo(one, lagged())
		}
	}
}

// letGo ends a subscriber for a reason. f.mu is held.
func (f *SubscriptionHub) letGo(one *subscription, reason error) {
	one.end(reason)
	drop(f, f.subscriptions, one.id, one)
}

// beat tells a subscriber how far the feed is, after all lines up to there. One
// for which much is waiting hears of it without. It reports whether the
// subscriber is still there.
func (f *SubscriptionHub) heartbeat(one *subscription) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, there := f.subscriptions[one.id][one]
	if there {
		one.add([]graph.FeedItem{{Position: f.head}})
	}
	return there
}

func (f *SubscriptionHub) leave(one *subscription) {
	f.mu.Lock()
	defer f.mu.Unlock()
	drop(f, f.subscriptions, one.id, one)
}

// join adds somebody who wants to hear of an account, and returns the position
// after which it hears everything.
func join[T any](f *SubscriptionHub, all map[bank.AccountID]map[*T]struct{}, id bank.AccountID, one *T) (head int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count >= maxSubscriptions {
		return 0, &graph.Fault{Code: graph.CodeUnavailable, Retryable: true, Message: "Too many subscriptions; try again later."}
	}
	if all[id] == nil {
		all[id] = make(map[*T]struct{})
	}
	all[id][one] = struct{}{}
	f.count++
	return f.head, nil
}

// drop forgets somebody. f.mu is held.
func drop[T any](f *SubscriptionHub, all map[bank.AccountID]map[*T]struct{}, id bank.AccountID, one *T) {
	if _, there := all[id][one]; !there {
		return
	}
	delete(all[id], one)
	if len(all[id]) == 0 {
		delete(all, id)
	}
	f.count--
}

// Follow implements graph.Feed. A subscriber with a cursor first reads the log
// up to near its head, then joins the live feed at one position, reads up to at
// least that, and goes on live after what it has read.
func (f *SubscriptionHub) Subscribe(ctx context.Context, s graph.SubscriptionRequest) (graph.Subscription, error) {
	if err := f.waitForStart(ctx); err != nil {
		return nil, err
	}
	b := backfill{hub: f, id: s.Account, after: s.After, yield: func(line view.Transaction) bool {
		return s.Backfill(graph.FeedItem{Position: line.Position, Transaction: &line})
	}}
	if s.After >= 0 {
		if err := b.read(ctx, nearHead); err != nil {
			return nil, err
		}
	}
	one := &subscription{hub: f, id: s.Account, notify: s.Notify}
	head, err := join(f, f.subscriptions, s.Account, one)
	if err != nil {
		return nil, err
	}
	if s.After >= 0 {
		if err := b.read(ctx, head); err != nil {
			one.Leave()
			return nil, err
		}
	}
	one.after = b.after // nobody takes yet
	if s.Heartbeat > 0 {
		one.startHeartbeats(s.Heartbeat)
	}
	return one, nil
}

func (f *SubscriptionHub) waitForStart(ctx context.Context) error {
	select {
	case <-f.started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
