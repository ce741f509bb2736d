package projector

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// ErrNoEvents says that the log has no events of an account.
var ErrNoEvents = errors.New("the log has no events of this account; check its id")

// Replay makes one account's view anew from its events in the log, which lifts
// its quarantine. If an event still cannot be folded, it is a *RecordError and
// nothing has changed. Other accounts wait only while the account is written.
// All its lines are held in memory: about 250 MB for a million.
func (p *Projector) Replay(ctx context.Context, id bank.AccountID) (view.Account, error) {
	var fresh refold
	if err := fresh.read(ctx, p.log, id, p.Position()); err != nil {
		return view.Account{}, err
	}
	for {
		// What happened meanwhile is little, and is read while the views wait.
		err := p.inTurn(ctx, func() error { return p.replace(ctx, &fresh, id) })
		if err == nil {
			p.logger.Info("an account's view was made anew", "account", id, "version", fresh.account.Version)
		}
		if !errors.Is(err, view.ErrCheckpointMoved) { // another projector works on the same views
			return fresh.account, err
		}
	}
}

// replace puts the account as of the views' position in place of what they
// have of it.
func (p *Projector) replace(ctx context.Context, fresh *refold, id bank.AccountID) error {
	if err := fresh.read(ctx, p.log, id, p.Position()); err != nil {
		return err
	}
	if fresh.account.Version == 0 {
		return ErrNoEvents
	}
	err := p.store.Replace(ctx, view.Replacement{At: p.Position(), Account: fresh.account, Transactions: fresh.lines})
	if errors.Is(err, view.ErrCheckpointMoved) {
		p.loaded = false
	}
	return err
}

// refold is an account as its events make it.
type refold struct {
	account view.Account
	lines   []view.Transaction
}

// read folds on, up to a position of the log.
func (f *refold) read(ctx context.Context, log Log, id bank.AccountID, until int64) error {
	for {
		reply, err := log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: f.account.Version})
		if err != nil {
			return fmt.Errorf("read the events of account %s after version %d: %w", id, f.account.Version, err)
		}
		for _, r := range reply.Records {
			if r.Position > until {
				return nil
			}
			account, line, err := view.Fold(f.account, r)
			if err != nil {
				return &RecordError{Account: id, Position: r.Position, Err: err}
			}
			f.account = account
			if line != nil {
				f.lines = append(f.lines, *line)
			}
		}
		if len(reply.Records) == 0 {
			return nil
		}
	}
}
