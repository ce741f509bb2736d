package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// Bounds of heartbeats, in seconds.
const (
	minHeartbeat = 1
	maxHeartbeat = 300
)

// eventStream sends the events of produce until that returns, and ends with its
// error if there is one. A panic ends only this stream.
func eventStream[T any](ctx context.Context, r *Resolver, produce func(send func(*T) bool) error) <-chan *T {
	events := make(chan *T)
	send := func(event *T) bool {
		select {
		case events <- event:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(events)
		defer func() {
			if reason := recover(); reason != nil {
				endStream(ctx, Present(ctx, fmt.Errorf("panic in a subscription: %v", reason), r.Hidden))
			}
		}()
		if err := produce(send); err != nil && ctx.Err() == nil {
			endStream(ctx, Present(ctx, err, r.Hidden))
		}
	}()
	return events
}

// readHeartbeat is the time between two heartbeats.
func readHeartbeat(seconds int64) (time.Duration, error) {
	if seconds < minHeartbeat || seconds > maxHeartbeat {
		return 0, badInput(fmt.Sprintf("heartbeatSeconds must be %d to %d.", minHeartbeat, maxHeartbeat))
	}
	return time.Duration(seconds) * time.Second, nil
}

// watchAccount waits, after each change of an account, until the view shows it,
// and calls update with the account. It ends when update returns false or an
// error.
func (r *Resolver) watchAccount(ctx context.Context, id bank.AccountID,
	update func(*view.Account) (more bool, err error)) error {
	for version, err := range r.Subscriptions.Changes(ctx, id) {
		if err != nil {
			return err
		}
		a, err := r.awaitVersion(ctx, id, version)
		if err != nil {
			return err
		}
		if more, err := update(a); err != nil || !more {
			return err
		}
	}
	return nil
}

// awaitVersion is an account in the views, as soon as its view has reached a
// version or has become stale.
func (r *Resolver) awaitVersion(ctx context.Context, id bank.AccountID, version int64) (*view.Account, error) {
	for {
		a, err := r.viewAccount(ctx, string(id), waiting{version: version, until: maxWait})
		var fault *Fault
		if !errors.As(err, &fault) || fault.Code != CodeNotYetVisible {
			return a, err
		}
		if !fault.Retryable {
			return r.viewAccount(ctx, string(id), waiting{})
		}
	}
}

// accountUpdated sends an account after each change that the view shows.
func (r *Resolver) accountUpdated(ctx context.Context, id bank.AccountID) <-chan *model.Account {
	return eventStream(ctx, r, func(send func(*model.Account) bool) error {
		visible, err := r.seesNow(ctx, id)
		if err != nil {
			return err
		}
		if !visible {
			return accountNotFound()
		}
		last, stale := int64(-1), false
		return r.watchAccount(ctx, id, func(a *view.Account) (bool, error) {
			if a == nil {
				return false, accountNotFound()
			}
			if a.Version == last && a.Quarantined() == stale {
				return true, nil
			}
			last, stale = a.Version, a.Quarantined()
			return send(viewedAccount(*a)), nil
		})
	})
}

func accountNotFound() error {
	return &Fault{Code: CodeNotFound, Message: "No account with this id is visible yet."}
}

// transferUpdated sends a transfer as it is, and again when it ends. Its end is
// a change of the paying account.
func (r *Resolver) transferUpdated(ctx context.Context, id bank.TransferID) <-chan *model.Transfer {
	return eventStream(ctx, r, func(send func(*model.Transfer) bool) error {
		t, err := r.transfer(ctx, id)
		if err != nil {
			return err
		}
		if t == nil {
			return &Fault{Code: CodeNotFound, Message: "No transfer with this id is visible yet."}
		}
		var last model.TransferStatus
		// A caller who sees the transfer may know when it changes, even if it may not
		// see the paying account. The account is therefore watched as the system.
		watching := identity.With(ctx, identity.Principal{Subject: "corebank", Roles: []identity.Role{identity.System}})
		return r.watchAccount(watching, bank.AccountID(t.FromAccountID), func(*view.Account) (bool, error) {
			t, err := r.transfer(ctx, id)
			if err != nil || t == nil || t.Status == last {
				return true, err
			}
			last = t.Status
			return send(t) && t.Status == model.TransferStatusPending, nil
		})
	})
}
