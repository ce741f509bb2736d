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

func transferOf(t view.Transfer) *model.Transfer {
	transfer := &model.Transfer{ID: string(t.ID), FromAccountID: string(t.From), ToAccountID: string(t.To),
		Amount: moneyOf(t.Amount), Status: model.TransferStatus(t.Status), SentAt: scalar.DateTime(t.SentAt),
		EndedAt: optionalTime(t.EndedAt), EffectiveAt: scalar.DateTime(t.EffectiveAt),
		Reference: optional(t.Details.Reference), Memo: optional(t.Details.Memo),
		ExternalID: optional(t.Details.ExternalID), View: t}
	if t.Rejection != nil {
		transfer.Rejection = &model.TransferRejection{Code: model.ErrorCode(t.Rejection.Code), Message: t.Rejection.Message}
	}
	return transfer
}

// transferOfEvent is the transfer that an event sent: right after that or, for a
// replay, as it is now. Its id must not bring back an earlier state.
func (r *Resolver) transferOfEvent(ctx context.Context, o contract.Outcome, event bank.Event, replayed bool,
	dry *prediction) (*model.Transfer, error) {
	e, ok := event.(bank.TransferSent)
	if !ok {
		return nil, nil
	}
	records := []contract.Record{*o.Record}
	if o.Return != nil {
		records = append(records, *o.Return)
	}
	t, err := view.TransferOf(e.Transfer, records)
	if err != nil {
		return nil, err
	}
	first := transferOf(t)
	if dry.includes(o.Record.Version) {
		first.ID = marked(first.ID, dry.name)
		return first, nil
	}
	if replayed && t.EndedAt.IsZero() {
		if latest, err := r.transfer(ctx, e.Transfer); err != nil || latest != nil {
			return latest, err
		}
	}
	return first, nil
}

// transfer returns a transfer by its id; nil when none is visible.
func (r *Resolver) transfer(ctx context.Context, id bank.TransferID) (*model.Transfer, error) {
	if !id.Valid() {
		return nil, nil
	}
	records, err := r.Views.References(ctx, bank.TransferSubject(id))
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

// transferReversals are the transfers that reverse one.
func (r *Resolver) transferReversals(ctx context.Context, id bank.TransferID) ([]*model.Transfer, error) {
	records, err := r.Views.References(ctx, bank.TransferSubject(id))
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

func transferRequest(in model.TransferInput) commandRequest {
	c := newRequest(in.FromAccountID, in.IdempotencyKey, in.DryRun)
	c.accountField = "fromAccountId"
	c.refuseMarked("toAccountId", in.ToAccountID)
	c.command = bank.SendTransfer{To: bank.AccountID(in.ToAccountID), Amount: c.amount("amount", in.Amount),
		Details: details(in.Reference, in.Memo, in.ExternalID), EffectiveAt: moment(in.EffectiveAt)}
	return c
}

// submitTransfer is submit for a transfer: it waits up to waitMs for the end of
// one that has not ended at once. A dry run also says why the receiving account
// would not take it.
func (r *Resolver) submitTransfer(ctx context.Context, request commandRequest, waitMs *int64) (payload, error) {
	wait, err := readWaitMs(waitMs)
	if err != nil {
		return payload{}, err
	}
	p, err := r.submit(ctx, request)
	if err != nil {
		return p, err
	}
	if request.dryRun && !p.replayed {
		err = r.addDestinationRefusal(ctx, request, &p)
		return p, err
	}
	if p.transfer != nil && p.transfer.Status == model.TransferStatusPending && wait > 0 && !request.dryRun {
		if p.transfer, err = r.awaitTransfer(ctx, p.transfer, wait); err != nil {
			addPartError(ctx, "transfer", err) // it was sent nevertheless
		}
		if p.account, err = r.afterEnd(ctx, p); err != nil {
			addPartError(ctx, "account", err)
		}
	}
	return p, nil
}

// afterEnd is the account of a payload as it is when its transfer has ended: a
// transfer that has come back is not in transit any more.
func (r *Resolver) afterEnd(ctx context.Context, p payload) (*model.Account, error) {
	if p.account == nil || p.transfer.Status == model.TransferStatusPending {
		return p.account, nil
	}
	// The views show the end of the transfer, so they show what it did to the account.
	a, err := r.viewAccount(ctx, p.account.AccountID, waiting{})
	if err != nil || a == nil || a.Version <= p.account.Version {
		return p.account, err
	}
	return viewedAccount(*a), nil
}

// awaitTransfer polls a transfer until it has ended or the time is up.
func (r *Resolver) awaitTransfer(ctx context.Context, latest *model.Transfer,
	wait time.Duration) (*model.Transfer, error) {
	deadline := time.Now().Add(wait)
	for interval := pollMin; ; interval = min(2*interval, pollMax) {
		t, err := r.transfer(ctx, bank.TransferID(latest.ID))
		if err != nil {
			return latest, err
		}
		if t != nil {
			latest = t
		}
		if latest.Status != model.TransferStatusPending || time.Now().Add(interval).After(deadline) {
			return latest, nil
		}
		if err := pause(ctx, interval); err != nil {
			return latest, err
		}
	}
}

// addDestinationRefusal adds to the payload of a dry run why the receiving
// account would reject the transfer.
func (r *Resolver) addDestinationRefusal(ctx context.Context, request commandRequest, p *payload) error {
	receive := bank.ReceiveTransfer{Transfer: bank.NewTransferID(request.account, request.key), From: request.account}
	send, ok := request.command.(bank.SendTransfer)
	switch {
	case p.transfer != nil && p.transfer.Status != model.TransferStatusPending: // the receiving account was asked
		p.addRejection(request, p.transfer.View.To, p.transfer.View.Rejection)
		return nil
	case p.transfer != nil:
		sent := p.transfer.View
		send.To, receive.Amount, receive.Reverses = sent.To, sent.Amount, sent.Reverses
	case ok && send.To.Valid() && send.To != request.account && len(request.inputRefusals) == 0 && send.Amount.Positive():
		receive.Amount = send.Amount
	default:
		return nil
	}
	// A real transfer reveals whether the other account accepts it. A dry run
	// costs nothing, so it reveals that only of accounts that the caller may see.
	if visible, err := r.sees(ctx, send.To); err != nil || !visible {
		return err
	}
	rejection, err := r.destinationRejection(ctx, send.To, receive)
	p.addRejection(request, send.To, rejection)
	return err
}

// addRejection adds why an account would reject a transfer; nil if it would not.
func (p *payload) addRejection(request commandRequest, to bank.AccountID, rejection *bank.Rejection) {
	if rejection == nil {
		return
	}
	field := "toAccountId"
	if _, sends := request.command.(bank.SendTransfer); !sends {
		field = "transactionId"
	}
	p.userErrors = append(p.userErrors, model.DestinationRefusal{Code: model.ErrorCode(rejection.Code),
		Message: rejection.Message, Path: request.inputPath(field), Retryable: rejection.Code.Retryable(),
		AccountID: string(to)})
}

// destinationRejection is why an account would reject a transfer; nil when it
// would accept it.
func (r *Resolver) destinationRejection(ctx context.Context, to bank.AccountID,
	receive bank.ReceiveTransfer) (*bank.Rejection, error) {
	key, _ := bank.SystemKey(receive)
	command, err := encode(ctx, key, receive)
	if err != nil {
		return nil, err
	}
	outcome := r.tryRun(ctx, to, command)
	if err := faultOf(outcome); err != nil || outcome.Record == nil {
		return nil, err
	}
	event, err := outcome.Record.Event()
	if rejected, ok := event.(bank.TransferRejected); ok {
		return &rejected.Rejection, err
	}
	return nil, err
}
