package saga

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/seal"
)

// Bounds of checkpoints.
const (
	checkpointEvery   = time.Second
	checkpointTimeout = 3 * time.Second
	checkpointBytes   = 3 << 20 // a sidecar carries a little more
)

// checkpointSchema is the version of the checkpoint's shape. A checkpoint of any other version is ignored.
const checkpointSchema = 1

// Store is where the checkpoint is stored: a cache. Drivers may share one.
type Store interface {
	// Load is what was saved last; nil for nothing.
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, data []byte) error
}

// checkpoint is the pending state as it is stored.
type checkpoint struct {
	Schema    int         `json:"schema"`
	Position  int64       `json:"position"`
	Mark      string      `json:"mark"`
	Transfers []*transfer `json:"transfers,omitempty"`
	Holds     []*hold     `json:"holds,omitempty"`

	LostTransfers int64 `json:"lostTransfers,omitempty"`
	LostHolds     int64 `json:"lostHolds,omitempty"`
}

// markOf tells a record from those of other logs at the same position.
func markOf(r contract.Record) string {
	return fmt.Sprintf("%s/%d/%d/%s", r.Account, r.Version, r.At.UnixMicro(), r.RequestHash)
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
	c := checkpoint{Schema: checkpointSchema, Position: d.pending.position, Mark: d.pending.mark,
		Transfers: d.pending.sorted(all), Holds: d.pending.holds.byExpiry,
		LostTransfers: d.pending.lostTransfers, LostHolds: d.pending.lostHolds}
	noteLost(&c.LostTransfers, d.reread.low)
	noteLost(&c.LostHolds, d.reread.holds)
	return seal.Seal(c)
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
	p, reason := decodeCheckpoint(data, d.limits)
	if reason == nil {
		if reason, err = d.checkSameLog(ctx, p); err != nil {
			return nil, err
		}
	}
	if reason != nil {
		d.Logger.Warn("the saved open transfers are ignored; reading the log instead", "reason", reason)
		return newPendingState(d.limits), nil
	}
	return p, d.rereadSent(ctx, p)
}

func decodeCheckpoint(data []byte, limits limits) (*pendingState, error) {
	var c checkpoint
	if err := seal.Open(data, &c); err != nil {
		return nil, err
	}
	if c.Schema != checkpointSchema {
		return nil, fmt.Errorf("they are of schema %d", c.Schema)
	}
	p := newPendingState(limits)
	p.position, p.mark, p.lostTransfers, p.lostHolds = c.Position, c.Mark, c.LostTransfers, c.LostHolds
	for _, t := range c.Transfers {
		p.add(t)
	}
	for _, h := range c.Holds {
		p.addHold(h)
	}
	return p, nil
}

// checkSameLog gives the reason why the pending state cannot be of this log.
func (d *Driver) checkSameLog(ctx context.Context, p *pendingState) (reason, err error) {
	if p.position == 0 {
		return nil, nil
	}
	page, err := logclient.Read(ctx, d.Log, p.position-1)
	switch {
	case errors.Is(err, logclient.ErrOtherLog):
		return err, nil
	case err != nil:
		return nil, err
	case len(page.Records) == 0 || markOf(page.Records[0]) != p.mark:
		return errors.New("they are of another log"), nil
	}
	return nil, nil
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
		}
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
