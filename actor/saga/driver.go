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
)

// When a driver acts.
const (
	// tick is how often a driver looks for what has become due.
	tick = 250 * time.Millisecond
	// patience is how long a transfer may stand still before a driver takes it
	// up that has nothing to do with it; so that not all do so at once, each
	// waits up to spread longer.
	patience = 3 * time.Second
	spread   = time.Second
	// expiryMargin is how long after a hold's time the driver tells its
	// account, whose clock may be slow; tellAgain how long after it was told
	// that it is not time yet.
	expiryMargin = time.Second
	tellAgain    = 10 * time.Second
	// silence is how long the topic may say nothing, not even that there is
	// nothing, before a driver looks into the log itself.
	silence     = 2 * time.Second
	lookTimeout = 5 * time.Second
)

// Follow hands the topic's batches to handle, one after the other, until ctx
// ends.
type Follow func(ctx context.Context, handle func(context.Context, contract.Batch) error) error

// Parts are what a driver works with.
type Parts struct {
	Log   logclient.Log
	Call  batcher.Call
	Store Store
	// Here reports whether this process has the account's actor: what its
	// accounts send, it drives at once.
	Here func(bank.AccountID) bool
	// Divided says that the log has several partitions. What one account
	// answered may then get its place after what another does because of it: a
	// step waits until the log has the one before.
	Divided bool
	// Clock tells the time.
	Clock func() time.Time
	// Salt differs between drivers, so that they lose patience one by one.
	Salt   uint64
	Logger *slog.Logger
}

// Driver takes transfers to their end and expires holds.
type Driver struct {
	Parts
	dispatcher *dispatcher
	follower   logclient.Follower
	most       bounds
	rereading  sync.WaitGroup

	turn chan struct{} // holds a token while the book goes on along the log

	mu      sync.Mutex
	book    *book           // nil before it was begun
	acting  context.Context // what it does ends with; nil before it has caught up
	heard   time.Time       // when it last knew how far the log is
	scan    scan
	changed bool // since it was kept
}

// New makes a driver that does nothing until Run.
func New(parts Parts) *Driver {
	d := &Driver{Parts: parts, most: usual, turn: make(chan struct{}, 1)}
	d.dispatcher = newDispatcher(parts.Call, d.act, parts.Logger)
	d.follower = logclient.Follower{Log: parts.Log, Position: d.position, Take: d.take}
	return d
}

// Status tells how far a driver is.
type Status struct {
	// Position is the last position of the log that it has taken in.
	Position int64
	// CaughtUp is set when it has seen the head of the log, and acts.
	CaughtUp bool
	// Transfers and Holds are how many it knows to be open.
	Transfers, Holds int
}

// Status tells how far the driver is.
func (d *Driver) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.book == nil {
		return Status{}
	}
	return Status{Position: d.book.position, CaughtUp: d.acting != nil,
		Transfers: len(d.book.transfers), Holds: len(d.book.holds.byExpiry)}
}

// Run drives until ctx ends: first it reads the log up to its head, then it
// follows the topic.
func (d *Driver) Run(ctx context.Context, topic Follow) error {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() { stop(); running.Wait(); d.rereading.Wait(); d.dispatcher.Wait() }()
	running.Go(func() { d.keep(ctx) })
	if !logclient.CatchUp(ctx, d.catchUp, func(err error) {
		d.Logger.Warn("the transfers cannot catch up with the log, trying again", "error", err)
	}) {
		return nil
	}
	running.Go(func() { d.attend(ctx) })
	return topic(ctx, d.Handle)
}

// catchUp begins with what was kept and reads the log up to its head.
func (d *Driver) catchUp(ctx context.Context) error {
	if d.book == nil {
		book, err := d.restore(ctx)
		if err != nil {
			return err
		}
		d.mu.Lock()
		d.book = book
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

// Handle takes a batch from the topic, and what is missing before it from the
// log.
func (d *Driver) Handle(ctx context.Context, batch contract.Batch) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	defer d.leave()
	d.hears()
	if batch.Last <= d.position() {
		return nil
	}
	if err := d.orRestart(d.follower.Handle(ctx, batch)); err != nil {
		return err
	}
	d.act()
	return nil
}

// look reads the log when the topic is silent: the transfers need no broker.
func (d *Driver) look(ctx context.Context) {
	d.mu.Lock()
	silent := d.Clock().Sub(d.heard)
	d.mu.Unlock()
	if silent < silence {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	if d.enter(ctx) != nil {
		return // the topic has the turn, so it is not silent
	}
	defer d.leave()
	d.hears()
	if err := d.pull(ctx); err != nil {
		d.Logger.Warn("the transfers hear nothing and cannot read the log", "error", err)
	}
	d.act()
}

// enter waits for the turn to go on along the log. Its error is that ctx ended.
func (d *Driver) enter(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Driver) leave() { <-d.turn }

func (d *Driver) hears() {
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

// restart begins anew with nothing: the log is another one.
func (d *Driver) restart() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.book.transfers {
		d.book.end(t.ID)
	}
	d.book = newBook(d.most)
	return errors.New("reading it from its beginning")
}

func (d *Driver) position() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.position
}

// take folds the records that follow the position.
func (d *Driver) take(_ context.Context, records []contract.Record, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range records {
		d.changed = true
		if err := d.book.fold(r); err != nil {
			d.Logger.Error("a record says nothing to the transfers", "account", r.Account, "position", r.Position, "error", err)
		}
	}
	return nil
}

// attend acts on what becomes due, until ctx ends.
func (d *Driver) attend(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.act()
			d.look(ctx)
			d.lookBack(ctx)
		}
	}
}

// act sends off every command whose time has come.
func (d *Driver) act() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.acting == nil {
		return
	}
	now := d.Clock().UTC()
	var deliveries []*delivery
	for _, t := range d.book.inOrder(func(t *transfer) bool { return t.delivery == nil && d.isTime(t, now) }) {
		t.delivery, t.ours = d.step(t), true
		deliveries = append(deliveries, t.delivery)
	}
	for _, h := range d.book.holds.due(now.Add(-expiryMargin)) {
		if h.delivery == nil {
			h.delivery = d.expire(h)
			deliveries = append(deliveries, h.delivery)
		}
	}
	_ = d.dispatcher.Add(d.acting, deliveries...) // it has no bounds
}

// isTime reports whether this driver makes the next step of a transfer now.
func (d *Driver) isTime(t *transfer, now time.Time) bool {
	if t.ours || d.Here(t.From) {
		return true
	}
	if t.Since.After(now) {
		t.Since = now // by another clock
	}
	return now.Sub(t.Since) >= patience+d.delay(t.ID)
}

// delay is a transfer's share of spread, different in each driver.
func (d *Driver) delay(id bank.TransferID) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	return time.Duration((h.Sum64() ^ d.Salt) % uint64(spread))
}
