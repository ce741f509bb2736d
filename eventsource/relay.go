package eventsource

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"corebank/eventsource/storage"
	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// Bounds of the relay.
const (
	// publishRecords and publishBytes bound one message: its records, and about how long they are. Brokers accept 1 MiB
	// by default. One record always fits. A longer append to several streams is not published, but announced.
	publishRecords = 500
	publishBytes   = 512 << 10
	// publishTimeout bounds one publish.
	publishTimeout = 5 * time.Second
	// heartbeatEvery is how often the head is published when nothing else is.
	heartbeatEvery = time.Second
	// checkpointEvery is how often the checkpoint is saved while it moves. After a crash, the relay publishes at most
	// that much again.
	checkpointEvery = time.Second
	// gatherEach and gatherMax set the least time between two messages: gatherEach for each record of the first, and at
	// most gatherMax. Records that arrive meanwhile share the second message, because each message costs four sidecars,
	// the broker, a projection and every gateway. A quiet bank hardly waits; one with more than a record each
	// gatherEach waits longer and longer, up to the maximum.
	gatherEach = time.Millisecond
	gatherMax  = 40 * time.Millisecond
	// relayPause is the pause after a failure.
	relayPause = 200 * time.Millisecond
)

// An append to several streams has no more records than a message.
const _ = uint(publishRecords - contract.MaxAppendTogether)

// Publisher hands a batch to the broker and returns when the broker has it.
type Publisher interface {
	Publish(ctx context.Context, batch contract.Batch) error
}

// published is the log that the relay publishes: a storage.Log, or the Sequencer of several.
type published interface {
	ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error)
	storage.Progress
}

// source knows the head of the log: the Writer, or the Sequencer of several.
type source interface {
	Head() int64
	Moved() <-chan struct{}
	Ready() contract.Readiness
	Tenure() (storage.Tenure, bool)
}

// Relay publishes the log to the topic: in order, from its checkpoint, at least once.
type Relay struct {
	storage   published
	writer    source
	publisher Publisher
	log       *slog.Logger

	published   atomic.Int64
	saved       int64
	savedAt     time.Time
	lastRecords int // of the last message
	lastAt      time.Time
	metrics     *relayMetrics
	sending     tracing.Messages // what could not be published yet
}

// NewRelay makes a relay that does nothing until Run.
func NewRelay(log published, writer source, publisher Publisher, logger *slog.Logger) *Relay {
	return &Relay{storage: log, writer: writer, publisher: publisher, log: logger, metrics: newRelayMetrics()}
}

// Published is the last position that the broker has.
func (r *Relay) Published() int64 { return r.published.Load() }

// Run publishes until ctx ends, or until another writer takes over, which it reports as storage.ErrFenced. It works
// only while the writer has the log, so that a fenced event source stops publishing.
func (r *Relay) Run(ctx context.Context) error {
	defer func() { r.sending.End(r.Published(), errors.New("it is not published from here any more")) }()
	for ctx.Err() == nil {
		err := r.relay(ctx)
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, storage.ErrFenced) {
			return err
		}
		r.metrics.failures.Inc()
		r.log.Warn("relay interrupted, trying again", "published", r.Published(), "error", err)
		app.Pause(ctx, relayPause)
	}
	return nil
}

// relay resumes from the checkpoint and follows the log until something fails. The checkpoint is stored in the log's
// own database: it cannot be that of another log.
func (r *Relay) relay(ctx context.Context) error {
	checkpoint, err := r.storage.Checkpoint(ctx)
	if err != nil {
		return err
	}
	r.saved = checkpoint
	r.published.Store(max(checkpoint, r.published.Load()))
	// After a failure, too: an event source that is fenced and cannot publish would otherwise stay, and keep the index
	// of idempotency keys from the one that has taken over.
	if r.writer.Ready().Ready {
		if err := r.storage.CheckOurs(ctx); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(heartbeatEvery)
	defer ticker.Stop()
	for {
		if err := r.publishNew(ctx); err != nil {
			return err
		}
		due := false
		select {
		case <-ticker.C: // first: one select for all would choose by chance, and no simulated run could be repeated
			due = true
		default:
			select {
			case <-ctx.Done():
				return nil
			case <-r.writer.Moved():
				r.gather(ctx)
			case <-ticker.C:
				due = true
			}
		}
		if due {
			if err := r.beat(ctx); err != nil {
				return err
			}
		}
	}
}

// gather waits for more records if the last message had several.
func (r *Relay) gather(ctx context.Context) {
	if r.lastRecords > 1 {
		app.Pause(ctx, min(time.Duration(r.lastRecords)*gatherEach, gatherMax)-time.Since(r.lastAt))
	}
}

// publishNew publishes all records that are durable and not yet published.
func (r *Relay) publishNew(ctx context.Context) error {
	for r.writer.Ready().Ready && r.Published() < r.writer.Head() {
		records, err := r.storage.ReadAll(ctx, r.Published(), publishRecords)
		if err != nil {
			return err
		}
		records = contract.Whole(records[:min(len(records), publishRecords)])
		if len(records) == 0 {
			return fmt.Errorf("the log ends at %d before its head %d", r.Published(), r.writer.Head())
		}
		for len(records) > 0 {
			n, fits := messageLength(records)
			if err := r.publish(ctx, records[:n], fits); err != nil {
				return err
			}
			records = records[n:]
		}
	}
	return nil
}

// messageLength is how many of the records, of which there are at most publishRecords, fit into one message. If the
// first are an append to several streams that does not fit, it is how many these are: no one gets them in part.
func messageLength(records []contract.Record) (n int, fits bool) {
	bytes := 0
	for i, r := range records {
		bytes += contract.RecordBytes(r)
		long := bytes > publishBytes
		if long && n > 0 {
			return n, true
		}
		if r.More == 0 {
			n = i + 1
		}
		if long && n > 0 {
			return n, n == 1
		}
	}
	return n, true
}

// publish publishes the records or, if they do not fit into one message, only that the log has them.
func (r *Relay) publish(ctx context.Context, records []contract.Record, fits bool) error {
	first, last := records[0].Position, records[len(records)-1].Position
	if previous := r.Published(); first != previous+1 || last-first+1 != int64(len(records)) {
		return fmt.Errorf("the log has a gap: read %d to %d after %d", first, last, previous)
	}
	publishCtx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	batch := contract.Batch{ID: fmt.Sprintf("%d-%d", first, last), Previous: first - 1, First: first, Last: last,
		Takeover: r.takeover(), Records: records}
	if !fits {
		batch = r.heartbeat(last)
	}
	r.sending = tracing.Publish(&batch, traced(r.writer, first, last), r.sending)
	began := time.Now()
	if err := r.publisher.Publish(publishCtx, batch); err != nil {
		return fmt.Errorf("publish %d to %d: %w", first, last, err)
	}
	r.sending.End(last, nil)
	r.sending = nil
	r.metrics.messages.Inc()
	r.metrics.seconds.Observe(time.Since(began).Seconds())
	forgetTraced(r.writer, last)
	r.published.Store(last)
	r.lastRecords, r.lastAt = len(records), time.Now()
	if time.Since(r.savedAt) < checkpointEvery {
		return nil
	}
	return r.save(ctx)
}

// beat saves a checkpoint that lags and publishes the head, so that subscribers notice a lost last message.
func (r *Relay) beat(ctx context.Context) error {
	if err := r.save(ctx); err != nil {
		return err
	}
	if !r.writer.Ready().Ready {
		return nil
	}
	if err := r.storage.CheckOurs(ctx); err != nil {
		return err // an idle event source that is fenced learns it here
	}
	publishCtx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	return r.publisher.Publish(publishCtx, r.heartbeat(r.Published()))
}

// heartbeat has those who follow the topic read what they lack up to a position from the log.
func (r *Relay) heartbeat(last int64) contract.Batch {
	return contract.Batch{ID: fmt.Sprintf("head-%d-%d", last, time.Now().UnixNano()), Last: last, Takeover: r.takeover()}
}

func (r *Relay) takeover() string {
	tenure, _ := r.writer.Tenure()
	return tenure.Takeover
}

func (r *Relay) save(ctx context.Context) error {
	if r.Published() == r.saved {
		return nil
	}
	if err := r.storage.SaveCheckpoint(ctx, r.Published()); err != nil {
		return err
	}
	r.saved, r.savedAt = r.Published(), time.Now()
	return nil
}
