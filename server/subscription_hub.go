package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/tracing"
	"corebank/internal/view"
)

// Bounds of the hub.
const (
	// maxWaitingItems bounds the items that wait for one subscriber. One that
	// falls further behind is disconnected with an error; it never slows others.
	maxWaitingItems = 1024
	// maxBackfills bounds the subscribers that read the log at the same time.
	maxBackfills     = 16
	maxSubscriptions = 20_000
)

// SubscriptionHub delivers the topic's transactions to subscribers, in log
// order and without gaps: what the topic lost is read from the log. A record
// that cannot be read ends the subscriptions of its own account; subscriptions
// of all accounts continue without it.
//
// An event takes one way: Handle, deliver, and offer for each account with
// subscribers, which puts it into each subscription's queue.
type SubscriptionHub struct {
	log       logclient.Log
	follower  logclient.Follower
	takeover  string       // of the last batch
	taken     func(string) // learns each takeover
	backfills chan struct{}
	spans     tracing.Messages // of the batch that is handled

	mu            sync.Mutex
	head          int64         // the last delivered position
	mark          contract.Mark // of the record there
	started       chan struct{} // closed when head is known
	subscriptions map[bank.AccountID]map[*subscription]struct{}
	watches       map[bank.AccountID]map[*watch]struct{}
	count         int // of subscriptions and watches

	metrics *hubMetrics
}

// NewSubscriptionHub returns a hub that is idle until Handle receives batches.
func NewSubscriptionHub(log logclient.Log) *SubscriptionHub {
	h := &SubscriptionHub{log: log, taken: func(string) {}, metrics: newHubMetrics(),
		backfills: make(chan struct{}, maxBackfills), started: make(chan struct{}),
		subscriptions: make(map[bank.AccountID]map[*subscription]struct{}),
		watches:       make(map[bank.AccountID]map[*watch]struct{})}
	h.follower = logclient.Follower{Log: log, Position: h.position, Checkpoint: h.checkpoint, Take: h.deliver}
	return h
}

// OnTakeover sets what learns of each takeover of the log that the topic announces.
// It must be called before Handle.
func (h *SubscriptionHub) OnTakeover(taken func(takeover string)) { h.taken = taken }

// Handle delivers one batch of the topic. It must not be called concurrently.
func (h *SubscriptionHub) Handle(ctx context.Context, batch contract.Batch) error {
	if batch.Takeover != h.takeover {
		h.takeover = batch.Takeover
		h.taken(batch.Takeover)
	}
	select {
	case <-h.started:
	default:
		return h.start(ctx, batch)
	}
	h.spans = tracing.Server.Take(&batch, "deliver", h.position())
	err := h.follower.Handle(ctx, batch)
	h.spans.EndDelivered()
	if errors.Is(err, logclient.ErrOtherLog) {
		return h.restart(ctx, err)
	}
	if err != nil {
		return err
	}
	if head := h.position(); head < batch.Last {
		// The batch is wrong, or the event source does not know its head yet. The
		// next heartbeat shows which.
		slog.Warn("a batch announced more than the log has", "head", head, "announced", batch.Last)
	}
	return nil
}

// start begins at the end of the first batch, if the log has that position. A
// batch that claims more would make all later batches look old.
func (h *SubscriptionHub) start(ctx context.Context, batch contract.Batch) error {
	page, err := logclient.Verify(ctx, h.log, contract.Checkpoint{Position: batch.Last})
	if errors.Is(err, logclient.ErrOtherLog) {
		slog.Warn("ignoring a batch that is not in the log", "first", batch.First, "last", batch.Last, "head", page.Head)
		return nil
	}
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin(batch.Last, page)
	close(h.started)
	return nil
}

// begin begins after a position whose record is the first of a page. h.mu is held.
func (h *SubscriptionHub) begin(position int64, page contract.Records) {
	h.head, h.mark = position, contract.Mark{}
	if position > 0 {
		h.mark = page.Records[0].Mark()
	}
}

// restart begins again at the end of the log, for a reason: an earlier copy of it
// was restored. Subscribers have transactions that the log does not have, and have
// to begin anew.
func (h *SubscriptionHub) restart(ctx context.Context, reason error) error {
	end, err := logclient.Verify(ctx, h.log, contract.Checkpoint{})
	if err != nil {
		return err
	}
	page, err := logclient.Verify(ctx, h.log, contract.Checkpoint{Position: end.Head})
	if err != nil {
		return err
	}
	slog.Warn("all subscriptions end and begin anew", "reason", reason)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin(end.Head, page)
	h.follower.Distrust()
	for _, subscriptions := range h.subscriptions {
		for s := range subscriptions {
			h.disconnect(s, endRestored, graph.InvalidCursor())
		}
	}
	for id, watches := range h.watches {
		for w := range watches {
			close(w.ended)
			unregister(h, h.watches, id, w)
		}
	}
	return nil
}

func (h *SubscriptionHub) checkpoint() contract.Checkpoint {
	h.mu.Lock()
	defer h.mu.Unlock()
	return contract.Checkpoint{Log: h.follower.LogID(), Position: h.head, Mark: h.mark}
}

func (h *SubscriptionHub) position() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.head
}

// deliver offers the records after head to their subscribers, to each
// subscriber all of its items at once.
func (h *SubscriptionHub) deliver(_ context.Context, records []contract.Record, _ bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	items := make(map[bank.AccountID][]graph.FeedItem)
	if n := len(records); n > 0 && records[n-1].Position > h.head {
		h.mark = records[n-1].Mark()
	}
	for i := range records {
		r := records[i]
		if r.Position <= h.head {
			continue
		}
		h.head = r.Position
		h.notifyWatches(r.Account, r.Version)
		h.spans.Deliver(r.Position, len(h.watches[r.Account])+len(h.subscriptions[r.Account])+len(h.subscriptions[""]))
		if len(h.subscriptions[r.Account]) == 0 && len(h.subscriptions[""]) == 0 {
			continue // no subscriber, as for most records
		}
		event, err := r.Event()
		if err != nil {
			slog.Error("a record cannot be read; subscriptions skip it",
				"account", r.Account, "position", r.Position, "error", err)
			h.offer(r.Account, items[r.Account])
			delete(items, r.Account)
			for s := range h.subscriptions[r.Account] {
				h.disconnect(s, endUnreadable, unreadable(r))
			}
			continue
		}
		if line := view.TransactionOf(r, event); line != nil {
			mark := graph.CursorMarkOf(&r)
			for _, id := range []bank.AccountID{line.Account, ""} { // whose cursors differ
				if len(h.subscriptions[id]) > 0 {
					items[id] = append(items[id], graph.FeedItem{Position: line.Position, Version: line.Version, Mark: mark,
						Transaction: line, Encoding: &graph.EncodeOnce{}})
				}
			}
		}
	}
	for id, waiting := range items {
		h.offer(id, waiting)
	}
	return nil
}

// offer puts items into the queues of an account's subscriptions. h.mu is held.
func (h *SubscriptionHub) offer(id bank.AccountID, items []graph.FeedItem) {
	for s := range h.subscriptions[id] {
		if !s.enqueue(items) {
			h.disconnect(s, endLagged, lagged())
		}
	}
}

// disconnect ends a subscription with an error. h.mu is held.
func (h *SubscriptionHub) disconnect(s *subscription, why endReason, reason error) {
	h.metrics.ended.Of(why).Inc()
	s.end(reason)
	unregister(h, h.subscriptions, s.id, s)
}

// heartbeat queues the hub's position for a subscriber, behind all items up to
// it. A subscriber whose queue is full does not get one. It reports whether the
// subscriber is still registered.
func (h *SubscriptionHub) heartbeat(s *subscription) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, registered := h.subscriptions[s.id][s]
	if registered {
		mark := graph.CursorMark(h.mark[:len(graph.CursorMark{})])
		s.enqueue([]graph.FeedItem{{Position: h.head, Mark: mark}})
	}
	return registered
}

func lagged() error {
	return &graph.Fault{Code: graph.CodeLagged, Retryable: true,
		Message: "The subscriber was too slow and missed transactions. Subscribe again with the last cursor to get them."}
}

// unreadable ends a subscription of one account whose history cannot be read
// any further.
func unreadable(r contract.Record) error {
	return &graph.Fault{Code: graph.CodeUnavailable,
		Message: fmt.Sprintf("Version %d of account %s cannot be read; "+
			"the transactions from there on are not shown until it is repaired.", r.Version, r.Account)}
}
