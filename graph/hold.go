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
	"corebank/internal/view"
)

func holdOf(h view.Hold) *model.Hold {
	return &model.Hold{ID: holdID(h.Account, h.Version), AccountID: string(h.Account), Status: model.HoldStatus(h.Status),
		Amount: moneyOf(h.Amount), Remaining: moneyOf(h.Remaining), Captured: moneyOf(h.Captured),
		PlacedAt: scalar.DateTime(h.PlacedAt), ExpiresAt: scalar.DateTime(h.ExpiresAt),
		Reference: optional(h.Details.Reference), Memo: optional(h.Details.Memo), ExternalID: optional(h.Details.ExternalID)}
}

// activeHold is an open hold of an account. The difference between its amount
// and the remaining amount was captured: a release ends the hold.
func activeHold(id bank.AccountID, h bank.Hold) *model.Hold {
	captured := bank.Money{Minor: h.Amount.Minor - h.Remaining.Minor, Currency: h.Amount.Currency}
	return holdOf(view.Hold{Account: id, Version: h.Version, Amount: h.Amount, Remaining: h.Remaining,
		Status: view.HoldActive, Captured: captured,
		PlacedAt: h.PlacedAt, ExpiresAt: h.ExpiresAt, Details: h.Details})
}

func holdID(id bank.AccountID, version int64) string { return idWithin(holdPrefix, id, version) }

// hold returns a hold by its id; nil when none is visible.
func (r *Resolver) hold(ctx context.Context, id string) (*model.Hold, error) {
	account, version, ok := parseID(holdPrefix, id)
	if !ok {
		return nil, nil
	}
	if seen, err := r.sees(ctx, account); err != nil || !seen {
		return nil, err
	}
	records, err := r.Views.References(ctx, bank.HoldSubject(account, version))
	if err != nil {
		return nil, fmt.Errorf("records of hold %s: %w", id, err)
	}
	hold, err := view.HoldOf(records, time.Now())
	if errors.Is(err, view.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return holdOf(hold), nil
}

// holdOfEvent is the hold that an event changed, as it was right after the
// event; nil for all other events.
func (r *Resolver) holdOfEvent(ctx context.Context, record contract.Record, event bank.Event) (*model.Hold, error) {
	var version int64
	var left, released bank.Money
	status := view.HoldActive
	switch e := event.(type) {
	case bank.HoldPlaced:
		hold, err := view.HoldOf([]contract.Record{record}, record.At)
		return holdOf(hold), err
	case bank.HoldCaptured:
		if version, left, released = e.Hold, e.Remaining, e.Released; !left.Positive() {
			status = view.HoldCaptured
		}
	case bank.HoldReleased:
		version, released, status = e.Hold, e.Amount, view.HoldReleased
	default:
		return nil, nil
	}
	past, placed, err := r.eventAt(ctx, record.Account, version)
	if err != nil {
		return nil, err
	}
	if _, ok := placed.(bank.HoldPlaced); !ok {
		return nil, fmt.Errorf("version %d of %s is not a hold", version, record.Account)
	}
	hold, err := view.HoldOf([]contract.Record{past}, past.At)
	if err != nil {
		return nil, err
	}
	hold.Status, hold.Remaining.Minor = status, left.Minor
	hold.Captured.Minor = hold.Amount.Minor - left.Minor - released.Minor
	return holdOf(hold), nil
}

func placeHoldRequest(in model.PlaceHoldInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.PlaceHold{Amount: c.amount("amount", in.Amount), ExpiresAt: moment(in.ExpiresAt),
		Details: details(in.Reference, in.Memo, in.ExternalID)}
	return c
}

func captureHoldRequest(in model.CaptureHoldInput) commandRequest {
	c, hold := newHoldRequest(in.HoldID, in.IdempotencyKey, in.DryRun)
	c.command = bank.CaptureHold{Hold: hold, Amount: c.optionalAmount("amount", in.Amount),
		ReleaseRest: deref(in.ReleaseRest), Details: details(in.Reference, in.Memo, in.ExternalID)}
	return c
}

func releaseHoldRequest(in model.ReleaseHoldInput) commandRequest {
	c, hold := newHoldRequest(in.HoldID, in.IdempotencyKey, in.DryRun)
	c.command = bank.ReleaseHold{Hold: hold, Reason: deref(in.Reason)}
	return c
}

// newHoldRequest starts a request about an existing hold. The id of the hold
// names the account; version is the hold's own within it.
func newHoldRequest(id, key string, dryRun *bool) (c commandRequest, version int64) {
	account, version, ok := parseID(holdPrefix, id)
	c = newRequest(string(account), key, dryRun)
	c.accountField = "holdId"
	if !ok {
		c.inputRefusals = append(c.inputRefusals, bank.RefuseUnknownHold())
	}
	return c, version
}
