package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

func holdOf(h view.Hold) *model.Hold {
	id := holdID(h.Account, h.Version)
	return &model.Hold{ID: id, HoldID: &id, AccountID: string(h.Account), Status: model.HoldStatus(h.Status),
		Amount: moneyOf(h.Amount), Remaining: moneyOf(h.Remaining), Captured: moneyOf(h.Captured),
		PlacedAt: scalar.DateTime(h.PlacedAt), ExpiresAt: scalar.DateTime(h.ExpiresAt),
		Reference: optional(h.Details.Reference), Memo: optional(h.Details.Memo), ExternalID: optional(h.Details.ExternalID)}
}

// activeHold is an open hold of an account. The difference between its amount
// and the remaining amount was captured: a release ends the hold.
func activeHold(a state, h bank.Hold) *model.Hold {
	captured := bank.Money{Minor: h.Amount.Minor - h.Remaining.Minor, Currency: h.Amount.Currency}
	return markedHold(view.Hold{Account: a.ID, Version: h.Version, Amount: h.Amount, Remaining: h.Remaining,
		Status: view.HoldActive, Captured: captured,
		PlacedAt: h.PlacedAt, ExpiresAt: h.ExpiresAt, Details: h.Details}, a.mark, a.logged)
}

// markedHold is a hold in a state that has a mark. It has no id of its own if it
// was placed after what the log has.
func markedHold(h view.Hold, mark string, logged int64) *model.Hold {
	hold := holdOf(h)
	hold.ID = marked(hold.ID, mark)
	if h.Version > logged {
		hold.HoldID = nil
	}
	return hold
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

// holdOfEvent is the hold that an event is about, as it was right after the
// event; nil for all other events. A replay shows the hold as it is now: its id
// must not bring back an earlier state.
func (r *Resolver) holdOfEvent(ctx context.Context, record contract.Record, event bank.Event, replayed bool,
	dry *prediction) (*model.Hold, error) {
	version, ok := bank.HoldOf(event, record.Version)
	if !ok {
		return nil, nil
	}
	predicted := dry.includes(record.Version)
	before, at := record.Version, record.At
	if replayed && !predicted {
		before, at = view.NoVersion, time.Now()
	}
	records, err := r.holdRecords(ctx, record.Account, version, before, dry)
	if err != nil {
		return nil, err
	}
	if before == record.Version {
		records = append(records, record)
	}
	hold, err := view.HoldOf(records, at)
	if err != nil {
		return nil, err
	}
	if predicted {
		return markedHold(hold, dry.mark(record.Version), dry.records[0].Version-1), nil
	}
	return holdOf(hold), nil
}

// holdRecords are the events of a hold before a version of its account: those that the views have, and from the log
// those that they do not have yet; of a dry run, those that it predicts.
func (r *Resolver) holdRecords(ctx context.Context, id bank.AccountID, hold, before int64,
	dry *prediction) ([]contract.Record, error) {
	if before <= hold {
		return nil, nil
	}
	viewed, err := r.Views.Account(ctx, id)
	if err != nil && !errors.Is(err, view.ErrNotFound) {
		return nil, fmt.Errorf("view of account %s: %w", id, err)
	}
	filed, err := r.Views.References(ctx, bank.HoldSubject(id, hold))
	if err != nil {
		return nil, fmt.Errorf("records of hold %d of %s: %w", hold, id, err)
	}
	records := slices.DeleteFunc(filed, func(r contract.Record) bool { return r.Version >= before })
	known := max(hold-1, viewed.Version)
	if n := len(records); n > 0 { // the views may have moved on since
		known = max(known, records[n-1].Version)
	}
	take := func(record contract.Record) (bool, error) {
		event, err := record.Event()
		if version, ok := bank.HoldOf(event, record.Version); ok && version == hold {
			records = append(records, record)
		}
		return err == nil, err
	}
	last := before - 1
	if dry.includes(last) {
		last = dry.records[0].Version - 1
	}
	if err = r.eachEvent(ctx, id, known, last, take); err != nil {
		return nil, err
	}
	for version := last + 1; version < before && dry.includes(version); version++ {
		if _, err := take(dry.records[version-dry.records[0].Version]); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// holdItem takes an item of a batch that is about a hold.
func holdItem(in *model.BatchItemInput, take func(name string, c commandRequest)) {
	if in.PlaceHold != nil {
		take("placeHold", placeHoldRequest(*in.PlaceHold))
	}
	if in.AdjustHold != nil {
		take("adjustHold", adjustHoldRequest(*in.AdjustHold))
	}
	if in.CaptureHold != nil {
		take("captureHold", captureHoldRequest(*in.CaptureHold))
	}
	if in.ReleaseHold != nil {
		take("releaseHold", releaseHoldRequest(*in.ReleaseHold))
	}
}

func placeHoldRequest(in model.PlaceHoldInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.PlaceHold{Amount: c.amount("amount", in.Amount), ExpiresAt: moment(in.ExpiresAt),
		Details: details(in.Reference, in.Memo, in.ExternalID)}
	return c
}

func adjustHoldRequest(in model.AdjustHoldInput) commandRequest {
	c, hold := newHoldRequest(in.HoldID, in.IdempotencyKey, in.DryRun)
	c.command = bank.AdjustHold{Hold: hold, Amount: c.optionalAmount("amount", in.Amount), ExpiresAt: moment(in.ExpiresAt)}
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
	if c.refuseMarked("holdId", id); !ok && len(c.inputRefusals) == 0 {
		c.inputRefusals = append(c.inputRefusals, bank.RefuseUnknownHold())
	}
	return c, version
}
