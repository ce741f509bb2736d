package projector

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
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
// that of the views. An account takes about 700 bytes.
type tally struct {
	logclient.Log

	mu       sync.Mutex
	position int64
	accounts map[bank.AccountID]*folded
	trial    *view.Running
}

// folded is one account as its events make it.
type folded struct {
	sum
	state  bank.Account
	opened int64
}

// sum is what one account comes to.
type sum struct {
	version, balance, lines int64
	document, history       view.Digest
	// filed counts the records that are filed under something, and the states
	// that are kept.
	filed   int64
	filing  view.Digest
	stopped int64 // the position that quarantined it, or 0
}

// String is the sum for a person who looks for the difference.
func (s sum) String() string {
	text := fmt.Sprintf("version %d, balance %d (checksum of all %s), %d lines (%s), %d links and kept states (%s)",
		s.version, s.balance, s.document, s.lines, s.history, s.filed, s.filing)
	if s.stopped != 0 {
		text += fmt.Sprintf(", quarantined at position %d", s.stopped)
	}
	return text
}

func newTally(log logclient.Log) *tally {
	return &tally{Log: log, accounts: make(map[bank.AccountID]*folded), trial: view.Resume(view.Trial{})}
}

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
			if err := t.count(record); err != nil {
				return reply, err
			}
		}
	}
	return reply, nil
}

func (t *tally) count(r contract.Record) error {
	f := t.accounts[r.Account]
	if f == nil {
		f = &folded{state: bank.Account{ID: r.Account}}
		t.accounts[r.Account] = f
	}
	if f.stopped != 0 {
		t.trial.Add(r.At, nil)
		return nil
	}
	event, err := r.Event()
	if err != nil || r.Version != f.state.Version+1 {
		f.stopped = r.Position
		t.trial.Add(r.At, nil)
		return nil
	}
	t.trial.Add(r.At, event.PostingLines())
	for _, link := range view.ReferencesOf(r, view.KeysOf(f.state, r, event)) {
		if err := f.file(link); err != nil {
			return err
		}
	}
	if _, opening := event.(bank.AccountOpened); opening {
		f.opened = r.Position
	}
	f.state = f.state.Apply(event, r.At)
	if line := view.TransactionOf(r, event); line != nil {
		f.add(*line)
	}
	if f.state.Version%view.StateInterval == 0 {
		return f.file(view.State{Account: f.state.Summary(), Position: r.Position})
	}
	return nil
}

// want is the sum with that of the account itself.
func (f *folded) want() (sum, error) {
	err := f.sum.is(view.Account{Account: f.state, Opened: f.opened})
	return f.sum, err
}

func (s *sum) is(a view.Account) (err error) {
	s.version, s.balance = a.Version, a.Balance.Minor
	a.Stale = view.Stale{} // its reason is for the views to tell; the position is in the sum
	s.document, err = view.DigestOf(a)
	return err
}

func (s *sum) add(line view.Transaction) {
	s.lines++
	s.history = s.history.With(line)
}

// file counts a link or a kept state.
func (s *sum) file(what any) error {
	digest, err := view.DigestOf(what)
	s.filed++
	s.filing = s.filing.And(digest)
	return err
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
	if want := t.trial.Trial(t.position); !want.Equal(snapshot.Trial()) {
		return Compared{}, &DifferentError{Account: "(all)", Want: fmt.Sprintf("the trial balance %+v", want), Got: fmt.Sprintf("%+v", snapshot.Trial())}
	}
	compared := Compared{Position: t.position, Accounts: int64(len(found))}
	for id, got := range found {
		var want sum
		if f := t.accounts[id]; f != nil {
			if want, err = f.want(); err != nil {
				return Compared{}, err
			}
		}
		if *got != want {
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
		s := &sum{stopped: account.Stale.Position}
		if err := s.is(account); err != nil {
			return nil, err
		}
		found[account.ID] = s
		step()
	}
	for line, err := range snapshot.Transactions(ctx) {
		s, err := of(found, line.Account, err)
		if err != nil {
			return nil, err
		}
		s.add(line)
		step()
	}
	tell(progress)
	return found, foundFiled(ctx, snapshot, found)
}

// foundFiled adds what the views have filed and kept.
func foundFiled(ctx context.Context, snapshot view.Snapshot, found map[bank.AccountID]*sum) error {
	for link, err := range snapshot.References(ctx) {
		s, err := of(found, link.Record.Account, err)
		if err == nil {
			err = s.file(link)
		}
		if err != nil {
			return err
		}
	}
	for state, err := range snapshot.States(ctx) {
		s, err := of(found, state.Account.ID, err)
		if err == nil {
			err = s.file(state)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// of is the sum that something belongs to, unless there was an error.
func of(found map[bank.AccountID]*sum, id bank.AccountID, err error) (*sum, error) {
	if err != nil {
		return nil, err
	}
	if s := found[id]; s != nil {
		return s, nil
	}
	return nil, &DifferentError{Account: id, Want: "nothing without a document", Got: "a line, a link or a state"}
}
