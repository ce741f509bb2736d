package graph

import (
	"context"
	"errors"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// payload holds what the payload of any mutation may hold.
type payload struct {
	account     *model.Account
	transaction *model.Transaction
	transfer    *model.Transfer
	hold        *model.Hold
	journal     *model.JournalTransaction
	replayed    bool
	dryRun      bool
	userErrors  []model.UserError
}

// Most payloads of the schema have one of three shapes. Types with the same fields
// convert to each other.
type (
	accountPayload  model.DepositPayload
	holdPayload     model.PlaceHoldPayload
	transferPayload model.TransferPayload
)

func (p payload) forAccount() *accountPayload {
	return &accountPayload{Account: p.account, Transaction: p.transaction,
		Replayed: p.replayed, DryRun: p.dryRun, UserErrors: p.userErrors}
}

func (p payload) forHold() *holdPayload {
	return &holdPayload{Account: p.account, Transaction: p.transaction, Hold: p.hold,
		Replayed: p.replayed, DryRun: p.dryRun, UserErrors: p.userErrors}
}

func (p payload) forTransfer() *transferPayload {
	return &transferPayload{Account: p.account, Transaction: p.transaction, Transfer: p.transfer,
		Replayed: p.replayed, DryRun: p.dryRun, UserErrors: p.userErrors}
}

// payloadOf makes the payload of an outcome. When a part of the answer cannot
// be read, that part is an error of its own and the rest is still returned,
// because the command has taken effect.
func (r *Resolver) payloadOf(ctx context.Context, request commandRequest, o contract.Outcome,
	dry *prediction) (payload, error) {
	p := payload{userErrors: []model.UserError{}, replayed: o.Status == contract.Replayed, dryRun: request.dryRun}
	if o.Account != nil {
		p.account = accountOf(dry.state(*o.Account))
	}
	if o.Status == contract.Refused {
		for _, refusal := range append(bank.Refusals{o.Refusal}, o.Others...) {
			typed := request.userError(refusal)
			if undone, ok := typed.(model.AlreadyReversed); ok && dry.includes(refusal.By) {
				undone.By = marked(undone.By, dry.name)
				typed = undone
			}
			p.userErrors = append(p.userErrors, typed)
		}
	}
	if o.Record == nil {
		return p, nil
	}
	event, err := o.Record.Event()
	if err != nil {
		return payload{}, err
	}
	part := "hold"
	switch event.(type) {
	case bank.TransferSent:
		part = "transfer"
		p.transfer, err = r.transferOfEvent(ctx, o, event, p.replayed, dry)
	case bank.LegPosted:
		part = "journal"
		p.journal, err = journalOfOutcome(request.command, o, event, dry)
	default:
		p.hold, err = r.holdOfEvent(ctx, *o.Record, event, p.replayed, dry)
	}
	if err != nil {
		addPartError(ctx, part, err)
	}
	if line := view.TransactionOf(*o.Record, event); line != nil {
		p.transaction = dry.transaction(transactionOf(*line), p.transfer)
		p.transaction.Posted = p.journal
	}
	return p, nil
}

// faultOf is the error of an outcome that the bank did not decide: nil for an
// applied, replayed, refused or untried command.
func faultOf(o contract.Outcome) error {
	switch o.Status {
	case contract.Applied, contract.Replayed, contract.Refused, contract.NotTried:
		return nil
	case contract.Forbidden:
		// The gateway allowed it; the token may have expired since.
		return &Fault{Code: CodeForbidden,
			Message: "You may not do this, or your token has expired. Nothing happened; sign in again."}
	case contract.Unavailable:
		return &Fault{Code: CodeUnavailable, Retryable: true,
			Message: "The bank cannot take this now. Nothing happened; send the same request again."}
	case contract.Unknown:
		return &Fault{Code: CodeUnknownOutcome, Retryable: true,
			Message: "It is not known whether this happened. Send the same request again with the same idempotency key: " +
				"it happens at most once, and the answer says whether it did."}
	default:
		return errors.New("the command was not understood: " + o.Reason)
	}
}
