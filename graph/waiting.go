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
	maxWait   = 10 * time.Second
	lookLeast = 2 * time.Millisecond
	lookMost  = 50 * time.Millisecond
)

// waiting is how a query waits for a version.
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

// viewAccount reads an account from the views; nil when there is none. It
// waits, as w says, until the view has reached a version, and looks again more
// and more slowly.
func (r *Resolver) viewAccount(ctx context.Context, id string, w waiting) (*view.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, w.until+maxWait)
	defer cancel()
	deadline := time.Now().Add(w.until)
	for pause := lookLeast; ; pause = min(2*pause, lookMost) {
		a, err := r.Views.Account(ctx, bank.AccountID(id))
		if err != nil && !errors.Is(err, view.ErrNotFound) {
			return nil, fmt.Errorf("view of account %s: %w", id, err)
		}
		if !identity.From(ctx).Sees(a.Owner) {
			a, err = view.Account{}, view.ErrNotFound
		}
		if a.Version >= w.version {
			if err != nil || !seen(a) {
				return nil, nil
			}
			return &a, nil
		}
		if a.Quarantined() {
			return nil, notVisibleWhileStale(w.version, a)
		}
		if time.Now().Add(pause).After(deadline) {
			return nil, notYetVisible(w.version, a.Version)
		}
		if err := rest(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// rest waits between two looks.
func rest(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// notVisibleWhileStale tells at once that waiting does not help.
func notVisibleWhileStale(wanted int64, a view.Account) error {
	return &Fault{Code: CodeNotYetVisible,
		Message:    fmt.Sprintf("Version %d is not visible: the view of this account stands still at version %d and does not move before an operator has replayed the account.", wanted, a.Version),
		Extensions: map[string]any{"minVersion": wanted, "visibleVersion": a.Version, "stale": true}}
}

func notYetVisible(wanted, visible int64) error {
	return &Fault{Code: CodeNotYetVisible, Retryable: true,
		Message:    fmt.Sprintf("Version %d is accepted or still to come, but not visible yet: the view shows version %d. Ask again, or wait longer with waitMs.", wanted, visible),
		Extensions: map[string]any{"minVersion": wanted, "visibleVersion": visible}}
}
