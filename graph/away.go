package graph

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// What errors name as being away.
const (
	theLog   = "The event log"
	theViews = "The views"
)

// awayError says that a part of the bank cannot be read now. The client may ask
// again: reading changes nothing.
type awayError struct {
	part string
	err  error
}

func (e *awayError) Error() string { return e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

// away makes an error of a part of the bank one that passes, unless the part has
// answered: that there is nothing, that the question is wrong, or with something
// that cannot be decoded, which stays so.
func away(part string, err error) error {
	if err == nil {
		return nil
	}
	var fault *Fault
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	for _, answer := range []error{view.ErrNotFound, view.ErrBadPage, view.ErrFarScan} {
		if errors.Is(err, answer) {
			return err
		}
	}
	if errors.As(err, &fault) || errors.As(err, &syntax) || errors.As(err, &kind) {
		return err
	}
	return &awayError{part: part, err: err}
}

// NewResolver is a resolver that tells its clients when a part of the bank is away.
func NewResolver(parts Resolver) *Resolver {
	parts.Views = awayViews{parts.Views}
	parts.Log = awayLog{parts.Log}
	parts.Subscriptions = awayHub{parts.Subscriptions}
	return &parts
}

type awayLog struct{ Log }

func (l awayLog) Status(ctx context.Context) (contract.LogStatus, error) {
	status, err := l.Log.Status(ctx)
	return status, away(theLog, err)
}

func (l awayLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	records, err := l.Log.ReadStream(ctx, r)
	return records, away(theLog, err)
}

func (l awayLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	records, err := l.Log.ReadAll(ctx, r)
	return records, away(theLog, err)
}

func (l awayLog) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	records, err := l.Log.FindKeys(ctx, r)
	return records, away(theLog, err)
}

type awayHub struct{ SubscriptionHub }

func (h awayHub) Subscribe(ctx context.Context, request SubscriptionRequest) (Subscription, error) {
	s, err := h.SubscriptionHub.Subscribe(ctx, request)
	return s, away(theLog, err)
}

func (h awayHub) Changes(ctx context.Context, id bank.AccountID) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for version, err := range h.SubscriptionHub.Changes(ctx, id) {
			if !yield(version, away(theLog, err)) {
				return
			}
		}
	}
}

type awayViews struct{ view.Reader }

func (v awayViews) Account(ctx context.Context, id bank.AccountID) (view.Account, error) {
	a, err := v.Reader.Account(ctx, id)
	return a, away(theViews, err)
}

func (v awayViews) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	t, err := v.Reader.Transaction(ctx, id, version)
	return t, away(theViews, err)
}

func (v awayViews) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	lines, err := v.Reader.History(ctx, id, page)
	return lines, away(theViews, err)
}

func (v awayViews) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	sums, err := v.Reader.Sums(ctx, id, filter)
	return sums, away(theViews, err)
}

func (v awayViews) AccountByExternalID(ctx context.Context, externalID string) (view.Account, error) {
	a, err := v.Reader.AccountByExternalID(ctx, externalID)
	return a, away(theViews, err)
}

func (v awayViews) ListAccounts(ctx context.Context, page view.Accounts) ([]view.Account, bool, error) {
	accounts, more, err := v.Reader.ListAccounts(ctx, page)
	return accounts, more, away(theViews, err)
}

func (v awayViews) References(ctx context.Context, key string) ([]contract.Record, error) {
	records, err := v.Reader.References(ctx, key)
	return records, away(theViews, err)
}

func (v awayViews) StateBefore(ctx context.Context, id bank.AccountID, version int64,
	t time.Time) (view.State, error) {
	s, err := v.Reader.StateBefore(ctx, id, version, t)
	return s, away(theViews, err)
}

func (v awayViews) Trial(ctx context.Context) (view.Trial, error) {
	trial, err := v.Reader.Trial(ctx)
	return trial, away(theViews, err)
}

func (v awayViews) TrialBefore(ctx context.Context, position int64, t time.Time) (view.Trial, error) {
	trial, err := v.Reader.TrialBefore(ctx, position, t)
	return trial, away(theViews, err)
}

func (v awayViews) Checkpoint(ctx context.Context) (int64, error) {
	position, err := v.Reader.Checkpoint(ctx)
	return position, away(theViews, err)
}
