package immudb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	immuerrors "github.com/codenotary/immudb/pkg/client/errors"
	"google.golang.org/grpc/status"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// database is what a log and an order log have in common: a session on an
// immudb database, and the epoch that says who writes there.
type database struct {
	config Config

	mu      sync.Mutex
	client  client.ImmuClient // nil when there is no session
	lastTx  atomic.Uint64     // the last transaction that this process knows to be durable
	epochTx atomic.Uint64     // the transaction of our epoch; 0 before the first Acquire
}

func newDatabase(config Config) *database { return &database{config: config} }

// session is the open session, or a new one.
func (s *database) session(ctx context.Context) (client.ImmuClient, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return s.client, nil
	}
	c, err := s.config.open(ctx)
	if err != nil {
		return nil, err
	}
	s.client = c
	return c, nil
}

// fault gives up the session that a call failed on, so that the next call
// opens a new one: sessions die with the server, and silently with time. Many
// calls share a session, so that it is kept where only this call is at fault:
// one that keeps failing must not take it from those that would succeed.
func (s *database) fault(ctx context.Context, c client.ImmuClient, what string, err error) error {
	if ctx.Err() == nil && isOfImmudb(err) {
		s.mu.Lock()
		if s.client == c {
			s.client = nil
			go discard(c)
		}
		s.mu.Unlock()
	}
	return fmt.Errorf("immudb: %s: %w", what, err)
}

// end ends the session.
func (s *database) end(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		return nil
	}
	c := s.client
	s.client = nil
	return c.CloseSession(ctx)
}

// epoch is the value of keyEpoch.
type epoch struct {
	Number int64 `json:"number"`
}

// acquire makes this the only writer of the database. It takes a new session,
// because the old one may be what failed, and raises the epoch: from then on a
// commit that an older writer, or an older call of ours, still has under way is
// refused by immudb. prepare runs before that.
func (s *database) acquire(ctx context.Context, prepare func(client.ImmuClient) error) (client.ImmuClient, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	current, currentTx, err := readEpoch(ctx, c)
	if err != nil {
		return nil, s.fault(ctx, c, "read the epoch", err)
	}
	if ours := s.epochTx.Load(); ours != 0 && currentTx != ours {
		return nil, storage.ErrFenced
	}
	if err := checkPartition(ctx, c, s.config.Partition, currentTx == 0); err != nil {
		return nil, s.fault(ctx, c, "look at the partition", err)
	}
	state, err := c.CurrentState(ctx)
	if err != nil {
		return nil, s.fault(ctx, c, "read the state", err)
	}
	if err := checkIndex(ctx, c, state.TxId); err != nil {
		return nil, s.fault(ctx, c, "look at the index", err)
	}
	if err := prepare(c); err != nil {
		return nil, err
	}
	tx, err := raiseEpoch(ctx, c, current.Number+1, currentTx, s.config.Partition)
	if err != nil {
		return nil, s.fault(ctx, c, "raise the epoch", err)
	}
	s.epochTx.Store(tx)
	s.saw(tx)
	return c, nil
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

// raiseEpoch writes the epoch unless somebody else did since currentTx. The
// first comes with what part of a log this is.
func raiseEpoch(ctx context.Context, c client.ImmuClient, number int64, currentTx uint64, part storage.Partition) (uint64, error) {
	value, err := json.Marshal(epoch{Number: number})
	if err != nil {
		return 0, err
	}
	entries := []*schema.KeyValue{{Key: []byte(keyEpoch), Value: value}}
	unchanged := schema.PreconditionKeyNotModifiedAfterTX([]byte(keyEpoch), currentTx)
	if currentTx == 0 {
		unchanged = schema.PreconditionKeyMustNotExist([]byte(keyEpoch))
		mine, err := partitionEntry(part)
		if err != nil {
			return 0, err
		}
		entries = append(entries, mine...)
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

// CheckOurs implements Storage.
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

// stillOurs is the condition that nobody has raised the epoch since we did.
func (s *database) stillOurs() []*schema.Precondition {
	return []*schema.Precondition{schema.PreconditionKeyNotModifiedAfterTX([]byte(keyEpoch), s.epochTx.Load())}
}

// saw notes that a transaction is durable.
func (s *database) saw(tx uint64) {
	for {
		last := s.lastTx.Load()
		if tx <= last || s.lastTx.CompareAndSwap(last, tx) {
			return
		}
	}
}

// isNotFound and isPreconditionFailed tell immudb's two expected answers from
// faults. The client hands both on as texts. Without the name of its index before
// it, "key not found" is a fault: that immudb 1.11 had closed a file that it was
// about to read.
func isNotFound(err error) bool {
	return err != nil && strings.Contains(err.Error(), "tbtree: key not found")
}

// isOfImmudb reports whether an error came from immudb, or from the way to it,
// and is no answer that shows the session to be sound.
func isOfImmudb(err error) bool {
	var coded immuerrors.ImmuError
	_, remote := status.FromError(err)
	return (remote || errors.As(err, &coded)) && !isPreconditionFailed(err) && !isNotFound(err)
}

func isPreconditionFailed(err error) bool {
	if err == nil {
		return false
	}
	var coded immuerrors.ImmuError
	if errors.As(err, &coded) && coded.Code() == immuerrors.CodIntegrityConstraintViolation {
		return true
	}
	return strings.Contains(err.Error(), "precondition failed")
}

// Checkpoint implements Storage.
func (s *database) Checkpoint(ctx context.Context) (position int64, err error) {
	_, err = s.note(ctx, keyCheckpoint, &position)
	return position, err
}

// SaveCheckpoint implements Storage. Only the writer's relay may move the
// checkpoint: a fenced one learns it here, even when nobody asks it to write.
func (s *database) SaveCheckpoint(ctx context.Context, position int64) error {
	return s.saveNote(ctx, keyCheckpoint, position, s.stillOurs())
}

// LastAudit implements Storage.
func (s *database) LastAudit(ctx context.Context) (*contract.Audit, error) {
	var audit contract.Audit
	found, err := s.note(ctx, keyAudit, &audit)
	if err != nil || !found {
		return nil, err
	}
	return &audit, nil
}

// SaveAudit implements Storage.
func (s *database) SaveAudit(ctx context.Context, audit contract.Audit) error {
	return s.saveNote(ctx, keyAudit, audit, nil)
}

// note reads what is noted under a key beside the log into v, and tells
// whether there is anything.
func (s *database) note(ctx context.Context, key string, v any) (found bool, err error) {
	c, err := s.session(ctx)
	if err != nil {
		return false, err
	}
	entry, err := c.Get(ctx, []byte(key))
	if isNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, s.fault(ctx, c, "read the "+key, err)
	}
	if err := json.Unmarshal(entry.Value, v); err != nil {
		return false, fmt.Errorf("the stored %s is damaged: %w", key, err)
	}
	return true, nil
}

// saveNote notes v under a key, as JSON, on conditions.
func (s *database) saveNote(ctx context.Context, key string, v any, conditions []*schema.Precondition) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{
		KVs: []*schema.KeyValue{{Key: []byte(key), Value: value}}, Preconditions: conditions, NoWait: true})
	if isPreconditionFailed(err) {
		return storage.ErrFenced
	}
	if err != nil {
		return s.fault(ctx, c, "save the "+key, err)
	}
	s.saw(header.Id)
	return nil
}

// keyPartition is where a database of a log with several partitions says which
// part it has. It is written with the first epoch and never again; a log that
// has only one has no such entry.
const keyPartition = "partition"

// entry is what a database says of itself, where it says something.
func partitionEntry(p storage.Partition) ([]*schema.KeyValue, error) {
	if p.Of == 0 {
		return nil, nil
	}
	value, err := json.Marshal(p)
	return []*schema.KeyValue{{Key: []byte(keyPartition), Value: value}}, err
}

// checkPartition fails with ErrPartition unless the database is a new one, or
// has the wanted part.
func checkPartition(ctx context.Context, c client.ImmuClient, want storage.Partition, isNew bool) error {
	if isNew {
		return nil
	}
	var has storage.Partition
	entry, err := c.Get(ctx, []byte(keyPartition))
	switch {
	case isNotFound(err):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(entry.Value, &has); err != nil {
			return fmt.Errorf("what the database says of its partition is damaged: %w", err)
		}
	}
	if has != want {
		return fmt.Errorf("%w (it has %s, and was opened as %s)", storage.ErrPartition, has, want)
	}
	return nil
}
