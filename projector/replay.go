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

// ErrNoEvents says that the log has no events of an account.
var ErrNoEvents = errors.New("the log has no events of this account; check its id")

// Replay makes one account's view anew from its events in the log, which lifts
// its quarantine. If an event still cannot be folded, it is a *RecordError and
// nothing has changed. Other accounts wait only while the account is written.
// All its lines are held in memory: about 400 MB for a million.
func (p *Projector) Replay(ctx context.Context, id bank.AccountID) (view.Account, error) {
	stale, err := p.staleSince(ctx, id)
	if err != nil {
		return view.Account{}, err
	}
	fresh := refold{missingFrom: p.Position() + 1} // what may become stale while it is read
	if stale > 0 {
		fresh.missingFrom = stale
	}
	if err := fresh.read(ctx, p.log, id, p.Position()); err != nil {
		return view.Account{}, err
	}
	for {
		// What happened meanwhile is little, and is read while the views wait.
		err := p.inTurn(ctx, func() error { return p.replace(ctx, &fresh, id) })
		if err == nil {
			p.logger.Info("an account's view was made anew", "account", id, "version", fresh.Account.Version)
		}
		if !errors.Is(err, view.ErrCheckpointMoved) { // another projector works on the same views
			return fresh.Account, err
		}
	}
}

// staleSince is the position since which an account's document stands still,
// or 0.
func (p *Projector) staleSince(ctx context.Context, id bank.AccountID) (int64, error) {
	accounts, err := p.store.Accounts(ctx, []bank.AccountID{id})
	return accounts[id].Stale.Position, err
}

// replace puts the account as of the views' position in place of what they
// have of it.
func (p *Projector) replace(ctx context.Context, fresh *refold, id bank.AccountID) error {
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

// refold is an account as its events make it.
type refold struct {
	view.Replacement
	// missingFrom is the position from which on postings are noted.
	missingFrom int64
}

// read folds on, up to a position of the log.
func (f *refold) read(ctx context.Context, log logclient.Log, id bank.AccountID, until int64) error {
	for {
		reply, err := log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: f.Account.Version})
		if err != nil {
			return fmt.Errorf("read the events of account %s after version %d: %w", id, f.Account.Version, err)
		}
		for _, r := range reply.Records {
			if r.Position > until {
				return nil
			}
			if err := f.take(r); err != nil {
				return &RecordError{Account: id, Position: r.Position, Err: err}
			}
		}
		if len(reply.Records) == 0 {
			return nil
		}
	}
}

func (f *refold) take(r contract.Record) error {
	account, effect, err := view.Fold(f.Account, r)
	if err != nil {
		return err
	}
	f.Account = account
	if effect.Line != nil {
		f.Transactions = append(f.Transactions, *effect.Line)
	}
	f.References = append(f.References, view.ReferencesOf(r, effect.Keys)...)
	if effect.State != nil {
		f.States = append(f.States, *effect.State)
	}
	if r.Position >= f.missingFrom {
		f.Missing = append(f.Missing, view.Posted{Position: r.Position, Postings: effect.Postings})
	}
	return nil
}

// asOf is what replaces a document that is stale since a position, or is not
// (0): then no posting was left out.
func (f *refold) asOf(position, stale int64) view.Replacement {
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
