package graph

import (
	"fmt"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

// refusal is what the typed forms of all refusals have, and some have nothing else.
type refusal = struct {
	Code      model.ErrorCode `json:"code"`
	Message   string          `json:"message"`
	Path      []string        `json:"path,omitempty"`
	Retryable bool            `json:"retryable"`
	Leg       *int64          `json:"leg,omitempty"`
}

// userError is the typed form of a refusal by an account, about the input field
// at path. A test holds that each code has one.
func userError(r *bank.Refusal, id bank.AccountID, path []string) model.UserError {
	typed, known := errorTypes[r.Code]
	if !known {
		panic(fmt.Sprintf("graph: no type for refusal %s", r.Code))
	}
	return typed(refusal{model.ErrorCode(r.Code), r.Message, path, r.Code.Retryable(), legIndex(r)}, r, id)
}

func legIndex(r *bank.Refusal) *int64 {
	if r.Leg == nil {
		return nil
	}
	index := int64(*r.Leg)
	return &index
}

// errorTypes are the typed forms of refusals, in the order of precedence.
var errorTypes = map[bank.Code]func(e refusal, r *bank.Refusal, id bank.AccountID) model.UserError{
	bank.InputInvalid:    bare[model.InvalidInput],
	bank.CurrencyUnknown: bare[model.UnknownCurrency],
	bank.AmountInvalid: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.InvalidAmount{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			MaxPrecision: int64(*r.MaxPrecision)}
	},
	bank.IdempotencyConflict: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.IdempotencyConflict{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Fields: r.Fields}
	},
	bank.AccountAlreadyOpen: bare[model.AccountAlreadyOpen],
	bank.ExternalIDTaken: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		if r.Account == "" { // the caller must not learn whose it is
			return model.InvalidInput(e)
		}
		return model.ExternalIDTaken{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			AccountID: string(r.Account)}
	},
	bank.AccountNotFound: bare[model.AccountNotFound],
	bank.ClosedAccount: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.AccountClosed{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Since: scalar.DateTime(r.Since)}
	},
	bank.SameAccount:   bare[model.SameAccount],
	bank.AccountsApart: bare[model.AccountsApart],
	bank.CurrencyMismatch: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.CurrencyMismatch{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Expected: currencyOf(r.Expected)}
	},
	bank.AccountNotFrozen:    bare[model.AccountNotFrozen],
	bank.OverdraftNotAllowed: bare[model.OverdraftNotAllowed],
	bank.OverdraftInUse: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.OverdraftInUse{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Used: moneyOf(*r.Remaining)}
	},
	bank.HoldNotFound: bare[model.HoldNotFound],
	bank.HoldEnded:    bare[model.HoldEnded],
	bank.ExpiredHold: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.HoldExpired{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Since: scalar.DateTime(r.Since)}
	},
	bank.TransactionNotFound: bare[model.TransactionNotFound],
	bank.NotReversible:       bare[model.NotReversible],
	bank.FrozenAccount: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.AccountFrozen{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Since: scalar.DateTime(r.Since), Reason: r.Reason}
	},
	bank.AlreadyReversed: func(e refusal, r *bank.Refusal, id bank.AccountID) model.UserError {
		return model.AlreadyReversed{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			By: transactionID(id, r.By)}
	},
	bank.AmountExceedsRemaining: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.AmountExceedsRemaining{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable,
			Leg: e.Leg, Remaining: moneyOf(*r.Remaining)}
	},
	bank.TransferNotPending: bare[model.TransferNotPending],
	bank.TransferPending:    bare[model.TransferPending],
	bank.LimitExceeded: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.LimitExceeded{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Limit: moneyOf(*r.Limit), Remaining: moneyOf(*r.Remaining), ResetsAt: optionalTime(r.ResetsAt)}
	},
	bank.BalanceTooLarge: bare[model.BalanceTooLarge],
	bank.InsufficientFunds: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.InsufficientFunds{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Available: moneyOf(*r.Available), Shortfall: moneyOf(*r.Shortfall)}
	},
	bank.AccountNotEmpty: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.AccountNotEmpty{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Balance: moneyOf(*r.Balance), Held: moneyOf(*r.Held), InTransit: moneyOf(*r.InTransit)}
	},
	bank.TooManyOpenItems: func(e refusal, r *bank.Refusal, _ bank.AccountID) model.UserError {
		return model.TooManyOpenItems{Code: e.Code, Message: e.Message, Path: e.Path, Retryable: e.Retryable, Leg: e.Leg,
			Most: int64(r.Max)}
	},
}

// bare is the typed form of a refusal without fields of its own.
func bare[T interface {
	~refusal
	model.UserError
}](e refusal, _ *bank.Refusal, _ bank.AccountID) model.UserError {
	return T(e)
}
