package immudb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/storage"
)

// epoch is the value of keyEpoch.
type epoch struct {
	Number int64 `json:"number"`
	// Owner names the process that raised it for several machines: the one that has made another machine the primary is
	// not fenced by that.
	Owner string `json:"owner,omitempty"`
}

// raiseWithin is how long the epoch may take to be raised. While a commit waits for copies that no one has, immudb
// changes nothing about its database, so none waits without end.
const raiseWithin = 10 * time.Second

// acquire makes this the only writer of the database by raising the epoch. From then on immudb refuses commits that an
// older writer, or an older call of ours, still has in flight. prepare runs before that.
func (s *database) acquire(ctx context.Context, prepare func(client.ImmuClient) error) (client.ImmuClient, error) {
	began := time.Now()
	s.leave()
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.checkAlone(ctx, c); err != nil {
		return nil, err
	}
	current, currentTx, err := readEpoch(ctx, c)
	if err != nil {
		return nil, s.fault(ctx, c, "read the epoch", err)
	}
	if ours := s.epochTx.Load(); ours != 0 && currentTx != ours && !s.config.raised(current) {
		return nil, storage.ErrFenced
	}
	if err := checkPartition(ctx, c, s.config.Partition, currentTx == 0); err != nil {
		return nil, s.fault(ctx, c, "check the partition", err)
	}
	state, err := c.CurrentState(ctx)
	if err != nil {
		return nil, s.fault(ctx, c, "read the state", err)
	}
	if err := checkIndex(ctx, c, state.TxId); err != nil {
		return nil, s.fault(ctx, c, "check the index", err)
	}
	if err := prepare(c); err != nil {
		return nil, err
	}
	beside, err := s.firstEntries(ctx, c, currentTx == 0)
	if err != nil {
		return nil, s.fault(ctx, c, "identify the log", err)
	}
	next := epoch{Number: current.Number + 1}
	if s.config.Machines != nil {
		next.Owner = s.config.Machines.config.owner
	}
	raising, cancel := context.WithTimeout(ctx, raiseWithin)
	defer cancel()
	tx, err := raiseEpoch(raising, c, next, currentTx, beside)
	if err != nil {
		return nil, s.fault(ctx, c, "raise the epoch", err)
	}
	s.epochTx.Store(tx)
	s.epoch.Store(current.Number + 1)
	s.noteDurable(tx)
	s.noteOurs(began)
	return c, s.settle(c)
}

func readEpoch(ctx context.Context, c client.ImmuClient) (epoch, uint64, error) {
	entry, err := c.Get(ctx, []byte(keyEpoch))
	if isNotFound(err) {
		return epoch{}, 0, nil
	}
	if err != nil {
		return epoch{}, 0, err
	}
	var e epoch
	if err := json.Unmarshal(entry.Value, &e); err != nil {
		return epoch{}, 0, fmt.Errorf("the stored epoch is damaged: %w", err)
	}
	return e, entry.Tx, nil
}

// raiseEpoch writes the epoch, together with other entries, unless another process has written it since currentTx.
func raiseEpoch(
	ctx context.Context, c client.ImmuClient, next epoch, currentTx uint64, others []*schema.KeyValue,
) (uint64, error) {
	value, err := json.Marshal(next)
	if err != nil {
		return 0, err
	}
	entries := append([]*schema.KeyValue{{Key: []byte(keyEpoch), Value: value}}, others...)
	unchanged := schema.PreconditionKeyNotModifiedAfterTX([]byte(keyEpoch), currentTx)
	if currentTx == 0 {
		unchanged = schema.PreconditionKeyMustNotExist([]byte(keyEpoch))
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{
		KVs:           entries,
		Preconditions: []*schema.Precondition{unchanged},
	})
	if err != nil {
		return 0, err
	}
	return header.Id, nil
}

// CheckOurs implements storage.Progress.
func (s *database) CheckOurs(ctx context.Context) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	_, currentTx, err := readEpoch(ctx, c)
	if err != nil {
		return s.fault(ctx, c, "read the epoch", err)
	}
	if currentTx != s.epochTx.Load() {
		return storage.ErrFenced
	}
	return nil
}

// begun is when this process began, of which the times count that are kept as numbers.
var begun = time.Now()

// noteOurs notes that a commit was acknowledged that began at a time: the log was ours then.
func (s *database) noteOurs(began time.Time) {
	at := int64(began.Sub(begun))
	for {
		last := s.ours.Load()
		if at <= last || s.ours.CompareAndSwap(last, at) {
			return
		}
	}
}

// Ours is when the log was last known to be ours: on several machines, so many had a commit on their disks that no
// other primary can have taken over before. Zero if it never was.
func (s *database) Ours() time.Time {
	if at := s.ours.Load(); at > 0 {
		return begun.Add(time.Duration(at))
	}
	return time.Time{}
}

// ShowOurs is nil if the log is ours: it makes a commit. A primary that is cut off has no one to acknowledge it.
func (s *database) ShowOurs(ctx context.Context) error {
	began := time.Now()
	err := s.save(ctx, keyShown, began.UTC(), s.epochUnchanged())
	if err == nil {
		s.noteOurs(began)
	}
	return err
}

// epochUnchanged is the condition that no other process has raised the epoch since we did.
func (s *database) epochUnchanged() []*schema.Precondition {
	return []*schema.Precondition{schema.PreconditionKeyNotModifiedAfterTX([]byte(keyEpoch), s.epochTx.Load())}
}
