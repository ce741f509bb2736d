package graph

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

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

// Below a mutation, what is away is waited for: what was done is then shown whole.
const (
	partWait  = 2 * time.Second        // for one part of the answer
	partsWait = 10 * time.Second       // for all of them, from the beginning of the request
	partPause = 100 * time.Millisecond // before it is asked again
)

// answerOf asks a part of the bank.
func answerOf[T any](ctx context.Context, part string, ask func() (T, error)) (T, error) {
	answer, err := ask()
	if err == nil {
		return answer, nil
	}
	var gone *awayError
	for until := waitsUntil(ctx); ; answer, err = ask() {
		err = away(part, err)
		if !errors.As(err, &gone) || time.Until(until) < partPause {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(partPause):
		}
	}
}

// waitsUntil is how long a part of an answer is waited for; the zero time for not
// at all.
func waitsUntil(ctx context.Context) time.Time {
	if !isMutation(ctx) {
		return time.Time{}
	}
	until := time.Now().Add(partWait)
	if last := graphql.GetOperationContext(ctx).Stats.OperationStart.Add(partsWait); last.Before(until) {
		return last
	}
	return until
}

// isMutation reports whether the request that is answered changes something.
func isMutation(ctx context.Context) bool {
	return graphql.HasOperationContext(ctx) && graphql.GetOperationContext(ctx).Operation != nil &&
		graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation
}

// NewResolver is a resolver that tells its clients when a part of the bank is away.
func NewResolver(parts Resolver) *Resolver {
	if parts.Commands != nil {
		parts.Commands = newHidingCommands(parts.Commands, parts.Views)
	}
	if parts.Decided == nil {
		parts.Decided = func(context.Context, contract.Outcome) {}
	}
	parts.Views = awayViews{parts.Views}
	parts.Log = awayLog{parts.Log}
	parts.Subscriptions = awayHub{parts.Subscriptions}
	return &parts
}

type awayLog struct{ Log }

func (l awayLog) Status(ctx context.Context) (contract.LogStatus, error) {
	return answerOf(ctx, theLog, func() (contract.LogStatus, error) { return l.Log.Status(ctx) })
}

func (l awayLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	return answerOf(ctx, theLog, func() (contract.Records, error) { return l.Log.ReadStream(ctx, r) })
}

func (l awayLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	return answerOf(ctx, theLog, func() (contract.Records, error) { return l.Log.ReadAll(ctx, r) })
}

func (l awayLog) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	return answerOf(ctx, theLog, func() (contract.Records, error) { return l.Log.FindKeys(ctx, r) })
}

type awayHub struct{ SubscriptionHub }

func (h awayHub) Subscribe(ctx context.Context, request SubscriptionRequest) (Subscription, error) {
	return answerOf(ctx, theLog, func() (Subscription, error) { return h.SubscriptionHub.Subscribe(ctx, request) })
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
	return answerOf(ctx, theViews, func() (view.Account, error) { return v.Reader.Account(ctx, id) })
}

func (v awayViews) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	return answerOf(ctx, theViews, func() (view.Transaction, error) { return v.Reader.Transaction(ctx, id, version) })
}

func (v awayViews) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return answerOf(ctx, theViews, func() (view.Lines, error) { return v.Reader.History(ctx, id, page) })
}

func (v awayViews) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	return answerOf(ctx, theViews, func() (view.Sums, error) { return v.Reader.Sums(ctx, id, filter) })
}

func (v awayViews) AccountByExternalID(ctx context.Context, externalID string) (view.Account, error) {
	return answerOf(ctx, theViews, func() (view.Account, error) { return v.Reader.AccountByExternalID(ctx, externalID) })
}

func (v awayViews) ListAccounts(ctx context.Context, page view.Accounts) ([]view.Account, bool, error) {
	accounts, more, err := v.Reader.ListAccounts(ctx, page)
	return accounts, more, away(theViews, err)
}

func (v awayViews) References(ctx context.Context, key string) ([]contract.Record, error) {
	return answerOf(ctx, theViews, func() ([]contract.Record, error) { return v.Reader.References(ctx, key) })
}

func (v awayViews) StateBefore(ctx context.Context, id bank.AccountID, version int64,
	t time.Time) (view.State, error) {
	return answerOf(ctx, theViews, func() (view.State, error) { return v.Reader.StateBefore(ctx, id, version, t) })
}

func (v awayViews) Trial(ctx context.Context) (view.Trial, error) {
	return answerOf(ctx, theViews, func() (view.Trial, error) { return v.Reader.Trial(ctx) })
}

func (v awayViews) TrialBefore(ctx context.Context, position int64, t time.Time) (view.Trial, error) {
	return answerOf(ctx, theViews, func() (view.Trial, error) { return v.Reader.TrialBefore(ctx, position, t) })
}

func (v awayViews) Checkpoint(ctx context.Context) (int64, error) {
	return answerOf(ctx, theViews, func() (int64, error) { return v.Reader.Checkpoint(ctx) })
}
