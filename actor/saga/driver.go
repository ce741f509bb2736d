package saga

import (
	"context"
	"errors"
	"hash/fnv"
	"log/slog"
	"math"
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/seal"
)

// When a driver acts.
const (
	// tick is how often a driver looks for what has become due.
	tick = 250 * time.Millisecond
	// patience is how long a transfer may make no progress before the drivers of other hosts take it up; each waits up
	// to spread longer, so that not all do so at once.
	patience = 3 * time.Second
	spread   = time.Second
	// expiryMargin is how long after a hold's time the driver expires it, because the account's clock may be slow;
	// expiryRetry is the pause after the account answered that it is too early.
	expiryMargin = time.Second
	expiryRetry  = 10 * time.Second
	// silence is how long the topic may send nothing, not even a heartbeat, before a driver reads the log itself.
	silence        = 2 * time.Second
	silenceTimeout = 5 * time.Second
)

// Follow passes the topic's batches to handle, one after the other, until ctx ends.
type Follow func(ctx context.Context, handle func(context.Context, contract.Batch) error) error

// Parts are what a driver works with.
type Parts struct {
	Log   logclient.Log
	Call  batcher.Call
	Store Store
	// Key is what the checkpoints in the store are sealed with.
	Key seal.Key
	// Restored, where set, is called when an earlier copy of the log turned out to be restored.
	Restored func()
	// Here reports whether this process has the account's actor: it drives the transfers of its own accounts at once.
	Here func(bank.AccountID) bool
	// Divided is set when the log has several partitions. The event that answers a step may then get its position in
	// the whole log after an event that follows from it, so a step waits until the log has the one before.
	Divided bool
	// Clock gives the time.
	Clock func() time.Time
	// Salt differs between drivers, so that they do not all take up a stuck transfer at once.
	Salt   uint64
	Logger *slog.Logger
}

// Driver takes transfers to their end and expires holds.
type Driver struct {
	Parts
	dispatcher *dispatcher
	follower   logclient.Follower
	limits     limits
	rereading  sync.WaitGroup

	turn chan struct{} // holds a token while records are taken

	mu      sync.Mutex
	pending *pendingState   // nil before the checkpoint was read
	acting  context.Context // of the commands; nil before the driver has caught up
	heard   time.Time       // when the driver last knew how far the log is
	reread  reread
	changed bool // since the last checkpoint
}

// New makes a driver that does nothing until Run.
func New(parts Parts) *Driver {
	d := &Driver{Parts: parts, limits: defaultLimits, turn: make(chan struct{}, 1)}
	d.dispatcher = newDispatcher(parts.Call, d.act, parts.Logger)
	d.follower = logclient.Follower{Log: parts.Log, Position: d.position, Checkpoint: d.checkpoint, Take: d.take}
	return d
}

// Status is how far a driver is.
type Status struct {
	// Position is the last position of the log that it has taken in.
	Position int64
	// CaughtUp is set when it has seen the head of the log, and acts.
	CaughtUp bool
	// Transfers and Holds are how many it knows to be open.
	Transfers, Holds int
	// Waiting is for how long the transfer has made no progress that has made none for longest; 0 if none is open.
	Waiting time.Duration
}

// Status returns how far the driver is.
func (d *Driver) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending == nil {
		return Status{}
	}
	status := Status{Position: d.pending.at.Position, CaughtUp: d.acting != nil,
		Transfers: len(d.pending.transfers), Holds: len(d.pending.holds.byExpiry)}
	now := d.Clock()
	for _, t := range d.pending.transfers {
		status.Waiting = max(status.Waiting, now.Sub(t.now().Since))
	}
	return status
}

// Run drives until ctx ends: first it reads the log up to its head, then it follows the topic.
func (d *Driver) Run(ctx context.Context, topic Follow) error {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() { stop(); running.Wait(); d.rereading.Wait(); d.dispatcher.Wait() }()
	running.Go(func() { d.saveCheckpoints(ctx) })
	if !logclient.CatchUp(ctx, d.catchUp, func(err error) {
		d.Logger.Warn("the transfers cannot catch up with the log, trying again", "error", err)
	}) {
		return nil
	}
	running.Go(func() { d.actOnTime(ctx) })
	return topic(ctx, d.Handle)
}

// catchUp begins with the checkpoint and reads the log up to its head.
func (d *Driver) catchUp(ctx context.Context) error {
	if d.pending == nil {
		pending, err := d.restore(ctx)
		if err != nil {
			return err
		}
		d.mu.Lock()
		d.pending = pending
		d.mu.Unlock()
	}
	if err := d.pull(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	d.acting, d.heard = ctx, d.Clock()
	d.mu.Unlock()
	d.act()
	return nil
}

// Handle takes a batch from the topic, and what is missing before it from the log.
func (d *Driver) Handle(ctx context.Context, batch contract.Batch) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	defer d.leave()
	d.noteHeard()
	if batch.Last <= d.position() {
		return nil
	}
	d.noteTraced(batch.Traced)
	err := d.orRestart(d.follower.Handle(ctx, batch))
	d.noteTraced(nil)
	if err != nil {
		return err
	}
	d.act()
	return nil
}

// noteTraced says which of the records that are taken in somebody traces.
func (d *Driver) noteTraced(traced []contract.Traced) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending.traced = traced
}

// checkSilence reads the log when the topic is silent: the transfers need no broker.
func (d *Driver) checkSilence(ctx context.Context) {
	d.mu.Lock()
	silent := d.Clock().Sub(d.heard)
	d.mu.Unlock()
	if silent < silence {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, silenceTimeout)
	defer cancel()
	if d.enter(ctx) != nil {
		return // the topic has the turn, so it is not silent
	}
	defer d.leave()
	d.noteHeard()
	if err := d.pull(ctx); err != nil {
		d.Logger.Warn("the topic is silent and the log cannot be read", "error", err)
	}
	d.act()
}

// enter waits for the turn to take records. Its error is that ctx ended.
func (d *Driver) enter(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Driver) leave() { <-d.turn }

func (d *Driver) noteHeard() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = d.Clock()
}

// pull folds the log up to its head.
func (d *Driver) pull(ctx context.Context) error {
	return d.orRestart(d.follower.Pull(ctx, math.MaxInt64))
}

// orRestart begins anew if the error is that the log is another one.
func (d *Driver) orRestart(err error) error {
	if errors.Is(err, logclient.ErrOtherLog) {
		return errors.Join(err, d.restart())
	}
	return err
}

// restart begins with nothing: the log is another one.
func (d *Driver) restart() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.pending.transfers {
		d.pending.end(t.ID)
	}
	d.pending = newPendingState(d.limits)
	d.follower.Distrust()
	if d.Restored != nil {
		d.Restored()
	}
	return errors.New("reading it from its beginning")
}

func (d *Driver) position() int64 { return d.checkpoint().Position }

func (d *Driver) checkpoint() contract.Checkpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pending.at
}

// take folds the records that follow the position.
func (d *Driver) take(_ context.Context, records []contract.Record, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending.at.Log = d.follower.LogID()
	for _, r := range records {
		d.changed = true
		if err := d.pending.fold(r); err != nil {
			d.Logger.Error("a record cannot be read by the transfers",
				"account", r.Account, "position", r.Position, "error", err)
		}
	}
	return nil
}

// actOnTime acts on what becomes due, until ctx ends.
func (d *Driver) actOnTime(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.act()
			d.checkSilence(ctx)
			d.rereadLost(ctx)
		}
	}
}

// act sends every command that is due.
func (d *Driver) act() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.acting == nil {
		return
	}
	now := d.Clock().UTC()
	var deliveries []*delivery
	for _, t := range d.pending.sorted(func(t *transfer) bool { return t.delivery == nil && d.isDue(t, now) }) {
		t.delivery, t.ours = d.step(t), true
		deliveries = append(deliveries, t.delivery)
	}
	for _, h := range d.pending.holds.due(now.Add(-expiryMargin)) {
		if h.delivery == nil {
			h.delivery = d.expire(h)
			deliveries = append(deliveries, h.delivery)
		}
	}
	_ = d.dispatcher.Add(d.acting, deliveries...) // it has no bounds
}

// isDue reports whether this driver makes the next step of a transfer now.
func (d *Driver) isDue(t *transfer, now time.Time) bool {
	if t.ours || d.Here(t.From) {
		return true
	}
	progress := t.now()
	if progress.Since.After(now) {
		progress.Since = now // by another clock
	}
	return now.Sub(progress.Since) >= patience+d.delay(t.ID)
}

// delay is a transfer's share of spread, different in each driver.
func (d *Driver) delay(id bank.TransferID) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	return time.Duration((h.Sum64() ^ d.Salt) % uint64(spread))
}
