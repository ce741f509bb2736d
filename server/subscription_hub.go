package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// Bounds of the feed.
const (
	// maxWaitingItems bounds the lines that wait for one subscriber. One that falls
	// further behind is told so and let go; it never slows the others.
	maxWaitingItems = 1024
	// maxBackfills bounds the subscribers that read the log at once.
	maxBackfills     = 16
	maxSubscriptions = 20_000
)

// Feed hands the topic's transactions to subscribers, in log order and without
// gaps: what the topic lost is read from the log. A record that cannot be read
// ends the subscriptions of its own account; those of all accounts go on
// without it.
type SubscriptionHub struct {
	log       logclient.Log
	follower  logclient.Follower
	backfills chan struct{}

	mu            sync.Mutex
	head          int64         // the last position handed on
	started       chan struct{} // closed when head is known
	subscriptions map[bank.AccountID]map[*subscription]struct{}
	watches       map[bank.AccountID]map[*watch]struct{}
	count         int
}

// NewSubscriptionHub makes a feed that is quiet until Handle gives it batches.
func NewSubscriptionHub(log logclient.Log) *SubscriptionHub {
	f := &SubscriptionHub{log: log, backfills: make(chan struct{}, maxBackfills), started: make(chan struct{}),
		subscriptions: make(map[bank.AccountID]map[*subscription]struct{}), watches: make(map[bank.AccountID]map[*watch]struct{})}
	f.follower = logclient.Follower{Log: log, Position: f.position, Take: f.take}
	return f
}

// Handle hands on one batch of the topic. It must not be called concurrently.
func (f *SubscriptionHub) Handle(ctx context.Context, batch contract.Batch) error {
	select {
	case <-f.started:
	default:
		return f.first(ctx, batch)
	}
	if err := f.follower.Handle(ctx, batch); err != nil {
		return err
	}
	if head := f.position(); head < batch.Last {
		// The batch lied, or the event source does not know its head yet. The
		// next heartbeat tells.
		slog.Warn("a batch told of more than the log has", "head", head, "told", batch.Last)
	}
	return nil
}

// first begins with the first batch, if the log has it: one that says more than
// that would have all others taken for old.
func (f *SubscriptionHub) first(ctx context.Context, batch contract.Batch) error {
	page, err := f.log.ReadAll(ctx, contract.ReadAllRequest{AfterPosition: batch.Last, Limit: 1})
	if err != nil {
		return fmt.Errorf("ask for the head of the log: %w", err)
	}
	if page.Head < batch.Last {
		slog.Warn("ignoring a batch of what the log does not have", "first", batch.First, "last", batch.Last, "head", page.Head)
		return nil
	}
	f.begin(batch.Last)
	return nil
}

func (f *SubscriptionHub) position() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head
}

func (f *SubscriptionHub) take(_ context.Context, records []contract.Record, _ bool) error {
	f.handOn(records)
	return nil
}

func (f *SubscriptionHub) begin(head int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.head = head
	close(f.started)
}

// handOn gives the records after head to their subscribers: to each all that it
// hears of at once.
func (f *SubscriptionHub) handOn(records []contract.Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := make(map[bank.AccountID][]graph.FeedItem)
	for _, r := range records {
		if r.Position <= f.head {
			continue
		}
		f.head = r.Position
		f.changed(r.Account, r.Version)
		if len(f.subscriptions[r.Account]) == 0 && len(f.subscriptions[""]) == 0 {
			continue // nobody to tell: most of the time, of most accounts
		}
		event, err := r.Event()
		if err != nil {
			slog.Error("a record cannot be read and is left out of the feed", "account", r.Account, "position", r.Position, "error", err)
			f.give(r.Account, lines[r.Account])
			delete(lines, r.Account)
			for one := range f.subscriptions[r.Account] {
				f.letGo(one, unreadable(r))
			}
			continue
		}
		if line := view.TransactionOf(r, event); line != nil {
			told := graph.FeedItem{Position: line.Position, Transaction: line, Encoding: &graph.EncodeOnce{}}
			for _, id := range []bank.AccountID{line.Account, ""} {
				if len(f.subscriptions[id]) > 0 {
					lines[id] = append(lines[id], told)
				}
			}
		}
	}
	for id, told := range lines {
		f.give(id, told)
	}
}

func lagged() error {
	return &graph.Fault{Code: graph.CodeLagged, Retryable: true,
		Message: "The subscriber was too slow and missed transactions. Subscribe again with the last cursor to get them."}
}

// unreadable ends a subscription of one account where its history cannot be
// told any further.
func unreadable(r contract.Record) error {
	return &graph.Fault{Code: graph.CodeUnavailable,
		Message: fmt.Sprintf("Version %d of account %s cannot be read; the transactions from there on are not shown until it is mended.", r.Version, r.Account)}
}
