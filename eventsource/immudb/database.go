package immudb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	immuerrors "github.com/codenotary/immudb/pkg/client/errors"
	"google.golang.org/grpc/status"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// database is what a Log and a SequenceLog have in common: a session on an immudb database, the epoch that says which
// process may write there, and what is stored beside the log.
type database struct {
	config Config

	mu      lock
	client  client.ImmuClient // nil when there is no session
	address string            // of the machine that the session is with
	home    string            // of the machine on which our epoch was raised; "" before that
	lastTx  atomic.Uint64     // the last transaction that this process knows to be durable
	epochTx atomic.Uint64     // the transaction that wrote our epoch; 0 before the first Acquire
	epoch   atomic.Int64      // its number
	ours    atomic.Int64      // when the log was last known to be ours, since the process began
	onMoved func()            // called when another machine is the primary now; nil for nothing
}

// Epoch is the number of this process as a writer: the highest one may write. 0 before the first Acquire.
func (s *database) Epoch() int64 { return s.epoch.Load() }

// OnMoved sets what is called, and must return at once, when a read or a commit finds that another machine is the
// primary now: the log has to be taken over there. It must come before the log is used.
func (s *database) OnMoved(do func()) { s.onMoved = do }

func newDatabase(config Config) *database {
	if config.Machines != nil {
		config.line = &line{}
		config.Machines.onLeave(config.line.cut)
	}
	return &database{config: config, mu: newLock()}
}

// session is the open session, or a new one.
func (s *database) session(ctx context.Context) (client.ImmuClient, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return s.client, nil
	}
	address, err := s.config.primary(ctx)
	if err != nil {
		return nil, err
	}
	if s.home != "" && s.home != address {
		if s.onMoved != nil {
			s.onMoved()
		}
		return nil, fmt.Errorf("immudb: the primary is %s now and was %s: the log is taken over there first", address, s.home)
	}
	c, err := s.config.at(address).open(ctx)
	if err != nil {
		s.config.lost(address)
		return nil, err
	}
	if err := s.checkNotRestored(ctx, c); err != nil {
		discard(c)
		return nil, err
	}
	s.client, s.address = c, address
	return c, nil
}

// leave lets the next session be with another machine than that on which our epoch was raised. A writer there has
// to raise it first: an epoch means one writer on one primary.
func (s *database) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.home = ""
}

// settle notes on which machine our epoch was raised, with this session.
func (s *database) settle(c client.ImmuClient) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != c {
		return errors.New("immudb: the session ended while the log was taken over")
	}
	s.home = s.address
	return nil
}

// fault ends the session on which a call failed, so that the next call opens a new one: sessions end with the server,
// and silently with time. Many calls share a session, so it is kept if only this call is at fault: a call that keeps
// failing must not end the session of calls that would succeed.
func (s *database) fault(ctx context.Context, c client.ImmuClient, what string, err error) error {
	if ctx.Err() == nil && isSessionFault(err) {
		s.mu.Lock()
		if s.client == c {
			s.client = nil
			if isReplica(err) {
				s.config.lost(s.address)
			}
			go discard(c)
		}
		s.mu.Unlock()
	}
	if isIndexDamage(err) {
		err = fmt.Errorf("%w (%w)", ErrIndexDamaged, err)
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

// noteDurable notes that a transaction is durable.
func (s *database) noteDurable(tx uint64) {
	for {
		last := s.lastTx.Load()
		if tx <= last || s.lastTx.CompareAndSwap(last, tx) {
			return
		}
	}
}

// isNotFound and isPreconditionFailed recognize immudb's two expected answers. The client returns both as texts. Only
// with the name of its index before it does "key not found" mean that a key is absent. Without the name it is a fault:
// immudb 1.11 had closed a file that it was about to read.
func isNotFound(err error) bool {
	return err != nil && strings.Contains(err.Error(), "tbtree: key not found")
}

// isReplica recognizes that a database takes no commits, because it copies those of another machine.
func isReplica(err error) bool {
	return err != nil && strings.Contains(err.Error(), "because it's a replica")
}

// isSessionFault reports whether an error came from immudb or from the connection to it. The two expected answers do
// not count: they show that the session works.
func isSessionFault(err error) bool {
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

// Checkpoint implements storage.Progress.
func (s *database) Checkpoint(ctx context.Context) (position int64, err error) {
	_, err = s.load(ctx, keyCheckpoint, &position)
	return position, err
}

// SaveCheckpoint implements storage.Progress. Only the writer's relay may move the checkpoint: a fenced one learns it
// here, even if no append arrives.
func (s *database) SaveCheckpoint(ctx context.Context, position int64) error {
	return s.save(ctx, keyCheckpoint, position, s.epochUnchanged())
}

// LastAudit implements storage.Progress.
func (s *database) LastAudit(ctx context.Context) (*contract.Audit, error) {
	var audit contract.Audit
	found, err := s.load(ctx, keyAudit, &audit)
	if err != nil || !found {
		return nil, err
	}
	return &audit, nil
}

// SaveAudit implements storage.Log and storage.SequenceLog.
func (s *database) SaveAudit(ctx context.Context, audit contract.Audit) error {
	return s.save(ctx, keyAudit, audit, nil)
}

// load reads the JSON under a key beside the log into v, and reports whether there is any.
func (s *database) load(ctx context.Context, key string, v any) (found bool, err error) {
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

// save writes v under a key beside the log, as JSON, on conditions.
func (s *database) save(ctx context.Context, key string, v any, conditions []*schema.Precondition) error {
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
	s.noteDurable(header.Id)
	return nil
}

// checkPartition fails with storage.ErrPartition unless the database is new or belongs to the wanted partition. The
// partition is written with the first epoch and never again. A log with one partition has no such entry.
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
			return fmt.Errorf("the stored partition is damaged: %w", err)
		}
	}
	if has != want {
		return fmt.Errorf("%w (it has %s, and was opened as %s)", storage.ErrPartition, has, want)
	}
	return nil
}
