package projector

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"

	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/tracing"
	"corebank/internal/view"
)

// Projector keeps the views of one store up to date. It is safe for concurrent
// use; batches are handled one after the other.
type Projector struct {
	store  view.Store
	log    logclient.Log
	logger *slog.Logger

	follower logclient.Follower

	turn   sync.Mutex // held while the views change, or are exchanged
	loaded bool       // whether the position and the trial balance are those of the store
	trial  view.Trial
	marked contract.Checkpoint // the position with the log and the mark of the record there
	cache  documentCache

	metrics *projectorMetrics

	rebuilding sync.Mutex // held while other views are built beside these

	mu     sync.Mutex // guards status
	status Status
}

// Status reports how far the views are.
type Status struct {
	// Position is the last position that the views reflect, as far as this
	// projector knows; 0 before the first work.
	Position int64
	// Head is the last known position of the log.
	Head int64
	// Fault is the error that ended the last Handle or CatchUp; nil if it succeeded.
	Fault error
	// Rebuilding is why the projector builds the views again by itself; empty if it
	// does not.
	Rebuilding string
}

// Lag is the number of records that the views do not reflect yet.
func (s Status) Lag() int64 { return max(0, s.Head-s.Position) }

// New returns a projector of log into store. It does nothing until CatchUp or
// Handle is called.
func New(store view.Store, log logclient.Log, logger *slog.Logger) *Projector {
	p := &Projector{store: store, log: log, logger: logger, cache: newDocumentCache(), metrics: newProjectorMetrics()}
	p.follower = logclient.Follower{Log: log, Position: p.Position, Take: p.take, Head: p.setHead, Chunk: chunkRecords,
		Checkpoint: func() contract.Checkpoint { return p.marked }, Unmarked: p.shows}
	return p
}

// Status reports how far the views are, for health checks and metrics.
func (p *Projector) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Position is the last position that the views reflect, as far as this
// projector knows; 0 before the first work.
func (p *Projector) Position() int64 { return p.Status().Position }

// CatchUp brings the views from their checkpoint to the head of the log. After
// an error the views are consistent, at an earlier position, and CatchUp can be
// called again.
func (p *Projector) CatchUp(ctx context.Context) error {
	return p.work(ctx, func() error { return p.pull(ctx, math.MaxInt64) })
}

// Handle takes a batch from the topic. It ignores records that the views
// reflect already and applies the next ones. It reads from the log what is
// missing before them, what a heartbeat announces, and all of a batch that
// contradicts itself or the views. After an error the views are consistent and
// the same batch can be handled again, preferably after a pause.
func (p *Projector) Handle(ctx context.Context, batch contract.Batch) error {
	spans := tracing.Projector.Take(&batch, "project", p.Position())
	err := p.work(ctx, func() error { return p.admit(ctx, batch) })
	spans.End(p.Position(), err)
	return err
}

// work runs one task in its turn and updates the status.
func (p *Projector) work(ctx context.Context, task func() error) error {
	return p.inTurn(ctx, func() error {
		err := task()
		p.setFault(err)
		return err
	})
}

// inTurn runs one task while nothing else changes the views.
func (p *Projector) inTurn(ctx context.Context, task func() error) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	if err := p.load(ctx); err != nil {
		p.setFault(err)
		return err
	}
	return task()
}

// admit lets those records of a batch through that the views do not reflect.
func (p *Projector) admit(ctx context.Context, batch contract.Batch) error {
	p.raiseHead(batch.Last)
	return p.follower.Handle(ctx, batch)
}

// shows recognizes views of an earlier build.
func (p *Projector) shows(ctx context.Context, r contract.Record) (bool, error) {
	return view.Shows(ctx, p.store, r)
}

// settle returns nil if the error comes from a change that this projector does
// not know of: by another projector, or by itself when the store's answer was
// lost. The position is then the stored checkpoint. Every other error is
// returned.
func (p *Projector) settle(ctx context.Context, err error) error {
	bad := (*RecordError)(nil)
	if !errors.Is(err, view.ErrCheckpointMoved) && !errors.As(err, &bad) {
		return err
	}
	was := p.Position()
	p.loaded = false
	if loadErr := p.load(ctx); loadErr != nil {
		return errors.Join(err, loadErr)
	}
	if p.Position() == was {
		return err
	}
	p.logger.Info("the checkpoint of the views was moved by another write; going on from there",
		"from", was, "to", p.Position())
	return nil
}

// load reads the stored checkpoint and its trial balance, unless they are
// loaded.
func (p *Projector) load(ctx context.Context) error {
	if p.loaded {
		return nil
	}
	marked, err := p.store.LogCheckpoint(ctx)
	if err != nil {
		return err
	}
	trial, err := p.store.Trial(ctx)
	if err != nil {
		return err
	}
	if marked.Position != trial.Position { // it was moved in between
		marked = contract.Checkpoint{Log: marked.Log, Position: trial.Position}
	}
	p.setPosition(trial.Position)
	p.cache.clear()
	p.follower.Distrust()
	p.trial, p.marked, p.loaded = trial, marked, true
	return nil
}

func (p *Projector) setRebuilding(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Rebuilding = reason
}

func (p *Projector) setFault(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Fault = err
}

func (p *Projector) setPosition(position int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Position = position
	p.status.Head = max(p.status.Head, position)
}

// raiseHead sets the head that a batch announces, if it is further.
func (p *Projector) raiseHead(head int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Head = max(p.status.Head, head)
}

// setHead sets the head as the log reports it, which corrects what batches
// announced.
func (p *Projector) setHead(head int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Head = max(head, p.status.Position)
}
