package saga

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// Bounds of checkpoints.
const (
	checkpointEvery   = time.Second
	checkpointTimeout = 3 * time.Second
	checkpointBytes   = 3 << 20 // a sidecar carries a little more
)

// checkpointSchema is the version of the checkpoint's shape. A checkpoint of any other version is ignored.
const checkpointSchema = 2

// sealedAs is the name under which checkpoints are sealed: a driver acts on what they say.
const sealedAs = "open transfers"

// Store is where the checkpoint is stored: a cache. Drivers may share one.
type Store interface {
	// Load is what was saved last; nil for nothing.
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, data []byte) error
}

// checkpoint is the pending state as it is stored.
type checkpoint struct {
	Schema int `json:"schema"`
	contract.Checkpoint
	Transfers []*transfer `json:"transfers,omitempty"`
	Holds     []*hold     `json:"holds,omitempty"`

	LostTransfers int64 `json:"lostTransfers,omitempty"`
	LostHolds     int64 `json:"lostHolds,omitempty"`
}

// saveCheckpoints saves the pending state when it has changed, until ctx ends.
func (d *Driver) saveCheckpoints(ctx context.Context) {
	ticker := time.NewTicker(checkpointEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := d.save(ctx); err != nil {
				d.mu.Lock()
				d.changed = true
				d.mu.Unlock()
				d.Logger.Warn("the open transfers were not saved; the log has them all", "error", err)
			}
		}
	}
}

func (d *Driver) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkpointTimeout)
	defer cancel()
	data, err := d.encodeCheckpoint()
	if err != nil || data == nil {
		return err
	}
	if len(data) > checkpointBytes {
		return fmt.Errorf("they take %d bytes; the limit is %d", len(data), checkpointBytes)
	}
	return d.Store.Save(ctx, data)
}

// encodeCheckpoint is the pending state as it is stored; nil if it has not changed.
func (d *Driver) encodeCheckpoint() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending == nil || !d.changed {
		return nil, nil
	}
	d.changed = false
	c := checkpoint{Schema: checkpointSchema, Checkpoint: d.pending.at,
		Transfers: d.pending.sorted(all), Holds: d.pending.holds.byExpiry,
		LostTransfers: d.pending.lostTransfers, LostHolds: d.pending.lostHolds}
	noteLost(&c.LostTransfers, d.reread.low)
	noteLost(&c.LostHolds, d.reread.holds)
	return d.Key.Seal(sealedAs, c)
}

// restore is the pending state of the checkpoint, if it can be trusted, and otherwise an empty one. Its error is that
// the log cannot be read.
func (d *Driver) restore(ctx context.Context) (*pendingState, error) {
	loading, cancel := context.WithTimeout(ctx, checkpointTimeout)
	defer cancel()
	data, err := d.Store.Load(loading)
	if err != nil {
		d.Logger.Warn("the open transfers were not loaded; reading the log instead", "error", err)
		return newPendingState(d.limits), nil
	}
	if len(data) == 0 {
		return newPendingState(d.limits), nil
	}
	p, reason := d.decodeCheckpoint(data)
	if reason == nil {
		if _, err = logclient.Verify(ctx, d.Log, p.at); errors.Is(err, logclient.ErrOtherLog) {
			reason = err
		} else if err != nil {
			return nil, err
		}
	}
	if reason != nil {
		d.Logger.Warn("the saved open transfers are ignored; reading the log instead", "reason", reason)
		return newPendingState(d.limits), nil
	}
	return p, d.rereadSent(ctx, p)
}

func (d *Driver) decodeCheckpoint(data []byte) (*pendingState, error) {
	var c checkpoint
	if err := d.Key.Open(sealedAs, data, &c); err != nil {
		return nil, err
	}
	if c.Schema != checkpointSchema {
		return nil, fmt.Errorf("they are of schema %d", c.Schema)
	}
	p := newPendingState(d.limits)
	p.at, p.lostTransfers, p.lostHolds = c.Checkpoint, c.LostTransfers, c.LostHolds
	for _, t := range c.Transfers {
		p.add(t)
	}
	for _, h := range c.Holds {
		p.addHold(h)
	}
	return p, nil
}

// rereadSent reads what the checkpoint does not have: the events of transfers that are on their way to the receiver. A
// transfer whose event cannot be read ends for this driver.
func (d *Driver) rereadSent(ctx context.Context, p *pendingState) error {
	for _, t := range p.sorted(func(t *transfer) bool { return t.Step == sent }) {
		page, err := d.Log.ReadStream(ctx,
			contract.ReadStreamRequest{Account: t.From, AfterVersion: t.Version - 1, Limit: 1})
		if err != nil {
			return fmt.Errorf("read version %d of %s: %w", t.Version, t.From, err)
		}
		if t.sending = sendingOf(page.Records, t.ID); t.sending == nil {
			d.Logger.Error("a saved transfer is not in the log",
				"transfer", t.ID, "account", t.From, "version", t.Version)
			p.end(t.ID)
			continue
		}
		t.SentAt = page.Records[0].At
	}
	return nil
}

func sendingOf(records []contract.Record, id bank.TransferID) *bank.TransferSent {
	if len(records) == 0 {
		return nil
	}
	event, err := records[0].Event()
	if err != nil {
		return nil
	}
	if e, ok := event.(bank.TransferSent); ok && e.Transfer == id {
		return &e
	}
	return nil
}
