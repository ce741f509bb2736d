package server

import (
	"context"
	"iter"
	"time"

	"corebank/graph"
	"corebank/internal/bank"
)

// Subscribe implements graph.SubscriptionHub. A subscriber with a cursor first
// reads the log up to near its head, then registers at one position, reads up
// to at least that position, and continues live after what it has read.
func (h *SubscriptionHub) Subscribe(ctx context.Context,
	request graph.SubscriptionRequest) (graph.Subscription, error) {
	if err := h.waitForStart(ctx); err != nil {
		return nil, err
	}
	b := backfill{hub: h, id: request.Account, version: request.Version, yield: request.Backfill}
	if request.After != nil {
		if err := b.begin(ctx, *request.After, request.Private); err != nil {
			return nil, err
		}
		if err := b.read(ctx, nearHead); err != nil {
			return nil, err
		}
		if err := b.checkReached(); err != nil {
			return nil, err
		}
	}
	s := &subscription{hub: h, id: request.Account, notify: request.Notify}
	head, err := register(h, h.subscriptions, request.Account, s)
	if err != nil {
		return nil, err
	}
	if request.After != nil {
		if err := b.read(ctx, head); err != nil {
			s.Leave()
			return nil, err
		}
	}
	s.after, s.version, s.mark = b.after, b.version, b.mark // without the lock: Take is not called yet
	if request.Heartbeat > 0 {
		s.startHeartbeats(request.Heartbeat)
	}
	return s, nil
}

// Each is Subscribe for callers with a goroutine of their own; without a cursor it
// begins with the next transaction. The sequence ends when ctx does or with an error.
func (h *SubscriptionHub) Each(ctx context.Context, id bank.AccountID, after *graph.FeedCursor,
	heartbeat time.Duration) iter.Seq2[graph.FeedItem, error] {
	return func(yield func(graph.FeedItem, error) bool) {
		news, more := make(chan struct{}, 1), true
		s, err := h.Subscribe(ctx, graph.SubscriptionRequest{Account: id, After: after, Heartbeat: heartbeat,
			Backfill: func(item graph.FeedItem) bool {
				more = yield(item, nil)
				return more
			},
			Notify: func() {
				select {
				case news <- struct{}{}:
				default:
				}
			}})
		if err != nil {
			if more && ctx.Err() == nil {
				yield(graph.FeedItem{}, err)
			}
			return
		}
		defer s.Leave()
		for more {
			item, ok, err := s.Take()
			switch {
			case err != nil:
				yield(graph.FeedItem{}, err)
				return
			case ok:
				more = yield(item, nil)
				continue
			}
			select {
			case <-news:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (h *SubscriptionHub) waitForStart(ctx context.Context) error {
	select {
	case <-h.started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *SubscriptionHub) unsubscribe(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	unregister(h, h.subscriptions, s.id, s)
}

// register adds a subscription or watch of an account, and returns the position
// after which it receives everything.
func register[T any](h *SubscriptionHub, all map[bank.AccountID]map[*T]struct{}, id bank.AccountID,
	entry *T) (head int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count >= maxSubscriptions {
		return 0, &graph.Fault{Code: graph.CodeUnavailable, Retryable: true,
			Message: "Too many subscriptions; try again later."}
	}
	if all[id] == nil {
		all[id] = make(map[*T]struct{})
	}
	all[id][entry] = struct{}{}
	h.count++
	h.metrics.started.Inc()
	return h.head, nil
}

// unregister removes a subscription or watch, if it is there. h.mu is held.
func unregister[T any](h *SubscriptionHub, all map[bank.AccountID]map[*T]struct{}, id bank.AccountID, entry *T) {
	if _, registered := all[id][entry]; !registered {
		return
	}
	delete(all[id], entry)
	if len(all[id]) == 0 {
		delete(all, id)
	}
	h.count--
}
