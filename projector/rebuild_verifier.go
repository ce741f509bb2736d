package projector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
	"corebank/internal/view/verify"
)

// Compared reports in how much new views were found equal to the log.
type Compared struct {
	// Position is the last one that was compared.
	Position     int64 `json:"position"`
	Accounts     int64 `json:"accounts"`
	Transactions int64 `json:"transactions"`
	// Quarantined counts the accounts that are quarantined, as they must be.
	Quarantined int64 `json:"quarantined"`
}

// DifferentError is the error of views that differ from the log.
type DifferentError struct {
	Account   bank.AccountID
	Want, Got string
}

// Error names the account and what differs.
func (e *DifferentError) Error() string {
	return fmt.Sprintf("the new views differ from the log, so the old ones stay live: account %s has %s and must have %s",
		e.Account, e.Got, e.Want)
}

func differentError(id bank.AccountID, d verify.Differences) error {
	if d.None() {
		return nil
	}
	return &DifferentError{Account: id, Want: strings.Join(d.Expected, ", "), Got: strings.Join(d.Found, ", ")}
}

// rebuildVerifier is a log that derives from everything that is read of it what
// the views must show. It folds with the bank's own fold, not with the views'.
// An account takes about 700 bytes.
type rebuildVerifier struct {
	logclient.Log

	mu       sync.Mutex
	position int64
	accounts map[bank.AccountID]*expectedAccount
	trial    *view.Running
}

// expectedAccount is one account as its events make it.
type expectedAccount struct {
	state   bank.Account
	opened  int64
	stopped int64 // the position that quarantined it, or 0
	entries verify.Entries
	// hasDocument is set when the views were found to have its document.
	hasDocument bool
}

func newRebuildVerifier(log logclient.Log) *rebuildVerifier {
	return &rebuildVerifier{Log: log, accounts: make(map[bank.AccountID]*expectedAccount),
		trial: view.Resume(view.Trial{})}
}

// ReadAll reads the log and folds the records that were not read before.
func (v *rebuildVerifier) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	reply, err := v.Log.ReadAll(ctx, r)
	if err != nil {
		return reply, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, record := range reply.Records {
		if record.Position == v.position+1 {
			v.position++
			if err := v.fold(record); err != nil {
				return reply, err
			}
		}
	}
	return reply, nil
}

func (v *rebuildVerifier) fold(r contract.Record) error {
	a := v.accounts[r.Account]
	if a == nil {
		a = &expectedAccount{state: bank.Account{ID: r.Account}}
		v.accounts[r.Account] = a
	}
	if a.stopped != 0 {
		v.trial.Add(r.At, nil)
		return nil
	}
	event, err := r.Event()
	if err != nil || r.Version != a.state.Version+1 {
		a.stopped = r.Position
		v.trial.Add(r.At, nil)
		return nil
	}
	v.trial.Add(r.At, event.PostingLines())
	for _, reference := range view.ReferencesOf(r, event.Subjects(a.state)) {
		if err := a.entries.AddReference(reference); err != nil {
			return err
		}
	}
	if _, opening := event.(bank.AccountOpened); opening {
		a.opened = r.Position
	}
	a.state = a.state.Apply(event, r.At)
	if line := view.TransactionOf(r, event); line != nil {
		a.entries.AddLine(*line)
	}
	if a.state.Version%view.StateInterval == 0 {
		return a.entries.AddState(view.State{Account: a.state.Summary(), Position: r.Position})
	}
	return nil
}

// verify compares a snapshot of the views with the log. No one may write the
// views between the last read of the log and the snapshot.
func (v *rebuildVerifier) verify(ctx context.Context, views view.Snapshots, report func(Progress)) (Compared, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	snapshot, err := views.Snapshot(ctx)
	if err != nil {
		return Compared{}, err
	}
	compared, err := v.verifySnapshot(ctx, snapshot, report)
	return compared, errors.Join(err, snapshot.Close(context.WithoutCancel(ctx)))
}

func (v *rebuildVerifier) verifySnapshot(
	ctx context.Context, snapshot view.Snapshot, report func(Progress),
) (Compared, error) {
	if snapshot.Checkpoint() != v.position {
		return Compared{}, fmt.Errorf("the new views are at position %d and the log was read until %d: "+
			"another process writes them; make sure that only one projector runs, and try again",
			snapshot.Checkpoint(), v.position)
	}
	compared := Compared{Position: v.position}
	document := func(got view.Account) error {
		if got.Opened != 0 || got.Quarantined() { // and not only the claim of an external id
			compared.Accounts++
		}
		if got.Quarantined() {
			compared.Quarantined++
		}
		return v.compareDocument(got)
	}
	progress := Progress{Phase: PhaseComparing, Total: int64(len(v.accounts))}
	for _, a := range v.accounts {
		progress.Total += a.entries.Lines
	}
	step := func() {
		if progress.Done++; progress.Done%10_000 == 0 {
			report(progress)
		}
	}
	found, err := verify.Read(ctx, snapshot, document, step)
	if err != nil {
		return Compared{}, err
	}
	report(progress)
	compared.Transactions = found.Lines
	if want := v.trial.Trial(v.position); !want.Equal(found.Trial) {
		return Compared{}, &DifferentError{Account: "(all)", Want: fmt.Sprintf("the trial balance %+v", want),
			Got: fmt.Sprintf("%+v", found.Trial)}
	}
	return compared, v.compareEntries(found)
}

func (v *rebuildVerifier) compareDocument(got view.Account) error {
	var d verify.Differences
	if want := v.accounts[got.ID]; want != nil {
		want.hasDocument = true
		d.CompareDocuments(view.Account{Account: want.state, Opened: want.opened,
			Stale: view.Stale{Position: want.stopped}}, got)
	} else {
		d.NoAccount(got, verify.Entries{})
	}
	return differentError(got.ID, d)
}

// compareEntries compares everything but the documents, which must have been
// compared before.
func (v *rebuildVerifier) compareEntries(found *verify.Views) error {
	for id, want := range v.accounts {
		got := cmp.Or(found.Entries[id], &verify.Entries{})
		var d verify.Differences
		if want.hasDocument {
			d.CompareEntries(want.entries, *got)
		} else {
			d.NoDocument(*got)
		}
		if err := differentError(id, d); err != nil {
			return err
		}
	}
	for id, got := range found.Entries {
		if v.accounts[id] == nil {
			var d verify.Differences
			d.NoAccount(view.Account{}, *got)
			return differentError(id, d)
		}
	}
	return nil
}
