package projector

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Compared says what new views were found equal to the log in.
type Compared struct {
	// Position is the last one that was compared.
	Position     int64 `json:"position"`
	Accounts     int64 `json:"accounts"`
	Transactions int64 `json:"transactions"`
	// Quarantined counts the accounts that stand still, as they must.
	Quarantined int64 `json:"quarantined"`
}

// DifferentError says that views are not what the log makes of them.
type DifferentError struct {
	Account   bank.AccountID
	Want, Got string
}

// Error names the account and what differs.
func (e *DifferentError) Error() string {
	return fmt.Sprintf("the new views differ from the log, so the old ones stay: account %s has %s and must have %s",
		e.Account, e.Got, e.Want)
}

// tally is a log that sums up what is read of it, from its beginning: what
// every account has to come to. It folds with the bank's own fold, not with
// that of the views. An account takes about 150 bytes.
type tally struct {
	Log

	mu       sync.Mutex
	position int64
	accounts map[bank.AccountID]*sum
}

// sum is what one account comes to.
type sum struct {
	version, balance, lines int64
	history                 digest
	stopped                 int64 // the position that quarantined it, or 0
}

// String is the sum for a person who looks for the difference.
func (s sum) String() string {
	text := fmt.Sprintf("version %d, balance %d, %d lines with checksum %x", s.version, s.balance, s.lines, s.history[:6])
	if s.stopped != 0 {
		text += fmt.Sprintf(", quarantined at position %d", s.stopped)
	}
	return text
}

func newTally(log Log) *tally { return &tally{Log: log, accounts: make(map[bank.AccountID]*sum)} }

// ReadAll reads the log and counts what was not read before.
func (t *tally) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	reply, err := t.Log.ReadAll(ctx, r)
	if err != nil {
		return reply, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, record := range reply.Records {
		if record.Position == t.position+1 {
			t.position++
			t.count(record)
		}
	}
	return reply, nil
}

func (t *tally) count(r contract.Record) {
	s := t.accounts[r.Account]
	if s == nil {
		s = new(sum)
		t.accounts[r.Account] = s
	}
	if s.stopped != 0 {
		return
	}
	event, err := r.Event()
	if err != nil || r.Version != s.version+1 {
		s.stopped = r.Position
		return
	}
	now := bank.Account{Version: s.version}.Apply(event, r.At)
	s.version, s.balance = now.Version, now.Balance.Minor
	if line := view.TransactionOf(r, event); line != nil {
		s.add(*line)
	}
}

func (s *sum) add(line view.Transaction) {
	s.lines++
	s.history = s.history.with(line)
}

// compare holds a snapshot of the views, which nobody else writes, against
// what was counted.
func (t *tally) compare(ctx context.Context, views view.Snapshots, tell func(Progress)) (Compared, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	snapshot, err := views.Snapshot(ctx)
	if err != nil {
		return Compared{}, err
	}
	compared, err := t.compareWith(ctx, snapshot, tell)
	return compared, errors.Join(err, snapshot.Close(context.WithoutCancel(ctx)))
}

func (t *tally) compareWith(ctx context.Context, snapshot view.Snapshot, tell func(Progress)) (Compared, error) {
	if snapshot.Checkpoint() != t.position {
		return Compared{}, fmt.Errorf("the new views are at position %d and the log was read until %d: "+
			"something else writes them; see that one projector runs, and try again", snapshot.Checkpoint(), t.position)
	}
	found, err := t.found(ctx, snapshot, tell)
	if err != nil {
		return Compared{}, err
	}
	compared := Compared{Position: t.position, Accounts: int64(len(found))}
	for id, got := range found {
		want := t.accounts[id]
		if want == nil {
			want = new(sum)
		}
		if *got != *want {
			return Compared{}, &DifferentError{Account: id, Want: want.String(), Got: got.String()}
		}
		compared.Transactions += got.lines
		if got.stopped != 0 {
			compared.Quarantined++
		}
	}
	for id, want := range t.accounts {
		if found[id] == nil {
			return Compared{}, &DifferentError{Account: id, Want: want.String(), Got: "no document"}
		}
	}
	return compared, nil
}

// found sums up what the views have.
func (t *tally) found(ctx context.Context, snapshot view.Snapshot, tell func(Progress)) (map[bank.AccountID]*sum, error) {
	found := make(map[bank.AccountID]*sum, len(t.accounts))
	progress := Progress{Phase: PhaseComparing, Total: int64(len(t.accounts))}
	for _, s := range t.accounts {
		progress.Total += s.lines
	}
	step := func() {
		if progress.Done++; progress.Done%10_000 == 0 {
			tell(progress)
		}
	}
	for account, err := range snapshot.Accounts(ctx) {
		if err != nil {
			return nil, err
		}
		found[account.ID] = &sum{version: account.Version, balance: account.Balance, stopped: account.Stale.Position}
		step()
	}
	for line, err := range snapshot.Transactions(ctx) {
		if err != nil {
			return nil, err
		}
		s := found[line.Account]
		if s == nil {
			return nil, &DifferentError{Account: line.Account, Want: "no history without a document", Got: "one"}
		}
		s.add(line)
		step()
	}
	tell(progress)
	return found, nil
}

// digest stands for a whole history: the chain of its lines, oldest first.
type digest [sha256.Size]byte

// with is the digest of the history with one more line.
func (d digest) with(l view.Transaction) digest {
	text := append(make([]byte, 0, 256), d[:]...)
	for _, number := range []int64{l.Version, l.Position, l.Amount, l.BalanceAfter, l.OccurredAt.UnixMicro()} {
		text = binary.BigEndian.AppendUint64(text, uint64(number))
	}
	for _, s := range []string{string(l.Account), string(l.Type), string(l.Currency), l.Reference, l.Memo} {
		text = binary.BigEndian.AppendUint32(text, uint32(len(s)))
		text = append(text, s...)
	}
	return sha256.Sum256(text)
}
