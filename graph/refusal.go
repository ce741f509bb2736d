package graph

import (
	"fmt"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

// userError is the typed form of a refusal by an account, about the input field
// at path.
func userError(r *bank.Refusal, id bank.AccountID, path []string) model.UserError {
	code, again := model.ErrorCode(r.Code), r.Code.Retryable()
	if err := ruleError(r, code, path, again); err != nil {
		return err
	}
	if err := accountError(r, code, path, again); err != nil {
		return err
	}
	switch r.Code {
	case bank.CurrencyMismatch:
		return model.CurrencyMismatch{Code: code, Message: r.Message, Path: path, Retryable: again,
			Expected: currencyOf(r.Expected)}
	case bank.HoldNotFound:
		return model.HoldNotFound{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.HoldEnded:
		return model.HoldEnded{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.ExpiredHold:
		return model.HoldExpired{Code: code, Message: r.Message, Path: path, Retryable: again,
			Since: scalar.DateTime(r.Since)}
	case bank.TransactionNotFound:
		return model.TransactionNotFound{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.NotReversible:
		return model.NotReversible{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.AlreadyReversed:
		return model.AlreadyReversed{Code: code, Message: r.Message, Path: path, Retryable: again,
			By: transactionID(id, r.By)}
	case bank.AmountExceedsRemaining:
		return model.AmountExceedsRemaining{Code: code, Message: r.Message, Path: path, Retryable: again,
			Remaining: moneyOf(*r.Remaining)}
	case bank.TransferNotPending:
		return model.TransferNotPending{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.LimitExceeded:
		return model.LimitExceeded{Code: code, Message: r.Message, Path: path, Retryable: again,
			Limit: moneyOf(*r.Limit), Remaining: moneyOf(*r.Remaining), ResetsAt: optionalTime(r.ResetsAt)}
	case bank.BalanceTooLarge:
		return model.BalanceTooLarge{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.InsufficientFunds:
		return model.InsufficientFunds{Code: code, Message: r.Message, Path: path, Retryable: again,
			Available: moneyOf(*r.Available), Shortfall: moneyOf(*r.Shortfall)}
	default:
		panic(fmt.Sprintf("graph: no type for refusal %s", r.Code))
	}
}

// ruleError is the typed form of refusals that look at the request alone.
func ruleError(r *bank.Refusal, code model.ErrorCode, path []string, again bool) model.UserError {
	switch r.Code {
	case bank.InputInvalid:
		return model.InvalidInput{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.CurrencyUnknown:
		return model.UnknownCurrency{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.AmountInvalid:
		return model.InvalidAmount{Code: code, Message: r.Message, Path: path, Retryable: again,
			MaxPrecision: int64(*r.MaxPrecision)}
	case bank.IdempotencyConflict:
		return model.IdempotencyConflict{Code: code, Message: r.Message, Path: path, Retryable: again, Fields: r.Fields}
	case bank.SameAccount:
		return model.SameAccount{Code: code, Message: r.Message, Path: path, Retryable: again}
	}
	return nil
}

// accountError is the typed form of refusals that are about what an account is.
func accountError(r *bank.Refusal, code model.ErrorCode, path []string, again bool) model.UserError {
	switch r.Code {
	case bank.AccountAlreadyOpen:
		return model.AccountAlreadyOpen{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.ExternalIDTaken:
		if r.Account == "" { // the caller must not learn whose it is
			return model.InvalidInput{Code: code, Message: r.Message, Path: path, Retryable: again}
		}
		return model.ExternalIDTaken{Code: code, Message: r.Message, Path: path, Retryable: again,
			AccountID: string(r.Account)}
	case bank.AccountNotFound:
		return model.AccountNotFound{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.ClosedAccount:
		return model.AccountClosed{Code: code, Message: r.Message, Path: path, Retryable: again,
			Since: scalar.DateTime(r.Since)}
	case bank.FrozenAccount:
		return model.AccountFrozen{Code: code, Message: r.Message, Path: path, Retryable: again,
			Since: scalar.DateTime(r.Since), Reason: r.Reason}
	case bank.AccountNotFrozen:
		return model.AccountNotFrozen{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.OverdraftNotAllowed:
		return model.OverdraftNotAllowed{Code: code, Message: r.Message, Path: path, Retryable: again}
	case bank.OverdraftInUse:
		return model.OverdraftInUse{Code: code, Message: r.Message, Path: path, Retryable: again, Used: moneyOf(*r.Remaining)}
	case bank.AccountNotEmpty:
		return model.AccountNotEmpty{Code: code, Message: r.Message, Path: path, Retryable: again,
			Balance: moneyOf(*r.Balance), Held: moneyOf(*r.Held), InTransit: moneyOf(*r.InTransit)}
	case bank.TooManyOpenItems:
		return model.TooManyOpenItems{Code: code, Message: r.Message, Path: path, Retryable: again, Most: int64(r.Max)}
	}
	return nil
}
