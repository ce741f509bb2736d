package projector

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"

	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// Projector keeps one store up to date. It is safe for concurrent use; batches
// are handled one after the other.
type Projector struct {
	store  view.Store
	log    logclient.Log
	logger *slog.Logger

	follower logclient.Follower

	turn   sync.Mutex // held while views change, or are exchanged
	loaded bool       // whether the position and the trial balance are those of the store
	trial  view.Trial
	kept   kept

	rebuilding sync.Mutex // held while views are built beside these

	mu     sync.Mutex // guards status
	status Status
}

// Status tells how far the views are.
type Status struct {
	// Position is the last position that the views reflect, as far as this
	// projector knows; 0 before the first work.
	Position int64
	// Head is the last position of the log that it has heard of.
	Head int64
	// Fault is what stopped the last Handle or CatchUp; nil if it succeeded.
	Fault error
}

// Lag is how many records the views are behind.
func (s Status) Lag() int64 { return max(0, s.Head-s.Position) }

// New is a projector of log into store. It does nothing until CatchUp or
// Handle.
func New(store view.Store, log logclient.Log, logger *slog.Logger) *Projector {
	p := &Projector{store: store, log: log, logger: logger, kept: newKept()}
	p.follower = logclient.Follower{Log: log, Position: p.Position, Take: p.take, Head: p.at, Chunk: chunkRecords}
	return p
}

// Status tells how far the views are, for health checks and metrics.
func (p *Projector) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Position is the last position that the views reflect, as far as this
// projector knows; 0 before the first work.
func (p *Projector) Position() int64 { return p.Status().Position }

// CatchUp brings the views from their checkpoint to the head of the log. After
// an error the views are whole, at an earlier position, and CatchUp can be
// called again.
func (p *Projector) CatchUp(ctx context.Context) error {
	return p.work(ctx, func() error { return p.pull(ctx, math.MaxInt64) })
}

// Handle takes a batch from the topic. Records that the views reflect already
// are ignored; the next ones are applied; what is missing before them, or is
// announced by a heartbeat, is read from the log. So is all of a batch that
// contradicts itself or the views. After an error the views are whole and the
// same batch can be handled again, best after a pause.
func (p *Projector) Handle(ctx context.Context, batch contract.Batch) error {
	return p.work(ctx, func() error { return p.admit(ctx, batch) })
}

// work runs one task in its turn and keeps the status.
func (p *Projector) work(ctx context.Context, task func() error) error {
	return p.inTurn(ctx, func() error {
		err := task()
		p.failed(err)
		return err
	})
}

// inTurn runs one task while nothing else changes the views.
func (p *Projector) inTurn(ctx context.Context, task func() error) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	if err := p.load(ctx); err != nil {
		p.failed(err)
		return err
	}
	return task()
}

// failed notes what stopped the views; nil if nothing did.
func (p *Projector) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Fault = err
}

// admit is the gate.
func (p *Projector) admit(ctx context.Context, batch contract.Batch) error {
	p.heard(batch.Last)
	return otherLog(p.follower.Handle(ctx, batch))
}

// settle is nil if err came of a change that this projector does not know of,
// another's or its own whose answer got lost: then the stored checkpoint is the
// position to go on from. Every other error stays.
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
	p.logger.Info("the views have moved meanwhile", "from", was, "to", p.Position())
	return nil
}

// load makes the stored checkpoint the position, unless it is that already, and
// takes over the trial balance there.
func (p *Projector) load(ctx context.Context) error {
	if p.loaded {
		return nil
	}
	trial, err := p.store.Trial(ctx)
	if err != nil {
		return err
	}
	p.moved(trial.Position)
	p.kept.forget()
	p.trial, p.loaded = trial, true
	return nil
}

// moved notes a new position.
func (p *Projector) moved(position int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Position = position
	p.status.Head = max(p.status.Head, position)
}

// heard notes what a batch says of the head.
func (p *Projector) heard(head int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Head = max(p.status.Head, head)
}

// at notes what the log says of its head, and puts right what batches said.
func (p *Projector) at(head int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Head = max(head, p.status.Position)
}
