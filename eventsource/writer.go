package eventsource

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of the writer.
const (
	// queueLength bounds the appends that wait; one more is refused at once.
	queueLength = 8192
	// headsKept bounds the stream heads in memory; the database checks others as it commits.
	headsKept = 200_000
	// commitTimeout is how long a commit may take before its outcome is reported as unknown.
	commitTimeout = 10 * time.Second
)

// Writer is the only writer of a log. It checks expected versions against the stream heads that it has in memory, lets
// the database check the others, and commits many appends together.
type Writer struct {
	// Clock limits how far the times of appends may be from it; nil does not limit them.
	Clock func() time.Time

	storage.TracedTail
	storage  storage.Committer
	log      *slog.Logger
	queue    chan *pendingAppend
	heads    *lru.Cache[bank.AccountID, int64] // of what is durable; only Run's goroutine changes it
	head     atomic.Int64
	lease    *storage.Lease
	halted   atomic.Pointer[string] // why appends are refused although this writer has the log
	notifier *storage.HeadNotifier
	metrics  *writerMetrics
}

// NewWriter makes a writer that does nothing until Run.
func NewWriter(log storage.Committer, logger *slog.Logger) *Writer {
	heads, err := lru.New[bank.AccountID, int64](headsKept)
	if err != nil {
		panic(err) // only a size that is not positive can fail
	}
	return &Writer{storage: log, log: logger, heads: heads, queue: make(chan *pendingAppend, queueLength),
		lease: storage.NewLease("the event log", log, logger), notifier: storage.NewHeadNotifier(),
		metrics: newWriterMetrics()}
}

// Head is the last durable position that this writer knows of.
func (w *Writer) Head() int64 { return w.head.Load() }

// AwaitHead waits until the head has passed a position, or ctx ends.
func (w *Writer) AwaitHead(ctx context.Context, after int64) {
	w.notifier.Await(ctx, func() bool { return w.Head() > after })
}

// Tenure is the last takeover of the log by this writer. It is false before the first.
func (w *Writer) Tenure() (storage.Tenure, bool) { return w.lease.Tenure() }

// Holds reports whether this writer has taken the log over and has not lost it since, as far as it knows.
func (w *Writer) Holds() bool { return w.lease.Problem() == "" }

// TakeOverAgain has the writer take the log over again when no commit is under way.
func (w *Writer) TakeOverAgain() { w.lease.TakeOverAgain() }

// Moved yields a token after the head moved: a hint for one waiting reader.
func (w *Writer) Moved() <-chan struct{} { return w.notifier.Moved() }

// Ready reports whether appends are accepted now, and if not, why.
func (w *Writer) Ready() contract.Readiness {
	problem := w.lease.Problem()
	if reason := w.halted.Load(); reason != nil {
		return contract.Readiness{Reason: *reason, ReadOnly: problem == ""}
	}
	return contract.Readiness{Ready: problem == "", Reason: problem}
}

// Halt refuses all appends from now on, for a reason; "" accepts them again. Appends in the queue are still written.
func (w *Writer) Halt(reason string) {
	if reason == "" {
		w.halted.Store(nil)
		return
	}
	w.halted.Store(&reason)
}

// Append adds each append to its streams and returns when all outcomes are known or ctx ends.
func (w *Writer) Append(ctx context.Context, appends []contract.Append) []contract.AppendResult {
	waiting := make([]*pendingAppend, len(appends))
	for i, a := range appends {
		waiting[i] = newPendingAppend(a)
	}
	w.checkKeys(ctx, waiting)
	for _, p := range waiting {
		w.enqueue(p)
	}
	results := make([]contract.AppendResult, len(appends))
	for i, p := range waiting {
		results[i] = p.wait(ctx)
		p.endTrace(results[i])
	}
	w.metrics.answered(results)
	return results
}

// checkKeys answers the appends that ask for this check and may repeat a key. If another event is committed between the
// check and the append, the stream moves, and the append conflicts.
func (w *Writer) checkKeys(ctx context.Context, waiting []*pendingAppend) {
	var asking []*pendingAppend // for each of the streams
	var streams []contract.Append
	for _, p := range waiting {
		if p.answered() {
			continue
		}
		for stream := range p.Streams {
			if p.CheckKeys || stream.CheckKeys {
				asking, streams = append(asking, p), append(streams, *stream)
			}
		}
	}
	if len(asking) == 0 {
		return
	}
	repeats, err := w.storage.MayRepeat(ctx, streams)
	for i, p := range asking {
		if err == nil && repeats[i] {
			p.repeating = append(p.repeating, streams[i].Account)
		}
	}
	for _, p := range asking {
		switch {
		case err != nil:
			w.refuse(p, overloaded("the idempotency keys cannot be looked up: "+err.Error()))
		case len(p.repeating) > 0:
			p.answer(p.moved(contract.AppendResult{Status: contract.KeysUsed,
				Reason: fmt.Sprintf("an event of the stream of %s may carry one of the keys", p.repeating[0])}, p.repeating))
		}
	}
}

// enqueue hands an append to Run's goroutine, unless it is already answered.
func (w *Writer) enqueue(p *pendingAppend) {
	if p.answered() {
		return
	}
	if reason := w.halted.Load(); reason != nil {
		w.refuse(p, contract.AppendResult{Status: contract.Halted, Reason: *reason})
		return
	}
	for stream := range p.Streams {
		if reason := w.clockFault(stream); reason != "" {
			w.log.Error("an append is refused for its time: a clock is wrong", "account", stream.Account, "reason", reason)
			p.answer(contract.AppendResult{Status: contract.Halted, Reason: reason})
			return
		}
	}
	p.queued = time.Now()
	select {
	case w.queue <- p:
	default:
		w.refuse(p, overloaded("the event source's queue is full"))
	}
}

// refuse answers an append that is not taken now. If one of its streams has moved on, that is the answer: perhaps the
// same append was delivered before, and then "nothing was written" would be wrong.
func (w *Writer) refuse(p *pendingAppend, why contract.AppendResult) {
	var moved []bank.AccountID
	for stream := range p.Streams {
		if head, known := w.heads.Peek(stream.Account); known && head > stream.ExpectedVersion {
			moved = append(moved, stream.Account)
		}
	}
	if len(moved) > 0 {
		version, _ := w.heads.Peek(p.Account)
		why = p.moved(contract.AppendResult{Status: contract.VersionConflict, Version: version,
			Reason: fmt.Sprintf("the stream of %s has moved on; beside that: %s", moved[0], why.Reason)}, moved)
	}
	p.answer(why)
}

// Run takes the log over and writes until ctx ends, or until another writer takes over, which it reports as
// storage.ErrFenced.
func (w *Writer) Run(ctx context.Context) error {
	acquire := func(ctx context.Context) error {
		head, err := w.storage.Acquire(ctx)
		if err == nil {
			w.head.Store(head) // before the tenure begins: a reader that has its name has its head as well
		}
		return err
	}
	return w.lease.Run(ctx, acquire, func(ctx context.Context) error {
		w.heads.Purge()
		w.notifier.Notify() // after Ready reports true: a reader that follows the head checks it
		tenure, _ := w.Tenure()
		w.log.Info("this is the writer of the event log now", "head", w.Head(), "log", tenure.Log)
		return w.write(ctx)
	})
}

func (w *Writer) setHead(head int64) {
	w.head.Store(head)
	w.notifier.Notify()
}

// write commits batches until a commit fails or ctx ends.
func (w *Writer) write(ctx context.Context) error {
	var carried *pendingAppend // from the queue, did not fit into the last batch
	for {
		b := newBatch()
		if carried == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case carried = <-w.queue:
			case <-w.lease.Again():
				return storage.ErrMoved
			}
		}
		carried = w.collect(b, carried)
		w.metrics.began(b)
		if err := w.commit(ctx, b); err != nil {
			if carried != nil {
				carried.answer(overloaded("the event source lost its connection to the log"))
			}
			return err
		}
	}
}

// collect fills a batch with first and appends from the queue, and returns the append that did not fit.
func (w *Writer) collect(b *batch, first *pendingAppend) *pendingAppend {
	for p := first; ; {
		if !b.hasRoom(p) {
			return p
		}
		if p.take() {
			b.add(p, w.heads)
		}
		select {
		case p = <-w.queue:
		default:
			return nil
		}
	}
}

// commit decides every append of the batch, writes those that are accepted, and answers all of them.
func (w *Writer) commit(ctx context.Context, b *batch) error {
	commitCtx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	span := b.traceCommit()
	err := w.decideAndStore(commitCtx, b)
	if errors.Is(err, storage.ErrHeadMoved) {
		if err := w.readHeads(commitCtx, b); err != nil {
			endCommit(span, err)
			b.answerAll(overloaded("the event source could not read the log"))
			return err
		}
		err = w.decideAndStore(commitCtx, b)
	}
	if err != nil || len(b.records) > 0 {
		endCommit(span, err)
	}
	if err != nil {
		b.answerAll(contract.AppendResult{Status: contract.AppendUnknown,
			Reason: "the outcome of the commit is unknown"})
		return err
	}
	if len(b.records) == 0 {
		return nil
	}
	for id, version := range b.heads {
		w.heads.Add(id, version)
	}
	w.AddTraced(b.traced()...)
	w.setHead(b.records[len(b.records)-1].Position)
	for _, p := range b.appends {
		p.answer(p.result)
	}
	return nil
}

// decideAndStore decides the batch and writes the records of the accepted appends, if there are any.
func (w *Writer) decideAndStore(ctx context.Context, b *batch) error {
	b.decide(w.head.Load() + 1)
	if len(b.records) == 0 {
		return nil
	}
	began := time.Now()
	err := w.storage.Commit(ctx, b.records, b.assumed)
	w.metrics.committed(b, began, err)
	return err
}

// readHeads reads the heads that a batch assumed.
func (w *Writer) readHeads(ctx context.Context, b *batch) error {
	for id := range b.assumed {
		version, err := w.storage.StreamVersion(ctx, id)
		if err != nil {
			return fmt.Errorf("version of %s: %w", id, err)
		}
		b.known[id] = version
		w.heads.Add(id, version)
	}
	clear(b.assumed)
	return nil
}

// clockFault is why the times of an append to a stream cannot be: they are far ahead of this clock or, where an account
// turns back to what its actor takes for now, far behind it. One wrong clock does not spoil an account's time.
func (w *Writer) clockFault(a *contract.Append) string {
	if w.Clock == nil {
		return ""
	}
	now := w.Clock()
	for _, r := range a.Records {
		switch step := r.At.Sub(now); {
		case step > contract.MaxClockStep:
			return fmt.Sprintf("the actor's clock is %s ahead of the event source's, %s; set both",
				step.Round(time.Second), now.UTC().Format(time.RFC3339))
		case a.TurnsBack && step < -contract.MaxClockStep:
			return fmt.Sprintf("the actor's clock is %s behind the event source's, %s; set both",
				(-step).Round(time.Second), now.UTC().Format(time.RFC3339))
		}
	}
	return ""
}
