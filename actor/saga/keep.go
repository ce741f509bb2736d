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

// Bounds of keeping the book.
const (
	keepEvery   = time.Second
	keepTimeout = 3 * time.Second
	keepBytes   = 3 << 20 // what a sidecar carries is a little more
)

// keptSchema is the version of the kept shape. Any other is ignored.
const keptSchema = 1

// Store is where the book is kept: a cache. Drivers may share one.
type Store interface {
	// Load is what was saved last; nil for nothing.
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, data []byte) error
}

// kept is a book as it is kept.
type kept struct {
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

// keep saves the book when it has changed, until ctx ends.
func (d *Driver) keep(ctx context.Context) {
	ticker := time.NewTicker(keepEvery)
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
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	data, err := d.sealed()
	if err != nil || data == nil {
		return err
	}
	if len(data) > keepBytes {
		return fmt.Errorf("they take %d bytes; %d can be kept", len(data), keepBytes)
	}
	return d.Store.Save(ctx, data)
}

// sealed is the book as it is kept; nil if it has not changed.
func (d *Driver) sealed() ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.book == nil || !d.changed {
		return nil, nil
	}
	d.changed = false
	k := kept{Schema: keptSchema, Position: d.book.position, Mark: d.book.mark,
		Transfers: d.book.inOrder(all), Holds: d.book.holds.byExpiry,
		LostTransfers: d.book.lostTransfers, LostHolds: d.book.lostHolds}
	lost(&k.LostTransfers, d.scan.low)
	lost(&k.LostHolds, d.scan.holds)
	return seal.Seal(k)
}

// restore is the book that was kept, if it can be trusted, or else an empty
// one. Its error is that the log cannot be read.
func (d *Driver) restore(ctx context.Context) (*book, error) {
	loading, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	data, err := d.Store.Load(loading)
	if err != nil {
		d.Logger.Warn("the open transfers were not loaded; reading the log instead", "error", err)
		return newBook(d.most), nil
	}
	if len(data) == 0 {
		return newBook(d.most), nil
	}
	b, why := opened(data, d.most)
	if why == nil {
		if why, err = d.foreign(ctx, b); err != nil {
			return nil, err
		}
	}
	if why != nil {
		d.Logger.Warn("the open transfers that were kept are ignored; reading the log instead", "reason", why)
		return newBook(d.most), nil
	}
	return b, d.recall(ctx, b)
}

func opened(data []byte, most bounds) (*book, error) {
	var k kept
	if err := seal.Open(data, &k); err != nil {
		return nil, err
	}
	if k.Schema != keptSchema {
		return nil, fmt.Errorf("they are of schema %d", k.Schema)
	}
	b := newBook(most)
	b.position, b.mark, b.lostTransfers, b.lostHolds = k.Position, k.Mark, k.LostTransfers, k.LostHolds
	for _, t := range k.Transfers {
		b.add(t)
	}
	for _, h := range k.Holds {
		b.place(h)
	}
	return b, nil
}

// foreign tells why the book cannot be of this log.
func (d *Driver) foreign(ctx context.Context, b *book) (why, err error) {
	if b.position == 0 {
		return nil, nil
	}
	page, err := logclient.Read(ctx, d.Log, b.position-1)
	switch {
	case errors.Is(err, logclient.ErrOtherLog):
		return err, nil
	case err != nil:
		return nil, err
	case len(page.Records) == 0 || markOf(page.Records[0]) != b.mark:
		return errors.New("they are of another log"), nil
	}
	return nil, nil
}

// recall reads again what was not kept: the transfers that are on their way to
// the receiver. One that cannot be read says nothing to the transfers.
func (d *Driver) recall(ctx context.Context, b *book) error {
	for _, t := range b.inOrder(func(t *transfer) bool { return t.Step == sent }) {
		page, err := d.Log.ReadStream(ctx, contract.ReadStreamRequest{Account: t.From, AfterVersion: t.Version - 1, Limit: 1})
		if err != nil {
			return fmt.Errorf("read version %d of %s: %w", t.Version, t.From, err)
		}
		if t.sending = sendingOf(page.Records, t.ID); t.sending == nil {
			d.Logger.Error("a transfer that was kept is not in the log", "transfer", t.ID, "account", t.From, "version", t.Version)
			b.end(t.ID)
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
