package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// accountOf is the API's form of an account as its actor knows it.
func accountOf(a bank.Account) *model.Account {
	return &model.Account{
		ID: string(a.ID), Owner: a.Owner, Currency: currencyOf(a.Currency),
		Version: int32(a.Version), OpenedAt: scalar.DateTime(a.OpenedAt),
		Balance: &model.Balance{Current: moneyOf(a.Balance), Available: moneyOf(a.Available()),
			Version: int32(a.Version), AsOf: scalar.DateTime(a.ChangedAt)},
	}
}

// viewedAccount is the API's form of an account as its view shows it.
func viewedAccount(a view.Account) *model.Account {
	if a.Currency == "" {
		a.Currency, a.OpenedAt, a.UpdatedAt = noCurrency, a.Stale.Since, a.Stale.Since
	}
	return &model.Account{
		ID: string(a.ID), Owner: a.Owner, Currency: currencyOf(a.Currency), Stale: staleOf(a),
		Version: int32(a.Version), OpenedAt: scalar.DateTime(a.OpenedAt),
		Balance: &model.Balance{Current: moneyOf(a.Money()), Available: moneyOf(a.Money()), Stale: a.Quarantined(),
			Version: int32(a.Version), AsOf: scalar.DateTime(a.UpdatedAt)},
	}
}

// noCurrency is ISO 4217's code for it: the view of an account whose very
// first event it could not take knows none.
const noCurrency bank.Currency = "XXX"

func staleOf(a view.Account) *model.StaleView {
	if !a.Quarantined() {
		return nil
	}
	return &model.StaleView{Reason: a.Stale.Reason, SinceVersion: int32(a.Stale.Version), Since: scalar.DateTime(a.Stale.Since)}
}

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

func readWaiting(minVersion, waitMs *int32) (waiting, error) {
	var w waiting
	if minVersion != nil {
		if w.version = int64(*minVersion); w.version < 0 {
			return w, badInput("minVersion must be 0 or more.")
		}
	}
	if waitMs != nil {
		if w.until = time.Duration(*waitMs) * time.Millisecond; w.until < 0 || w.until > maxWait {
			return w, badInput(fmt.Sprintf("waitMs must be 0 to %d.", maxWait.Milliseconds()))
		}
	}
	return w, nil
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
		if a.Version >= w.version {
			if err != nil {
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
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
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
