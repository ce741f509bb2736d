package graph

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// result is what payloads tell, from whichever mutation.
type result struct {
	account     *model.Account
	transaction *model.Transaction
	transfer    *model.Transfer
	hold        *model.Hold
	replayed    bool
	dryRun      bool
	userErrors  []model.UserError
}

// The payloads come in three shapes. The types of the schema with the same
// fields convert to each other.
type (
	plainPayload    model.DepositPayload
	holdPayload     model.PlaceHoldPayload
	transferPayload model.TransferPayload
)

func (r *Resolver) plain(ctx context.Context, o order) (*plainPayload, error) {
	res, err := r.place(ctx, o)
	if err != nil {
		return nil, err
	}
	return &plainPayload{Account: res.account, Transaction: res.transaction, Replayed: res.replayed,
		DryRun: res.dryRun, UserErrors: res.userErrors}, nil
}

func (r *Resolver) withHold(ctx context.Context, o order) (*holdPayload, error) {
	res, err := r.place(ctx, o)
	if err != nil {
		return nil, err
	}
	return &holdPayload{Account: res.account, Transaction: res.transaction, Hold: res.hold, Replayed: res.replayed,
		DryRun: res.dryRun, UserErrors: res.userErrors}, nil
}

func (res result) withTransfer() *transferPayload {
	return &transferPayload{Account: res.account, Transaction: res.transaction, Transfer: res.transfer, Replayed: res.replayed,
		DryRun: res.dryRun, UserErrors: res.userErrors}
}

// faultOf is the error of an outcome that is not the bank's word.
func faultOf(o contract.Outcome) error {
	switch o.Status {
	case contract.Applied, contract.Replayed, contract.Refused, contract.NotTried:
		return nil
	case contract.Forbidden:
		// What the gateway let in; the token may have ended on the way.
		return &Fault{Code: CodeForbidden, Message: "You may not do this, or your token has ended. Nothing happened; sign in again."}
	case contract.Unavailable:
		return unavailable()
	case contract.Unknown:
		return &Fault{Code: CodeUnknownOutcome, Retryable: true,
			Message: "It is not known whether this happened. Send the same request again with the same idempotency key: it happens at most once, and the answer tells."}
	default:
		return errors.New("the command was not understood: " + o.Reason)
	}
}

func unavailable() error {
	return &Fault{Code: CodeUnavailable, Retryable: true,
		Message: "The bank cannot take this now. Nothing happened; send the same request again."}
}

// told translates what the bank says of a command. What happened stays told
// where a part of the answer cannot be read: that part is an error of its own.
func (r *Resolver) told(ctx context.Context, asked order, o contract.Outcome) (result, error) {
	res := result{userErrors: []model.UserError{}, replayed: o.Status == contract.Replayed, dryRun: asked.dryRun}
	if o.Account != nil {
		res.account = accountOf(*o.Account, time.Now())
	}
	if o.Status == contract.Refused {
		for _, refusal := range append(bank.Refusals{o.Refusal}, o.Others...) {
			res.userErrors = append(res.userErrors, userError(refusal, asked.account, asked.where(refusal.Field)))
		}
	}
	if o.Record == nil {
		return res, nil
	}
	event, err := o.Record.Event()
	if err != nil {
		return result{}, err
	}
	if line := view.TransactionOf(*o.Record, event); line != nil {
		res.transaction = transactionOf(*line)
	}
	if _, sent := event.(bank.TransferSent); sent {
		res.transfer, err = transferOfSent(*o.Record, event)
	} else {
		res.hold, err = r.holdOfEvent(ctx, *o.Record, event)
	}
	if err != nil {
		graphql.AddError(ctx, err)
	}
	return res, nil
}
