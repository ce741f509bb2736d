package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// Bounds of waiting for a version.
const (
	maxWait = 10 * time.Second
	pollMin = 2 * time.Millisecond
	pollMax = 50 * time.Millisecond
)

// waiting is which version a query waits for, and for how long.
type waiting struct {
	version int64
	until   time.Duration
}

func readWaiting(minVersion, waitMs *int64) (waiting, error) {
	var w waiting
	if minVersion != nil {
		if w.version = *minVersion; w.version < 0 {
			return w, badInput("minVersion must be 0 or more.")
		}
	}
	var err error
	w.until, err = readWaitMs(waitMs)
	return w, err
}

func readWaitMs(waitMs *int64) (time.Duration, error) {
	wait := time.Duration(deref(waitMs)) * time.Millisecond
	if wait < 0 || wait > maxWait {
		return 0, badInput(fmt.Sprintf("waitMs must be 0 to %d.", maxWait.Milliseconds()))
	}
	return wait, nil
}

// viewAccount reads an account from the views; nil when there is none. It polls
// at growing intervals until the view has reached the version that w names.
func (r *Resolver) viewAccount(ctx context.Context, id string, w waiting) (*view.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, w.until+maxWait)
	defer cancel()
	deadline := time.Now().Add(w.until)
	for interval := pollMin; ; interval = min(2*interval, pollMax) {
		a, err := r.Views.Account(ctx, bank.AccountID(id))
		if err != nil && !errors.Is(err, view.ErrNotFound) {
			return nil, fmt.Errorf("view of account %s: %w", id, err)
		}
		if !identity.From(ctx).Sees(a.Owner) {
			a, err = view.Account{}, view.ErrNotFound
		}
		if a.Version >= w.version {
			if err != nil || !isVisible(a) {
				return nil, nil
			}
			return &a, nil
		}
		if a.Quarantined() {
			return nil, notVisibleWhileStale(w.version, a)
		}
		if time.Now().Add(interval).After(deadline) {
			return nil, notYetVisible(w.version, a.Version)
		}
		if err := pause(ctx, interval); err != nil {
			return nil, err
		}
	}
}

// pause waits between two polls.
func pause(ctx context.Context, interval time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(interval):
		return nil
	}
}

// notVisibleWhileStale says at once that waiting does not help.
func notVisibleWhileStale(wanted int64, a view.Account) error {
	return &Fault{Code: CodeNotYetVisible,
		Message: fmt.Sprintf("Version %d is not visible: the view of this account is stale at version %d "+
			"and will not advance until an operator has replayed the account.", wanted, a.Version),
		Extensions: map[string]any{"minVersion": wanted, "visibleVersion": a.Version, "stale": true}}
}

func notYetVisible(wanted, visible int64) error {
	return &Fault{Code: CodeNotYetVisible, Retryable: true,
		Message: fmt.Sprintf("Version %d is not visible yet: the view shows version %d. "+
			"Send the query again, or wait longer with waitMs.", wanted, visible),
		Extensions: map[string]any{"minVersion": wanted, "visibleVersion": visible}}
}
