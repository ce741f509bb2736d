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

// activeHold is a hold as its account keeps it. What is gone of it was
// captured: whatever else takes from a hold ends it.
func activeHold(id bank.AccountID, h bank.Hold) *model.Hold {
	return holdOf(view.Hold{Account: id, Version: h.Version, Amount: h.Amount, Remaining: h.Remaining, Status: view.HoldActive,
		Captured: bank.Money{Minor: h.Amount.Minor - h.Remaining.Minor, Currency: h.Amount.Currency},
		PlacedAt: h.PlacedAt, ExpiresAt: h.ExpiresAt, Details: h.Details})
}

func holdID(id bank.AccountID, version int64) string { return idWithin(holdPrefix, id, version) }

// hold is a hold by its id; nil when none is visible.
func (r *Resolver) hold(ctx context.Context, id string) (*model.Hold, error) {
	account, version, ok := parseID(holdPrefix, id)
	if !ok {
		return nil, nil
	}
	if seen, err := r.sees(ctx, account); err != nil || !seen {
		return nil, err
	}
	records, err := r.Views.References(ctx, view.HoldKey(account, version))
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

// holdOfEvent is the hold that an event is about, as it was right after it;
// nil for events about none.
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
		return nil, fmt.Errorf("version %d of %s is no hold", version, record.Account)
	}
	hold, err := view.HoldOf([]contract.Record{past}, past.At)
	if err != nil {
		return nil, err
	}
	hold.Status, hold.Remaining.Minor = status, left.Minor
	hold.Captured.Minor = hold.Amount.Minor - left.Minor - released.Minor
	return holdOf(hold), nil
}

func placeHoldOrder(in model.PlaceHoldInput) order {
	o := order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	o.command = bank.PlaceHold{Amount: o.amount("amount", in.Amount), ExpiresAt: moment(in.ExpiresAt),
		Details: details(in.Reference, in.Memo, in.ExternalID)}
	return o
}

func captureHoldOrder(in model.CaptureHoldInput) order {
	o := order{key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	o.command = bank.CaptureHold{Hold: o.holdID(in.HoldID), Amount: o.optionalAmount("amount", in.Amount),
		ReleaseRest: deref(in.ReleaseRest), Details: details(in.Reference, in.Memo, in.ExternalID)}
	return o
}

func releaseHoldOrder(in model.ReleaseHoldInput) order {
	o := order{key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	o.command = bank.ReleaseHold{Hold: o.holdID(in.HoldID), Reason: deref(in.Reason)}
	return o
}

// holdID reads the id of the hold that the order is about, and with it the
// account.
func (o *order) holdID(id string) int64 {
	account, version, ok := parseID(holdPrefix, id)
	if !ok {
		o.unread = append(o.unread, bank.RefuseUnknownHold())
	}
	o.account, o.accountField = account, "holdId"
	return version
}
