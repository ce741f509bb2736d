package graph

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// result is what every payload tells, from whichever mutation.
type result struct {
	account     *model.Account
	transaction *model.Transaction
	replayed    bool
	userErrors  []model.UserError
}

// execute sends a command to its account and tells what became of it.
func (r *Resolver) execute(ctx context.Context, id bank.AccountID, key string, command bank.Command) (result, error) {
	if refusal := bank.CheckKey(key); refusal != nil {
		return refused(refusal), nil
	}
	if refusal := bank.Check(command); refusal != nil {
		return refused(refusal), nil
	}
	if !id.Valid() {
		return refused(bank.RefuseUnknownAccount()), nil
	}
	sent, err := contract.EncodeCommand(r.Caller(ctx), key, command)
	if err != nil {
		return result{}, err
	}
	outcome, err := r.Commands.Execute(ctx, id, sent)
	if err != nil {
		return result{}, fmt.Errorf("execute a command on %s: %w", id, err)
	}
	return told(outcome)
}

// pay sends the command that is made of an amount as a client sent it. An
// amount that cannot be read is no reason to overlook a text that stands before
// it in the order of refusals.
func (r *Resolver) pay(ctx context.Context, account, key string, amount *model.MoneyInput, command func(bank.Money) bank.Command) (result, error) {
	money, refusal := readMoney(amount)
	c := command(money)
	if refusal == nil {
		return r.execute(ctx, bank.AccountID(account), key, c)
	}
	for _, first := range []*bank.Refusal{bank.CheckKey(key), bank.Check(c)} {
		if first != nil && first.Code == bank.InputInvalid {
			return refused(first), nil
		}
	}
	return refused(refusal), nil
}

// told translates an outcome.
func told(o contract.Outcome) (result, error) {
	res := result{userErrors: []model.UserError{}}
	if o.Account != nil {
		res.account = accountOf(*o.Account)
	}
	switch o.Status {
	case contract.Applied, contract.Replayed:
		res.replayed = o.Status == contract.Replayed
		event, err := o.Record.Event()
		if err != nil {
			return result{}, err
		}
		if line := view.TransactionOf(*o.Record, event); line != nil {
			res.transaction = transactionOf(*line)
		}
		return res, nil
	case contract.Refused:
		res.userErrors = []model.UserError{userError(o.Refusal)}
		return res, nil
	case contract.Unavailable:
		return result{}, &Fault{Code: CodeUnavailable, Retryable: true,
			Message: "The bank cannot take this now. Nothing happened; send the same request again."}
	case contract.Unknown:
		return result{}, &Fault{Code: CodeUnknownOutcome, Retryable: true,
			Message: "It is not known whether this happened. Send the same request again with the same idempotency key: it happens at most once, and the answer tells."}
	default:
		return result{}, errors.New("the command was not understood: " + o.Reason)
	}
}

func refused(refusal *bank.Refusal) result {
	return result{userErrors: []model.UserError{userError(refusal)}}
}

// userError is the typed form of a refusal.
func userError(r *bank.Refusal) model.UserError {
	code, path := model.ErrorCode(r.Code), inputPath(r.Field)
	switch r.Code {
	case bank.InputInvalid:
		return model.InvalidInput{Code: code, Message: r.Message, Path: path}
	case bank.CurrencyUnknown:
		return model.UnknownCurrency{Code: code, Message: r.Message, Path: path}
	case bank.AmountInvalid:
		return model.InvalidAmount{Code: code, Message: r.Message, Path: path, MaxPrecision: int32(*r.MaxPrecision)}
	case bank.IdempotencyConflict:
		return model.IdempotencyConflict{Code: code, Message: r.Message, Path: path, Fields: r.Fields}
	case bank.AccountAlreadyOpen:
		return model.AccountAlreadyOpen{Code: code, Message: r.Message, Path: path}
	case bank.AccountNotFound:
		return model.AccountNotFound{Code: code, Message: r.Message, Path: path}
	case bank.CurrencyMismatch:
		return model.CurrencyMismatch{Code: code, Message: r.Message, Path: path, Expected: currencyOf(r.Expected)}
	case bank.BalanceTooLarge:
		return model.BalanceTooLarge{Code: code, Message: r.Message, Path: path}
	case bank.InsufficientFunds:
		return model.InsufficientFunds{Code: code, Message: r.Message, Path: path,
			Available: moneyOf(*r.Available), Shortfall: moneyOf(*r.Shortfall)}
	default:
		panic(fmt.Sprintf("graph: no type for refusal %s", r.Code))
	}
}

// inputPath is the path of an input field from the mutation's arguments on.
func inputPath(field string) []string {
	if field == "" {
		return nil
	}
	return append([]string{"input"}, strings.Split(field, ".")...)
}
