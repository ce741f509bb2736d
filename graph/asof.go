package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// point is a point in an account's past: a time, or else a version.
type point struct {
	version int64
	time    time.Time // inclusive; zero for a version
}

// readAsOf reads the point that a client asks for; nil for none.
func readAsOf(in *model.AsOf) (*point, error) {
	switch {
	case in == nil:
		return nil, nil
	case (in.Time == nil) == (in.Version == nil):
		return nil, badInput("Give either a time or a version in asOf.")
	case in.Version != nil && *in.Version < 0:
		return nil, badInput("asOf.version must be 0 or more.")
	case in.Version != nil:
		return &point{version: *in.Version}, nil
	}
	at, err := readPast("asOf", *in.Time)
	return &point{time: at}, err
}

// readPast is the last microsecond that a time in the past includes. The API
// shows times in milliseconds, so a time that is written in milliseconds includes
// all of its millisecond. One with more digits is exact.
func readPast(name string, in scalar.Moment) (time.Time, error) {
	at := in.Time
	if at.After(time.Now()) {
		return at, badInput(name + " must not be in the future.")
	}
	if !in.Exact {
		at = at.Add(time.Millisecond - time.Microsecond)
	}
	return at.UTC(), nil
}

// moment is the time at which to evaluate the holds and limits of the account.
func (p point) moment(a bank.Account) time.Time {
	if p.time.IsZero() {
		return a.ChangedAt
	}
	return p.time
}

// accountAt is an account as it was, from the nearest stored state and the log.
// Before its first event it is the zero account with its id.
func (r *Resolver) accountAt(ctx context.Context, id bank.AccountID, p point) (bank.Account, error) {
	last := p.version
	if !p.time.IsZero() {
		last = view.NoVersion
	}
	if !id.Valid() {
		return bank.Account{ID: id}, nil
	}
	shown := id
	if seen, err := r.seesNow(ctx, id); err != nil {
		return bank.Account{}, err
	} else if !seen {
		id = silentAccount
	}
	base, err := r.Views.StateBefore(ctx, id, last, p.time)
	if err != nil {
		return bank.Account{}, fmt.Errorf("stored state of %s: %w", id, err)
	}
	a := base.Account
	a.ID = id
	ahead, turnedBack := a, int64(-1) // not known yet
	err = r.eachEvent(ctx, id, a.Version, last, func(record contract.Record) (bool, error) {
		later := !p.time.IsZero() && record.At.After(p.time)
		if later && turnedBack < 0 {
			if turnedBack, err = r.turnedBack(ctx, id); err != nil {
				return false, err
			}
		}
		if later && record.Version >= turnedBack {
			return false, nil
		}
		if ahead, err = contract.Fold(ahead, record); !later { // else it counts if one follows that does
			a = ahead
		}
		return err == nil, err
	})
	a.ID = shown
	if !identity.From(ctx).Sees(a.Owner) {
		a = bank.Account{ID: shown}
	}
	if err == nil && p.time.IsZero() && a.Version < last {
		err = badInput(fmt.Sprintf("The account has %d versions; version %d does not exist yet.", a.Version, last))
	}
	return a, err
}

// turnedBack is the version at which an account last turned back from the time of
// a clock that was far ahead; 0 for most.
func (r *Resolver) turnedBack(ctx context.Context, id bank.AccountID) (int64, error) {
	a, err := r.Views.Account(ctx, id)
	if errors.Is(err, view.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("view of account %s: %w", id, err)
	}
	return a.TurnedBack, nil
}

// eachEvent calls do with an account's events after one version up to another,
// until do returns false or an error.
func (r *Resolver) eachEvent(ctx context.Context, id bank.AccountID, after, last int64,
	do func(contract.Record) (more bool, err error)) error {
	for after < last {
		page, err := r.Log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: after,
			Limit: int(min(last-after, contract.MaxReadRecords))})
		if err != nil {
			return fmt.Errorf("read the log of %s after %d: %w", id, after, err)
		}
		if len(page.Records) == 0 {
			return nil
		}
		for _, record := range page.Records {
			if more, err := do(record); err != nil || !more {
				return err
			}
			after = record.Version
		}
	}
	return nil
}

// eventAt is one event of an account; nil if it has no such version.
func (r *Resolver) eventAt(ctx context.Context, id bank.AccountID,
	version int64) (record contract.Record, event bank.Event, err error) {
	err = r.eachEvent(ctx, id, version-1, version, func(found contract.Record) (bool, error) {
		record = found
		event, err = found.Event()
		return false, err
	})
	return record, event, err
}
