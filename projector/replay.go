package projector

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// ErrNoEvents is the error of an account that is not in the log.
var ErrNoEvents = errors.New("the log has no events of this account; check its id")

// Replay makes one account's view anew from its events in the log, which ends
// its quarantine. If an event still cannot be folded, it returns a *RecordError
// and changes nothing. Other accounts wait only while this one is written. All
// lines of the account are held in memory: about 400 MB for a million.
func (p *Projector) Replay(ctx context.Context, id bank.AccountID) (view.Account, error) {
	stale, err := p.staleSince(ctx, id)
	if err != nil {
		return view.Account{}, err
	}
	fresh := replayedAccount{missingFrom: p.Position() + 1} // it may become stale while it is read
	if stale > 0 {
		fresh.missingFrom = stale
	}
	if err := fresh.read(ctx, p.log, id, p.Position()); err != nil {
		return view.Account{}, err
	}
	for {
		// Few records came in meanwhile; they are read while the views wait.
		err := p.inTurn(ctx, func() error { return p.replace(ctx, &fresh, id) })
		if err == nil {
			p.logger.Info("replayed the view of an account", "account", id, "version", fresh.Account.Version)
		}
		if !errors.Is(err, view.ErrCheckpointMoved) { // another projector works on the same views
			return fresh.Account, err
		}
	}
}

// staleSince is the position since which an account's document is stale, or 0.
func (p *Projector) staleSince(ctx context.Context, id bank.AccountID) (int64, error) {
	accounts, err := p.store.Accounts(ctx, []bank.AccountID{id})
	return accounts[id].Stale.Position, err
}

// replace replaces everything that the views have of the account with its view
// as of their position.
func (p *Projector) replace(ctx context.Context, fresh *replayedAccount, id bank.AccountID) error {
	if err := fresh.read(ctx, p.log, id, p.Position()); err != nil {
		return err
	}
	if fresh.Account.Version == 0 {
		return ErrNoEvents
	}
	stale, err := p.staleSince(ctx, id)
	if err != nil {
		return err
	}
	p.loaded = false // the trial balance changes, or another projector moved the checkpoint
	return p.store.Replace(ctx, fresh.asOf(p.Position(), stale))
}

// replayedAccount is an account's view, folded from its stream.
type replayedAccount struct {
	view.Replacement
	// missingFrom is the first position whose postings go into Missing.
	missingFrom int64
}

// read folds the events that follow, up to a position of the log.
func (f *replayedAccount) read(ctx context.Context, log logclient.Log, id bank.AccountID, until int64) error {
	for {
		reply, err := log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: f.Account.Version})
		if err != nil {
			return fmt.Errorf("read the events of account %s after version %d: %w", id, f.Account.Version, err)
		}
		for _, r := range reply.Records {
			if r.Position > until {
				return nil
			}
			if err := f.fold(r); err != nil {
				return &RecordError{Account: id, Position: r.Position, Err: err}
			}
		}
		if len(reply.Records) == 0 {
			return nil
		}
	}
}

func (f *replayedAccount) fold(r contract.Record) error {
	account, effect, err := view.Fold(f.Account, r)
	if err != nil {
		return err
	}
	f.Account = account
	if effect.Line != nil {
		f.Transactions = append(f.Transactions, *effect.Line)
	}
	f.References = append(f.References, view.ReferencesOf(r, effect.Subjects)...)
	if effect.State != nil {
		f.States = append(f.States, *effect.State)
	}
	if r.Position >= f.missingFrom {
		f.Missing = append(f.Missing, view.Posted{Position: r.Position, Postings: effect.Postings})
	}
	return nil
}

// asOf returns the replacement at a position for a document that is stale since
// another one. If it is not stale (0), no postings are missing.
func (f *replayedAccount) asOf(position, stale int64) view.Replacement {
	r := f.Replacement
	r.At = position
	if stale == 0 {
		r.Missing = nil
		return r
	}
	for len(r.Missing) > 0 && r.Missing[0].Position < stale {
		r.Missing = r.Missing[1:]
	}
	return r
}
