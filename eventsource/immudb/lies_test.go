package immudb_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/codenotary/immudb/pkg/api/schema"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"corebank/eventsource/immudb"
)

// liar is an immudb with changed answers.
type liar struct {
	immudb.Prover
	state func(*schema.ImmutableState)
	proof func(*schema.VerifiableTx)
	tx    func(asked uint64, tx *schema.Tx)
	fails error
}

func (l liar) CurrentState(
	ctx context.Context, in *emptypb.Empty, opts ...grpc.CallOption,
) (*schema.ImmutableState, error) {
	answer, err := l.Prover.CurrentState(ctx, in, opts...)
	if err == nil && l.state != nil {
		l.state(answer)
	}
	return answer, err
}

func (l liar) VerifiableTxById(
	ctx context.Context, in *schema.VerifiableTxRequest, opts ...grpc.CallOption,
) (*schema.VerifiableTx, error) {
	answer, err := l.Prover.VerifiableTxById(ctx, in, opts...)
	if err == nil && l.proof != nil {
		l.proof(answer)
	}
	return answer, err
}

func (l liar) TxById(ctx context.Context, in *schema.TxRequest, opts ...grpc.CallOption) (*schema.Tx, error) {
	if l.fails != nil {
		return nil, l.fails
	}
	answer, err := l.Prover.TxById(ctx, in, opts...)
	if err == nil && l.tx != nil {
		l.tx(in.Tx, answer)
	}
	return answer, err
}

// believe proves and reads everything that an immudb answers.
func believe(ctx context.Context, from immudb.Prover, earlier *immudb.State) error {
	proof, err := immudb.ProveFrom(ctx, from, earlier)
	if err != nil {
		return err
	}
	for _, err := range proof.Transactions(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

// changed changes one transaction in immudb's answers.
func changed(id uint64, change func(*schema.Tx)) func(uint64, *schema.Tx) {
	return func(asked uint64, tx *schema.Tx) {
		if asked == id {
			change(tx)
		}
	}
}

// record is the entry that holds a record.
func record(tx *schema.Tx) *schema.TxEntry { return tx.Entries[1] }

func hash(value []byte) []byte {
	sum := sha256.Sum256(value)
	return sum[:]
}

// Transaction 3 has records, and has transactions before and after it. Transaction 6 is the last: only the proven state
// can show a lie about it.
var lies = map[string]liar{
	"a value":  {tx: changed(3, func(tx *schema.Tx) { record(tx).Value[20] ^= 1 })},
	"no value": {tx: changed(3, func(tx *schema.Tx) { record(tx).Value = nil })},
	"a value and its hash": {tx: changed(3, func(tx *schema.Tx) {
		record(tx).Value[20] ^= 1
		record(tx).HValue = hash(record(tx).Value)
	})},
	"a key":            {tx: changed(3, func(tx *schema.Tx) { record(tx).Key[10] ^= 1 })},
	"a deletion":       {tx: changed(3, func(tx *schema.Tx) { record(tx).Metadata = &schema.KVMetadata{Deleted: true} })},
	"an entry is kept": {tx: changed(3, func(tx *schema.Tx) { tx.Entries = tx.Entries[1:] })},
	"an entry is kept and not counted": {tx: changed(3, func(tx *schema.Tx) {
		tx.Entries = tx.Entries[1:]
		tx.Header.Nentries--
	})},
	"no entries":                   {tx: changed(3, func(tx *schema.Tx) { tx.Entries, tx.Header.Nentries = nil, 0 })},
	"entries in another order":     {tx: changed(3, func(tx *schema.Tx) { slices.Reverse(tx.Entries) })},
	"no header":                    {tx: changed(3, func(tx *schema.Tx) { tx.Header = nil })},
	"a header of another version":  {tx: changed(3, func(tx *schema.Tx) { tx.Header.Version = 7 })},
	"a header of an older version": {tx: changed(3, func(tx *schema.Tx) { tx.Header.Version = 0 })},
	"another transaction's number": {tx: changed(3, func(tx *schema.Tx) { tx.Header.Id = 4 })},
	"a time":                       {tx: changed(3, func(tx *schema.Tx) { tx.Header.Ts++ })},
	"the time of the first":        {tx: changed(1, func(tx *schema.Tx) { tx.Header.Ts++ })},
	"the time of the last":         {tx: changed(6, func(tx *schema.Tx) { tx.Header.Ts++ })},
	"a past of the first":          {tx: changed(1, func(tx *schema.Tx) { tx.Header.PrevAlh[0] ^= 1 })},
	"another past":                 {tx: changed(3, func(tx *schema.Tx) { tx.Header.PrevAlh[0] ^= 1 })},
	"a tree":                       {tx: changed(3, func(tx *schema.Tx) { tx.Header.BlRoot[0] ^= 1 })},
	"a hash of entries":            {tx: changed(3, func(tx *schema.Tx) { tx.Header.EH[0] ^= 1 })},
	"a hash of the state":          {state: func(s *schema.ImmutableState) { s.TxHash[0] ^= 1 }},
	"an earlier state":             {state: func(s *schema.ImmutableState) { s.TxId-- }},
	"a later state":                {state: func(s *schema.ImmutableState) { s.TxId++ }},
	"no state":                     {state: func(s *schema.ImmutableState) { s.TxId, s.TxHash = 0, nil }},
	"no proof":                     {proof: func(p *schema.VerifiableTx) { p.DualProof = nil }},
	"a proof of nothing":           {proof: func(p *schema.VerifiableTx) { p.DualProof.LinearProof = nil }},
	"a proof from nowhere":         {proof: func(p *schema.VerifiableTx) { p.DualProof.SourceTxHeader = nil }},
	"a proof to nowhere":           {proof: func(p *schema.VerifiableTx) { p.DualProof.TargetTxHeader = nil }},
	"a proof from elsewhere":       {proof: func(p *schema.VerifiableTx) { p.DualProof.SourceTxHeader.Ts++ }},
	"a proof to elsewhere":         {proof: func(p *schema.VerifiableTx) { p.DualProof.TargetTxHeader.Ts++ }},
	"a proof in another version":   {proof: func(p *schema.VerifiableTx) { p.DualProof.SourceTxHeader.Version = 7 }},
	"a proof without its tree":     {proof: func(p *schema.VerifiableTx) { p.DualProof.InclusionProof = nil }},
}

// TestLiesAreFound changes one thing in the answers of an undamaged immudb.
func TestLiesAreFound(t *testing.T) {
	c := newChronicle(t)
	c.with(func(ctx context.Context, s *immudb.Log, config immudb.Config) {
		c.write(ctx, s, 2, 3, 2, 1)
		honest := login(t, config, config.User, config.Password, config.Database).GetServiceClient()
		state := c.proven(ctx, s, nil)
		if state.Tx != 6 {
			t.Fatalf("the last transaction is %d, and not the one that is lied about", state.Tx)
		}
		if err := believe(ctx, honest, &state); err != nil {
			t.Fatalf("an honest immudb: %v", err)
		}
		for name, lie := range lies {
			lie.Prover = honest
			if err := believe(ctx, lie, &state); !errors.Is(err, immudb.ErrNotProven) {
				t.Errorf("%s: %v, want ErrNotProven", name, err)
			}
		}
		for name, earlier := range map[string]immudb.State{
			"another hash of the last":  {Tx: state.Tx, Hash: immudb.Hash{1}},
			"another hash of the first": {Tx: 1, Hash: immudb.Hash{1}},
			"another hash in between":   {Tx: 3, Hash: state.Hash},
			"a transaction to come":     {Tx: state.Tx + 1, Hash: state.Hash},
		} {
			if err := believe(ctx, honest, &earlier); !errors.Is(err, immudb.ErrNotProven) {
				t.Errorf("%s: %v, want ErrNotProven", name, err)
			}
		}
	})
}

// An immudb that cannot be reached proves nothing about its history.
func TestAFaultIsNotALie(t *testing.T) {
	c := newChronicle(t)
	c.with(func(ctx context.Context, s *immudb.Log, config immudb.Config) {
		c.write(ctx, s, 2, 3, 2, 1)
		honest := login(t, config, config.User, config.Password, config.Database).GetServiceClient()
		for _, fault := range []error{
			status.Error(codes.Unavailable, "connection refused"),
			status.Error(codes.Unknown, "session not found"),
			status.Error(codes.Unknown, "already closed"),
		} {
			err := believe(ctx, liar{Prover: honest, fails: fault}, nil)
			if errors.Is(err, immudb.ErrNotProven) || !errors.Is(err, fault) {
				t.Errorf("an immudb that answers %v: %v", fault, err)
			}
		}
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if err := believe(cancelled, honest, nil); err == nil || errors.Is(err, immudb.ErrNotProven) {
			t.Errorf("cancelled: %v", err)
		}
		proof, err := immudb.ProveFrom(ctx, honest, nil)
		if err != nil {
			t.Fatal(err)
		}
		midway, cancel := context.WithCancel(ctx)
		defer cancel()
		var last error
		for tx, err := range proof.Transactions(midway) {
			if tx.ID == 2 {
				cancel()
			}
			last = err
		}
		if last == nil || errors.Is(last, immudb.ErrNotProven) {
			t.Errorf("cancelled midway: %v", last)
		}
		for range proof.Transactions(ctx) { // may be left early, and read again
			break
		}
	})
}
