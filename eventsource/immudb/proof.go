package immudb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/codenotary/immudb/embedded/store"
	"github.com/codenotary/immudb/pkg/api/schema"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
)

// ErrNotProven reports that immudb's history is not proven to be the one that was written: it was rewritten, cut off or
// damaged, or it is another history. The error around it says what does not fit.
var ErrNotProven = errors.New("the history is not proven")

// Hash stands for all transactions up to one.
type Hash [sha256.Size]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText makes the hash a string in JSON.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return fmt.Errorf("a hash has %d hexadecimal digits, not %d", hex.EncodedLen(len(h)), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// State is the log's database as of its transaction Tx.
type State struct {
	Tx   uint64 `json:"transaction"`
	Hash Hash   `json:"hash"`
}

// prover is the part of immudb's API that proves its history to a client that does not trust it.
type prover interface {
	CurrentState(context.Context, *emptypb.Empty, ...grpc.CallOption) (*schema.ImmutableState, error)
	VerifiableTxById(context.Context, *schema.VerifiableTxRequest, ...grpc.CallOption) (*schema.VerifiableTx, error)
	TxById(context.Context, *schema.TxRequest, ...grpc.CallOption) (*schema.Tx, error)
}

// Proof is a state of the log's database that immudb proved to follow from its first transaction, and from an earlier
// state. Transactions proves everything between.
type Proof struct {
	// State is what was proven.
	State   State
	part    storage.Partition
	from    prover
	anchors map[uint64]Hash // proven hashes of transactions
}

// Prove makes immudb prove that its current state follows from its first transaction and, unless earlier is nil, from
// an earlier state. It writes nothing. The error is ErrNotProven if a proof does not hold; any other error is a fault
// that says nothing about the history.
func (s *database) Prove(ctx context.Context, earlier *State) (*Proof, error) {
	c, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	p, err := prove(ctx, c.GetServiceClient(), earlier)
	if err != nil && !errors.Is(err, ErrNotProven) {
		return nil, s.fault(ctx, c, "prove the history", err)
	}
	if p != nil {
		p.part = s.config.Partition
	}
	return p, err
}

func prove(ctx context.Context, from prover, earlier *State) (*Proof, error) {
	now, err := from.CurrentState(ctx, &emptypb.Empty{})
	if err != nil {
		return nil, unproven("return its state", err)
	}
	state := State{Tx: now.GetTxId(), Hash: schema.DigestFromProto(now.GetTxHash())}
	p := &Proof{State: state, from: from, anchors: make(map[uint64]Hash)}
	if earlier != nil && earlier.Tx > state.Tx {
		return nil, fmt.Errorf("%w: immudb is at transaction %d, but was at %d before: "+
			"its history was cut off, or this is another one; if an earlier copy was restored on purpose, "+
			"remove the file of the last audited state and audit again", ErrNotProven, state.Tx, earlier.Tx)
	}
	if state.Tx == 0 {
		return p, nil
	}
	first, err := proveSince(ctx, from, 1, nil, state)
	if err != nil {
		return nil, err
	}
	p.anchors[1] = first
	if earlier != nil && earlier.Tx > 0 {
		if _, err := proveSince(ctx, from, earlier.Tx, &earlier.Hash, state); err != nil {
			return nil, err
		}
		if err := p.anchor(*earlier); err != nil {
			return nil, err
		}
	}
	return p, p.anchor(state)
}

// anchor notes the proven hash of a transaction. It fails if another hash was proven before.
func (p *Proof) anchor(s State) error {
	if known, anchored := p.anchors[s.Tx]; anchored && known != s.Hash {
		return fmt.Errorf("%w: immudb says of transaction %d that its hash is %s, and that it is %s",
			ErrNotProven, s.Tx, known, s.Hash)
	}
	p.anchors[s.Tx] = s.Hash
	return nil
}

// proveSince makes immudb prove that the state follows from the transaction source, and returns the hash of that
// transaction. If known is not nil, it must be that hash.
func proveSince(ctx context.Context, from prover, source uint64, known *Hash, state State) (Hash, error) {
	answer, err := from.VerifiableTxById(ctx, &schema.VerifiableTxRequest{Tx: state.Tx, ProveSinceTx: source,
		EntriesSpec: &schema.EntriesSpec{}, KeepReferencesUnresolved: true})
	if err != nil {
		return Hash{}, unproven(fmt.Sprintf("prove that transaction %d follows from %d", state.Tx, source), err)
	}
	proof := answer.GetDualProof()
	if !readable(proof.GetSourceTxHeader()) || !readable(proof.GetTargetTxHeader()) || proof.GetLinearProof() == nil {
		return Hash{}, fmt.Errorf("%w: immudb's proof of transaction %d since %d is incomplete",
			ErrNotProven, state.Tx, source)
	}
	dual := schema.DualProofFromProto(proof)
	hash := Hash(dual.SourceTxHeader.Alh())
	if known != nil && hash != *known {
		return hash, fmt.Errorf("%w: transaction %d has the hash %s, but had %s before: "+
			"the history was rewritten, or this is another one", ErrNotProven, source, hash, *known)
	}
	if !store.VerifyDualProof(dual, source, state.Tx, hash, state.Hash) {
		return hash, fmt.Errorf("%w: transaction %d does not follow from %d", ErrNotProven, state.Tx, source)
	}
	return hash, nil
}

// readable reports whether a header exists and has a version that can be hashed.
func readable(header *schema.TxHeader) bool {
	return header != nil && (header.Version == 0 || header.Version == 1)
}

// unproven is ErrNotProven if immudb itself cannot return what it has promised to keep, and a fault if the connection
// to it failed.
func unproven(what string, err error) error {
	if isTransient(err) {
		return fmt.Errorf("immudb cannot %s: %w", what, err)
	}
	return fmt.Errorf("%w: immudb cannot %s: %w", ErrNotProven, what, err)
}

// isTransient reports whether an error comes from the connection to immudb, from a session that has ended, or from a
// server that is being stopped.
func isTransient(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.Unauthenticated, codes.PermissionDenied,
		codes.ResourceExhausted:
		return true
	default:
		return strings.Contains(err.Error(), "session") || strings.Contains(err.Error(), "already closed")
	}
}

// ProvenTransaction is one transaction of the log's database.
type ProvenTransaction struct {
	// ID counts from 1.
	ID uint64
	// Records are the records that it committed, in the order of the log.
	Records []contract.Record
	// Committed is when that was, by immudb's clock, in whole seconds. It is zero before the log has an id: it was written
	// by builds which took any time for a record then.
	Committed time.Time
	// Cuts are the cuts that it added to a sequence log.
	Cuts []storage.Cut
	// Flaws say which of its contents the event source would not have written.
	Flaws []string
}

// readAhead is how many transactions are read and checked while the caller works on an earlier one.
const readAhead = 4

// Transactions reads the history from the first transaction to the proven state. Before it yields a transaction, it
// checks that values have the hashes of their entries, that the entries have the hash of their transaction, and that
// the transaction continues the chain. Only when the sequence ends without an error is it certain that the chain leads
// to the state. An error is like that of Prove, and ends the sequence.
func (p *Proof) Transactions(ctx context.Context) iter.Seq2[ProvenTransaction, error] {
	return func(yield func(ProvenTransaction, error) bool) {
		var readers sync.WaitGroup
		defer readers.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		previous := Hash(sha256.Sum256(nil)) // before the first
		named := false
		for next := range p.ahead(ctx, &readers) {
			link := <-next
			err := link.err
			if err == nil {
				err = p.checkLink(link, previous)
			}
			if named = named || link.names; !named {
				link.transaction.Committed = time.Time{}
			}
			if !yield(link.transaction, err) || err != nil {
				return
			}
			previous = link.hash
		}
		if err := ctx.Err(); err != nil {
			yield(ProvenTransaction{}, err)
		}
	}
}

// link is one transaction of the chain.
type link struct {
	transaction    ProvenTransaction
	previous, hash Hash
	names          bool // the transaction has the id of the log
	err            error
}

// checkLink compares a link with the one before it and with the proven hashes.
func (p *Proof) checkLink(l link, previous Hash) error {
	if l.previous != previous {
		return fmt.Errorf("%w: transaction %d does not follow from the one before it", ErrNotProven, l.transaction.ID)
	}
	if known, anchored := p.anchors[l.transaction.ID]; anchored && known != l.hash {
		return fmt.Errorf("%w: transaction %d has the hash %s, but is proven to have %s",
			ErrNotProven, l.transaction.ID, l.hash, known)
	}
	return nil
}

// ahead reads links concurrently, at most readAhead at a time, and yields them in order. It ends early only if ctx
// does.
func (p *Proof) ahead(ctx context.Context, readers *sync.WaitGroup) <-chan chan link {
	links := make(chan chan link, readAhead-1)
	readers.Go(func() {
		defer close(links)
		for id := uint64(1); id <= p.State.Tx; id++ {
			next := make(chan link, 1)
			select {
			case links <- next:
				readers.Go(func() { next <- readLink(ctx, p.from, p.part, id) })
			case <-ctx.Done():
				return
			}
		}
	})
	return links
}

// readLink reads one transaction and checks that it is consistent in itself.
func readLink(ctx context.Context, from prover, part storage.Partition, id uint64) link {
	raw := &schema.EntryTypeSpec{Action: schema.EntryTypeAction_RAW_VALUE}
	tx, err := from.TxById(ctx, &schema.TxRequest{Tx: id, KeepReferencesUnresolved: true,
		EntriesSpec: &schema.EntriesSpec{KvEntriesSpec: raw, ZEntriesSpec: raw, SqlEntriesSpec: raw}})
	if err != nil {
		return link{err: unproven(fmt.Sprintf("return transaction %d", id), err)}
	}
	header, err := checkEntries(tx, id)
	if err != nil {
		return link{err: fmt.Errorf("%w: transaction %d: %w", ErrNotProven, id, err)}
	}
	read := readCommit(tx, part)
	return link{previous: header.PrevAlh, hash: header.Alh(), names: read.names,
		transaction: ProvenTransaction{ID: id, Records: read.records, Cuts: read.cuts, Flaws: read.flaws,
			Committed: time.Unix(header.Ts, 0).UTC()}}
}

// checkEntries compares the entries of a transaction with its header, which it returns.
func checkEntries(tx *schema.Tx, id uint64) (*store.TxHeader, error) {
	switch header := tx.GetHeader(); {
	case !readable(header) || header.Id != id:
		return nil, errors.New("its header belongs to another transaction")
	case len(tx.Entries) == 0 || len(tx.Entries) != int(header.Nentries):
		return nil, fmt.Errorf("%d entries, its header says %d", len(tx.Entries), header.Nentries)
	}
	for _, entry := range tx.Entries {
		if hash := sha256.Sum256(entry.Value); string(hash[:]) != string(entry.HValue) {
			return nil, fmt.Errorf("the value of %q does not have its hash", entry.Key)
		}
	}
	header := schema.TxFromProto(tx).Header() // with the hash of these entries
	if header.Eh != schema.DigestFromProto(tx.Header.EH) {
		return nil, errors.New("its entries do not have their hash")
	}
	return header, nil
}
