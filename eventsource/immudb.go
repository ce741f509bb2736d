package eventsource

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

	"corebank/internal/contract"
)

// Immudb keeps the log in one immudb database.
type Immudb struct {
	config ImmudbConfig

	mu      sync.Mutex
	client  client.ImmuClient // nil when there is no session
	lastTx  atomic.Uint64     // the last transaction that this process knows to be durable
	epochTx atomic.Uint64     // the transaction of our epoch; 0 before the first Acquire

	tails tails
	keys  *keyKeeper
}

var _ Storage = (*Immudb)(nil)

// NewImmudb makes a storage that connects when it is first used.
func NewImmudb(config ImmudbConfig) *Immudb {
	return &Immudb{config: config, keys: newKeyKeeper(config.StateDir)}
}

// session is the open session, or a new one.
func (s *Immudb) session(ctx context.Context) (client.ImmuClient, error) {
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
func (s *Immudb) fault(ctx context.Context, c client.ImmuClient, what string, err error) error {
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

// Close ends the session and closes the index of idempotency keys.
func (s *Immudb) Close(ctx context.Context) error {
	failure := s.keys.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		return failure
	}
	c := s.client
	s.client = nil
	return errors.Join(failure, c.CloseSession(ctx))
}

// epoch is the value of keyEpoch.
type epoch struct {
	Number int64 `json:"number"`
}

// Acquire implements Storage. It takes a new session, because the old one may
// be what failed, and raises the epoch: from then on a commit that an older
// writer, or an older call of ours, still has under way is refused by immudb.
// What takes long, it does before: meanwhile the older writer goes on.
// ErrIndexDamaged and ErrOldKeys say that this immudb must not be written to.
func (s *Immudb) Acquire(ctx context.Context) (int64, error) {
	c, err := s.session(ctx)
	if err != nil {
		return 0, err
	}
	current, currentTx, err := readEpoch(ctx, c)
	if err != nil {
		return 0, s.fault(ctx, c, "read the epoch", err)
	}
	if ours := s.epochTx.Load(); ours != 0 && currentTx != ours {
		return 0, ErrFenced
	}
	if err := checkKeys(ctx, c); err != nil {
		return 0, s.fault(ctx, c, "look at the keys", err)
	}
	state, err := c.CurrentState(ctx)
	if err != nil {
		return 0, s.fault(ctx, c, "read the state", err)
	}
	if err := checkIndex(ctx, c, state.TxId); err != nil {
		return 0, s.fault(ctx, c, "look at the index", err)
	}
	if err := s.takeKeys(ctx, c); err != nil && !errors.Is(err, errKeysInUse) { // in use by whom this fences
		return 0, s.fault(ctx, c, "read what the index of idempotency keys does not have", err)
	}
	tx, err := raiseEpoch(ctx, c, current.Number+1, currentTx)
	if err != nil {
		return 0, s.fault(ctx, c, "raise the epoch", err)
	}
	s.epochTx.Store(tx)
	s.saw(tx)
	if err := s.takeKeys(ctx, c); err != nil {
		return 0, s.fault(ctx, c, "read what the index of idempotency keys does not have", err)
	}
	head, err := readHead(ctx, c)
	if err != nil {
		return 0, s.fault(ctx, c, "read the head", err)
	}
	return head, nil
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

// raiseEpoch writes the epoch unless somebody else did since currentTx.
func raiseEpoch(ctx context.Context, c client.ImmuClient, number int64, currentTx uint64) (uint64, error) {
	value, err := json.Marshal(epoch{Number: number})
	if err != nil {
		return 0, err
	}
	unchanged := schema.PreconditionKeyNotModifiedAfterTX([]byte(keyEpoch), currentTx)
	if currentTx == 0 {
		unchanged = schema.PreconditionKeyMustNotExist([]byte(keyEpoch))
	}
	header, err := c.SetAll(ctx, &schema.SetRequest{
		KVs:           []*schema.KeyValue{{Key: []byte(keyEpoch), Value: value}},
		Preconditions: []*schema.Precondition{unchanged},
	})
	if err != nil {
		return 0, err
	}
	return header.Id, nil
}

// CheckOurs implements Storage.
func (s *Immudb) CheckOurs(ctx context.Context) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	_, currentTx, err := readEpoch(ctx, c)
	if err != nil {
		return s.fault(ctx, c, "read the epoch", err)
	}
	if currentTx != s.epochTx.Load() {
		return ErrFenced
	}
	return nil
}

func readHead(ctx context.Context, c client.ImmuClient) (int64, error) {
	last, err := c.Scan(ctx, &schema.ScanRequest{Prefix: []byte(prefixBatch), Desc: true, Limit: 1})
	if err != nil || len(last.Entries) == 0 {
		return 0, err
	}
	var b commitEntry
	if err := json.Unmarshal(last.Entries[0].Value, &b); err != nil {
		return 0, fmt.Errorf("the last commit's entry is damaged: %w", err)
	}
	return b.Last, nil
}

// commitEntry is the value under a batchKey.
type commitEntry struct {
	Last int64 `json:"last"`
}

// Commit implements Storage: one transaction with the records and the commit's
// own entry, on condition that the epoch is still ours. The records' idempotency
// keys are findable by then.
func (s *Immudb) Commit(ctx context.Context, records []contract.Record) error {
	c, err := s.session(ctx)
	if err != nil {
		return err
	}
	entries, err := commitEntries(records)
	if err != nil {
		return err
	}
	noted := s.keys.note(ctx, records)
	header, err := c.SetAll(ctx, &schema.SetRequest{
		KVs:           entries,
		Preconditions: s.stillOurs(),
		NoWait:        true, // durable, but not yet indexed: readers wait for the index themselves
	})
	if failure := <-noted; failure != nil {
		return failure
	}
	if isPreconditionFailed(err) {
		return ErrFenced
	}
	if err != nil {
		return s.fault(ctx, c, "commit", err)
	}
	s.keys.committed(stateAfter(header))
	s.saw(header.Id)
	s.tails.add(records[0].Position-1, header.Id)
	return nil
}

// stillOurs is the condition that nobody has raised the epoch since we did.
func (s *Immudb) stillOurs() []*schema.Precondition {
	return []*schema.Precondition{schema.PreconditionKeyNotModifiedAfterTX([]byte(keyEpoch), s.epochTx.Load())}
}

func commitEntries(records []contract.Record) ([]*schema.KeyValue, error) {
	first, last := records[0].Position, records[len(records)-1].Position
	value, err := json.Marshal(commitEntry{Last: last})
	if err != nil {
		return nil, err
	}
	entries := make([]*schema.KeyValue, 0, len(records)+1)
	entries = append(entries, &schema.KeyValue{Key: batchKey(first), Value: value})
	for _, r := range records {
		value, err := r.Encode()
		if err != nil {
			return nil, fmt.Errorf("encode %s version %d: %w", r.Account, r.Version, err)
		}
		entries = append(entries, &schema.KeyValue{Key: eventKey(r.Account, r.Version), Value: value})
	}
	return entries, nil
}

// saw notes that a transaction is durable.
func (s *Immudb) saw(tx uint64) {
	for {
		last := s.lastTx.Load()
		if tx <= last || s.lastTx.CompareAndSwap(last, tx) {
			return
		}
	}
}

// isNotFound and isPreconditionFailed tell immudb's two expected answers from
// faults. The client hands both on as texts.
func isNotFound(err error) bool {
	return err != nil && strings.Contains(err.Error(), "key not found")
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
