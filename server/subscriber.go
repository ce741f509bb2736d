package server

import (
	"context"
	"iter"
	"sync"
	"time"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// feed is one subscriber to lines. What waits for it takes no room while it
// keeps up, because most of thousands do.
type feed struct {
	ready chan struct{} // holds one token while there is something to take

	mu      sync.Mutex
	waiting []graph.Told
	reason  error // why it was let go, after what waits
}

// add lets a line wait, if there is room.
func (one *feed) add(told graph.Told) bool {
	one.mu.Lock()
	defer one.mu.Unlock()
	if len(one.waiting) >= feedBuffer {
		return false
	}
	one.waiting = append(one.waiting, told)
	one.wake()
	return true
}

// end lets the subscriber go for a reason.
func (one *feed) end(reason error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.reason = reason
	one.wake()
}

func (one *feed) wake() {
	select {
	case one.ready <- struct{}{}:
	default:
	}
}

// take takes what has waited longest. There is nothing more for now, or ever
// for the reason, when it is not ok.
func (one *feed) take() (told graph.Told, ok bool, reason error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if len(one.waiting) == 0 {
		return graph.Told{}, false, one.reason
	}
	told, one.waiting = one.waiting[0], one.waiting[1:]
	if len(one.waiting) == 0 {
		one.waiting = nil
	}
	return told, true, nil
}

// give hands a line to an account's subscribers. f.mu is held.
func (f *Feed) give(id bank.AccountID, told graph.Told) {
	for one := range f.feeds[id] {
		if !one.add(told) {
			f.letGo(id, one, lagged())
		}
	}
}

// letGo ends a subscriber for a reason. f.mu is held.
func (f *Feed) letGo(id bank.AccountID, one *feed, reason error) {
	one.end(reason)
	drop(f, f.feeds, id, one)
}

// beat tells a subscriber how far the feed is, after all lines up to there. One
// for which much is waiting hears of it without.
func (f *Feed) beat(one *feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one.add(graph.Told{Position: f.head})
}

// subscribe adds a subscriber and returns the position after which it gets
// everything. leave ends it.
func (f *Feed) subscribe(id bank.AccountID) (one *feed, head int64, leave func(), err error) {
	one = &feed{ready: make(chan struct{}, 1)}
	head, leave, err = join(f, f.feeds, id, one)
	return one, head, leave, err
}

// join adds somebody who wants to hear of an account.
func join[T any](f *Feed, all map[bank.AccountID]map[*T]struct{}, id bank.AccountID, one *T) (head int64, leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count >= maxFeeds {
		return 0, nil, &graph.Fault{Code: graph.CodeUnavailable, Retryable: true, Message: "Too many subscriptions; try again later."}
	}
	if all[id] == nil {
		all[id] = make(map[*T]struct{})
	}
	all[id][one] = struct{}{}
	f.count++
	return f.head, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		drop(f, all, id, one)
	}, nil
}

// drop forgets somebody. f.mu is held.
func drop[T any](f *Feed, all map[bank.AccountID]map[*T]struct{}, id bank.AccountID, one *T) {
	if _, there := all[id][one]; !there {
		return
	}
	delete(all[id], one)
	if len(all[id]) == 0 {
		delete(all, id)
	}
	f.count--
}

// Transactions is Follow without the heartbeats.
func (f *Feed) Transactions(ctx context.Context, id bank.AccountID, after int64) iter.Seq2[view.Transaction, error] {
	return func(yield func(view.Transaction, error) bool) {
		for told, err := range f.Follow(ctx, id, after, 0) {
			if err != nil {
				yield(view.Transaction{}, err)
				return
			}
			if !yield(*told.Line, nil) {
				return
			}
		}
	}
}

// Follow implements graph.Feed. A subscriber with a cursor first reads the log
// up to near its head, then joins the live feed at one position, reads up to at
// least that, and goes on live after what it has read.
func (f *Feed) Follow(ctx context.Context, id bank.AccountID, after int64, beat time.Duration) iter.Seq2[graph.Told, error] {
	return func(yield func(graph.Told, error) bool) {
		if !f.waitForStart(ctx) {
			return
		}
		b := backfill{feed: f, id: id, after: after, yield: func(line view.Transaction, err error) bool {
			return yield(graph.Told{Position: line.Position, Line: &line}, err)
		}}
		if after >= 0 && !b.read(ctx, nearHead) {
			return
		}
		one, head, leave, err := f.subscribe(id)
		if err != nil {
			yield(graph.Told{}, err)
			return
		}
		defer leave()
		if after >= 0 && !b.read(ctx, head) {
			return
		}
		f.live(ctx, one, b.after, beat, yield)
	}
}

func (f *Feed) waitForStart(ctx context.Context) bool {
	select {
	case <-f.started:
		return true
	case <-ctx.Done():
		return false
	}
}

// live yields what comes after a position, and a heartbeat every so often (0
// for never).
func (f *Feed) live(ctx context.Context, one *feed, after int64, beat time.Duration, yield func(graph.Told, error) bool) {
	var beats <-chan time.Time
	if beat > 0 {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		beats = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-beats:
			f.beat(one)
		case <-one.ready:
		}
		for {
			told, ok, reason := one.take()
			if reason != nil {
				yield(graph.Told{}, reason)
				return
			}
			if !ok {
				break
			}
			if told.Line != nil && told.Position <= after {
				continue // the topic is behind the log, and the log has been read
			}
			after = max(after, told.Position)
			told.Position = after
			if !yield(told, nil) {
				return
			}
		}
	}
}
