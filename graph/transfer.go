package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

func transferOf(t view.Transfer) *model.Transfer {
	told := &model.Transfer{ID: string(t.ID), FromAccountID: string(t.From), ToAccountID: string(t.To), Amount: moneyOf(t.Amount),
		Status: model.TransferStatus(t.Status), SentAt: scalar.DateTime(t.SentAt), EndedAt: optionalTime(t.EndedAt),
		EffectiveAt: scalar.DateTime(t.EffectiveAt), Reference: optional(t.Details.Reference), Memo: optional(t.Details.Memo),
		ExternalID: optional(t.Details.ExternalID), Told: t}
	if t.Rejection != nil {
		told.Rejection = &model.TransferRejection{Code: model.ErrorCode(t.Rejection.Code), Message: t.Rejection.Message}
	}
	return told
}

// transferOfSent is a transfer that has just left.
func transferOfSent(sent contract.Record, event bank.Event) (*model.Transfer, error) {
	e, ok := event.(bank.TransferSent)
	if !ok {
		return nil, nil
	}
	t, err := view.TransferOf(e.Transfer, []contract.Record{sent})
	return transferOf(t), err
}

// transfer is a transfer by its id; nil when none is visible.
func (r *Resolver) transfer(ctx context.Context, id bank.TransferID) (*model.Transfer, error) {
	if !id.Valid() {
		return nil, nil
	}
	records, err := r.Views.References(ctx, view.TransferKey(id))
	if err != nil {
		return nil, fmt.Errorf("records of transfer %s: %w", id, err)
	}
	t, err := view.TransferOf(id, records)
	if errors.Is(err, view.ErrNotFound) || err == nil && t.SentVersion == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if seen, err := r.seesOneOf(ctx, t.From, t.To); err != nil || !seen {
		return nil, err
	}
	return transferOf(t), nil
}

// transferReversals are the transfers that pay one back.
func (r *Resolver) transferReversals(ctx context.Context, id bank.TransferID) ([]*model.Transfer, error) {
	records, err := r.Views.References(ctx, view.TransferKey(id))
	if err != nil {
		return nil, fmt.Errorf("records of transfer %s: %w", id, err)
	}
	reversals := []*model.Transfer{}
	for _, record := range records {
		event, err := record.Event()
		if err != nil {
			return nil, err
		}
		if back, ok := event.(bank.TransferSent); ok && back.Transfer != id {
			t, err := r.transfer(ctx, back.Transfer)
			if err != nil {
				return nil, err
			}
			if t != nil {
				reversals = append(reversals, t)
			}
		}
	}
	return reversals, nil
}

func transferOrder(in model.TransferInput) order {
	o := order{account: bank.AccountID(in.FromAccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun), accountField: "fromAccountId"}
	o.command = bank.SendTransfer{To: bank.AccountID(in.ToAccountID), Amount: o.amount("amount", in.Amount),
		Details: details(in.Reference, in.Memo, in.ExternalID), EffectiveAt: moment(in.EffectiveAt)}
	return o
}

// sendTransfer sends a transfer, and waits for the end as long as was asked for.
func (r *Resolver) sendTransfer(ctx context.Context, o order, waitMs *int64) (*transferPayload, error) {
	wait, err := readWaitMs(waitMs)
	if err != nil {
		return nil, err
	}
	res, err := r.place(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.dryRun {
		err = r.askDestination(ctx, o, &res)
		return res.withTransfer(), err
	}
	if res.transfer != nil && (wait > 0 || res.replayed) {
		if res.transfer, err = r.awaitTransfer(ctx, res.transfer, wait); err != nil {
			graphql.AddError(ctx, err) // it was sent all the same
		}
	}
	return res.withTransfer(), nil
}

// awaitTransfer looks at a transfer until it has ended or the time is over.
func (r *Resolver) awaitTransfer(ctx context.Context, told *model.Transfer, wait time.Duration) (*model.Transfer, error) {
	deadline := time.Now().Add(wait)
	for pause := lookLeast; ; pause = min(2*pause, lookMost) {
		t, err := r.transfer(ctx, bank.TransferID(told.ID))
		if err != nil {
			return told, err
		}
		if t != nil {
			told = t
		}
		if told.Status != model.TransferStatusPending || time.Now().Add(pause).After(deadline) {
			return told, nil
		}
		if err := rest(ctx, pause); err != nil {
			return told, err
		}
	}
}

// askDestination adds to a dry run what the other account would say.
func (r *Resolver) askDestination(ctx context.Context, o order, res *result) error {
	receive := bank.ReceiveTransfer{Transfer: bank.NewTransferID(o.account, o.key), From: o.account}
	send, ok := o.command.(bank.SendTransfer)
	switch {
	case res.transfer != nil:
		send.To, receive.Amount, receive.Reverses = res.transfer.Told.To, res.transfer.Told.Amount, res.transfer.Told.Reverses
	case ok && send.To.Valid() && send.To != o.account && len(o.unread) == 0:
		receive.Amount = send.Amount
	default:
		return nil
	}
	// A real transfer tells whether the other account takes it; a dry run, which
	// costs nothing, tells that of no account that the caller may not know of.
	if seen, err := r.sees(ctx, send.To); err != nil || !seen {
		return err
	}
	rejection, err := r.destinationSays(ctx, send.To, receive)
	if err != nil || rejection == nil {
		return err
	}
	field := "toAccountId"
	if !ok {
		field = "transactionId"
	}
	res.userErrors = append(res.userErrors, model.DestinationRefusal{Code: model.ErrorCode(rejection.Code), Message: rejection.Message,
		Path: o.where(field), Retryable: rejection.Code.Retryable(), AccountID: string(send.To)})
	return nil
}

// destinationSays is why an account would not take a transfer; nil when it
// would.
func (r *Resolver) destinationSays(ctx context.Context, to bank.AccountID, receive bank.ReceiveTransfer) (*bank.Rejection, error) {
	key, _ := bank.SystemKey(receive)
	command, err := encode(ctx, key, receive)
	if err != nil {
		return nil, err
	}
	outcomes, err := r.batch(ctx, to, contract.CommandBatch{Commands: []contract.Command{command}, DryRun: true})
	if err != nil {
		return nil, err
	}
	if err := faultOf(outcomes[0]); err != nil || outcomes[0].Record == nil {
		return nil, err
	}
	event, err := outcomes[0].Record.Event()
	if rejected, ok := event.(bank.TransferRejected); ok {
		return &rejected.Rejection, err
	}
	return nil, err
}
