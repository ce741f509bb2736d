package eventsource

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of the writer.
const (
	// queueLength bounds the appends that wait; one more is refused at once.
	queueLength = 8192
	// batchRecords bounds the records of one commit: each takes an entry of an
	// immudb transaction, which has at most 1,024.
	batchRecords = 1000
	// headsKept bounds the stream heads in memory; others are checked by the
	// log as it commits.
	headsKept = 200_000
	// commitTimeout is how long one commit may take before its outcome counts
	// as unknown.
	commitTimeout = 10 * time.Second
	// acquirePause is the pause between attempts to take the log over.
	acquirePauseLeast = 50 * time.Millisecond
	acquirePauseMost  = time.Second
)

// Writer is the one writer of a log: it checks expected versions against the
// stream heads that it holds in memory, has the log check the others, and
// commits many appends together.
type Writer struct {
	storage Storage
	log     *slog.Logger
	queue   chan *pending
	heads   *lru.Cache[bank.AccountID, int64] // used by Run's goroutine only
	head    atomic.Int64
	ready   atomic.Bool
	damaged atomic.Pointer[string] // why the log cannot be taken over before somebody has mended it
	halted  atomic.Pointer[string] // why appends are refused although the log is ours
	moved   chan struct{}          // holds a token after the head moved
	herald  herald
}

// NewWriter makes a writer that does nothing until Run.
func NewWriter(storage Storage, log *slog.Logger) *Writer {
	heads, err := lru.New[bank.AccountID, int64](headsKept)
	if err != nil {
		panic(err) // only a size that is not positive can fail
	}
	return &Writer{storage: storage, log: log, heads: heads,
		queue: make(chan *pending, queueLength), moved: make(chan struct{}, 1)}
}

// Head is the last durable position that this writer knows of.
func (w *Writer) Head() int64 { return w.head.Load() }

// awaitHead waits until the head has passed a position, or ctx ends.
func (w *Writer) awaitHead(ctx context.Context, after int64) {
	w.herald.await(ctx, func() bool { return w.Head() > after })
}

// Moved yields a token after the head moved: a hint for one waiting reader.
func (w *Writer) Moved() <-chan struct{} { return w.moved }

// Ready reports whether appends are taken now, and if not, why.
func (w *Writer) Ready() contract.Readiness {
	if reason := w.halted.Load(); reason != nil {
		return contract.Readiness{Reason: *reason}
	}
	if reason := w.damaged.Load(); reason != nil {
		return contract.Readiness{Reason: *reason}
	}
	if !w.ready.Load() {
		return contract.Readiness{Reason: "the event log is not available: the event source is not connected to immudb"}
	}
	return contract.Readiness{Ready: true}
}

// Halt refuses all appends from now on, for a reason; "" takes them again.
// What is queued already is still written.
func (w *Writer) Halt(reason string) {
	if reason == "" {
		w.halted.Store(nil)
		return
	}
	w.halted.Store(&reason)
}

// Append adds each append to its stream and returns when all outcomes are
// known or ctx ends.
func (w *Writer) Append(ctx context.Context, appends []contract.Append) []contract.AppendResult {
	waiting := make([]*pending, len(appends))
	for i, a := range appends {
		waiting[i] = newPending(a)
	}
	w.checkKeys(ctx, waiting)
	for _, p := range waiting {
		w.enqueue(p)
	}
	results := make([]contract.AppendResult, len(appends))
	for i, p := range waiting {
		results[i] = p.wait(ctx)
	}
	return results
}

// checkKeys answers those appends that ask for it and may repeat a key. An event
// that is committed between this and the append moves the stream, so that the
// append conflicts.
func (w *Writer) checkKeys(ctx context.Context, waiting []*pending) {
	var asking []*pending
	var appends []contract.Append
	for _, p := range waiting {
		if p.CheckKeys && !p.answered() {
			asking, appends = append(asking, p), append(appends, p.Append)
		}
	}
	if len(asking) == 0 {
		return
	}
	repeats, err := w.storage.MayRepeat(ctx, appends)
	for i, p := range asking {
		switch {
		case err != nil:
			p.answer(overloaded("the idempotency keys cannot be looked up: " + err.Error()))
		case repeats[i]:
			p.answer(contract.AppendResult{Status: contract.KeysUsed, Reason: "an event of the stream may carry one of the keys"})
		}
	}
}

// enqueue hands an append to Run's goroutine, unless it is answered already.
func (w *Writer) enqueue(p *pending) {
	if p.answered() {
		return
	}
	if reason := w.halted.Load(); reason != nil {
		p.answer(contract.AppendResult{Status: contract.Halted, Reason: *reason})
		return
	}
	select {
	case w.queue <- p:
	default:
		p.answer(overloaded("the event source's queue is full"))
	}
}

// Run takes the log over and writes until ctx ends, or until another writer
// takes over, which it reports as ErrFenced.
func (w *Writer) Run(ctx context.Context) error {
	for {
		if err := w.acquire(ctx); err != nil {
			return stopped(ctx, err)
		}
		err := w.write(ctx)
		w.ready.Store(false)
		if ctx.Err() != nil || errors.Is(err, ErrFenced) {
			return stopped(ctx, err)
		}
		w.log.Error("commit with unknown outcome, taking the log over again", "error", err)
	}
}

// stopped is nil when ctx ended, which is the ordinary way to stop.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ErrFenced) {
		return nil
	}
	return err
}

func (w *Writer) acquire(ctx context.Context) error {
	pause := acquirePauseLeast
	for {
		head, err := w.storage.Acquire(ctx)
		w.damaged.Store(damage(err))
		if err == nil {
			w.heads.Purge()
			w.ready.Store(true)
			w.setHead(head) // after ready: whoever follows the head asks for it
			w.log.Info("the log is ours", "head", head)
			return nil
		}
		if errors.Is(err, ErrFenced) || errors.Is(err, ErrPartition) {
			return err
		}
		w.log.Warn("the log is not available, trying again", "error", err, "pause", pause)
		if !app.Pause(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, acquirePauseMost)
	}
}

// damage is what an operator has to be told of a log that only they can mend;
// nil if that is not what err is.
func damage(err error) *string {
	if !errors.Is(err, ErrIndexDamaged) && !errors.Is(err, ErrOldKeys) {
		return nil
	}
	reason := err.Error()
	return &reason
}

func (w *Writer) setHead(head int64) {
	w.head.Store(head)
	w.herald.tell()
	select {
	case w.moved <- struct{}{}:
	default:
	}
}

// write commits batches until a commit fails or ctx ends.
func (w *Writer) write(ctx context.Context) error {
	var carried *pending // taken from the queue, did not fit into the last batch
	for {
		b := batch{known: make(Heads), assumed: make(Heads)}
		if carried == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case carried = <-w.queue:
			}
		}
		carried = w.collect(&b, carried)
		if err := w.commit(ctx, &b); err != nil {
			if carried != nil {
				carried.answer(overloaded("the event source lost its connection to the log"))
			}
			return err
		}
	}
}

// collect fills a batch from first and the queue, as far as they fit, and
// returns the append that did not.
func (w *Writer) collect(b *batch, first *pending) *pending {
	for p := first; ; {
		if !b.hasRoom(p) {
			return p
		}
		if p.take() {
			head, known := w.heads.Get(p.Account)
			b.add(p, head, known)
		}
		select {
		case p = <-w.queue:
		default:
			return nil
		}
	}
}

// commit decides every append of the batch, writes those that stand, and
// answers all of them.
func (w *Writer) commit(ctx context.Context, b *batch) error {
	commitCtx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	err := w.decideAndStore(commitCtx, b)
	if errors.Is(err, ErrHeadMoved) {
		if err := w.learn(commitCtx, b); err != nil {
			b.answerAll(overloaded("the event source could not read the log"))
			return err
		}
		err = w.decideAndStore(commitCtx, b)
	}
	if err != nil {
		b.answerAll(contract.AppendResult{Status: contract.AppendUnknown, Reason: "the commit's outcome is not known"})
		return err
	}
	if len(b.records) == 0 {
		return nil
	}
	for id, version := range b.heads {
		w.heads.Add(id, version)
	}
	w.setHead(b.records[len(b.records)-1].Position)
	for _, accepted := range b.accepted {
		accepted.answer(accepted.result)
	}
	return nil
}

// decideAndStore writes the records of the appends that stand, if there are any.
func (w *Writer) decideAndStore(ctx context.Context, b *batch) error {
	w.decide(b)
	if len(b.records) == 0 {
		return nil
	}
	return w.storage.Commit(ctx, b.records, b.assumed)
}

// decide holds each append against its stream's head, in order, and gives
// positions to the records of those that stand. The others are answered.
func (w *Writer) decide(b *batch) {
	b.begin()
	next := w.head.Load() + 1
	for _, p := range b.appends {
		if version := b.head(p.Account); version != p.ExpectedVersion {
			p.answer(contract.AppendResult{Status: contract.VersionConflict, Version: version,
				Reason: fmt.Sprintf("the stream is at version %d, not %d", version, p.ExpectedVersion)})
			continue
		}
		if key, twice := b.repeats(p.Append); twice {
			p.answer(contract.AppendResult{Status: contract.AppendInvalid, Reason: fmt.Sprintf("the key %q has just been used", key)})
			continue
		}
		p.result = contract.AppendResult{Status: contract.Appended, FirstPosition: next, Version: p.ExpectedVersion + int64(len(p.Records))}
		for _, r := range p.Records {
			r.Position = next
			next++
			b.records = append(b.records, r)
		}
		b.heads[p.Account] = p.result.Version
		b.accepted = append(b.accepted, p)
	}
}

// learn reads the heads that a batch assumed.
func (w *Writer) learn(ctx context.Context, b *batch) error {
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
