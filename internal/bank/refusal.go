package bank

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Refusal says why a command was not accepted and what to do about it. Only
// the data that its Code speaks of is set.
type Refusal struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Field is the input field that the refusal is about, or "".
	Field string `json:"field,omitempty"`
	// Leg is the index, from 0, of the leg of a transaction that it is about; nil for none. Field is an input of that
	// leg then, or, in a reversal, one of the reversal, and the leg is one of what was to be reversed.
	Leg *int `json:"leg,omitempty"`
	// Fields are the inputs in which an IdempotencyConflict differs from the
	// first request with the same key.
	Fields []string `json:"fields,omitempty"`
	// Available and Shortfall belong to InsufficientFunds.
	Available *Money `json:"available,omitempty"`
	Shortfall *Money `json:"shortfall,omitempty"`
	// MaxPrecision belongs to AmountInvalid: the decimals of the currency.
	MaxPrecision *int `json:"maxPrecision,omitempty"`
	// Expected belongs to CurrencyMismatch: the account's currency.
	Expected Currency `json:"expected,omitempty"`
	// Limit is the debit limit of a LimitExceeded, Remaining what of it is
	// left, ResetsAt when it is whole again (zero for a limit per transaction).
	// Remaining is also what an AmountExceedsRemaining leaves.
	Limit     *Money    `json:"limit,omitempty"`
	Remaining *Money    `json:"remaining,omitempty"`
	ResetsAt  time.Time `json:"resetsAt,omitzero"`
	// Since is when an account was frozen or closed, when a hold expired;
	// Reason is what was given for a freeze.
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason,omitempty"`
	// By belongs to AlreadyReversed: the version of the last reversal.
	By int64 `json:"by,omitempty"`
	// Balance, Held and InTransit belong to AccountNotEmpty.
	Balance   *Money `json:"balance,omitempty"`
	Held      *Money `json:"held,omitempty"`
	InTransit *Money `json:"inTransit,omitempty"`
	// Account belongs to ExternalIDTaken: who has it.
	Account AccountID `json:"account,omitempty"`
	// Max belongs to TooManyOpenItems: how many an account may have.
	Max int `json:"most,omitempty"`
}

// Refusals are broken rules.
type Refusals []*Refusal

// add notes a broken rule; nil is none.
func (r *Refusals) add(refusal *Refusal) {
	if refusal != nil {
		*r = append(*r, refusal)
	}
}

// With is the same with one more, in the order of precedence.
func (r Refusals) With(more *Refusal) Refusals { return append(slices.Clip(r), more).ranked() }

// followsAmount reports whether a refusal makes no sense beside an amount that is
// not valid: it compares the amount.
func (r *Refusal) followsAmount() bool {
	switch r.Code {
	case InputInvalid:
		return r.Field == "amount" || r.Field == "input" // as a whole: it changes nothing
	case CurrencyUnknown, AmountInvalid, CurrencyMismatch, OverdraftInUse, AmountExceedsRemaining,
		LimitExceeded, BalanceTooLarge, InsufficientFunds:
		return true
	default:
		return false
	}
}

// ranked are the same in the order of precedence, that of Codes.
func (r Refusals) ranked() Refusals {
	if len(r) > 1 {
		rank := make(map[Code]int)
		for i, info := range Codes() {
			rank[info.Code] = i
		}
		slices.SortStableFunc(r, func(x, y *Refusal) int { return cmp.Compare(rank[x.Code], rank[y.Code]) })
	}
	return r
}

func refuseInput(field, rule string) *Refusal {
	return &Refusal{Code: InputInvalid, Field: field, Message: fmt.Sprintf("%s %s.", field, rule)}
}

// RefuseInput is the refusal of an input field that breaks a rule, which
// completes the sentence "field ...".
func RefuseInput(field, rule string) *Refusal { return refuseInput(field, rule) }

// RefuseCurrency is the refusal of a code that is not an ISO 4217 currency.
func RefuseCurrency(field string, c Currency) *Refusal {
	return &Refusal{Code: CurrencyUnknown, Field: field,
		Message: fmt.Sprintf("%q is not an active ISO 4217 currency code; use one such as EUR, USD or JPY.", string(c))}
}

// RefuseAmount is the refusal of an amount for what why says about it.
func RefuseAmount(field string, c Currency, why string) *Refusal {
	exponent, _ := c.Exponent()
	return &Refusal{Code: AmountInvalid, Field: field, MaxPrecision: &exponent,
		Message: fmt.Sprintf("The amount %s; send a positive decimal with at most %d decimals for %s.", why, exponent, c)}
}

// RefuseConflict is the refusal of a key that was used for another request.
func RefuseConflict(fields []string) *Refusal {
	return &Refusal{Code: IdempotencyConflict, Field: "idempotencyKey", Fields: fields,
		Message: "This idempotency key was already used for a different request; " +
			"send the first request again unchanged, or use a new key."}
}

// RefuseUnknownAccount is the refusal of a command for an account that was
// never opened.
func RefuseUnknownAccount() *Refusal {
	return &Refusal{Code: AccountNotFound, Field: "accountId",
		Message: "There is no account with this id; check it, or open one with openAccount."}
}

// RefuseTaken is the refusal of an external id that another account has; ""
// where the caller may not know which.
func RefuseTaken(by AccountID) *Refusal {
	if by == "" {
		return &Refusal{Code: ExternalIDTaken, Field: "externalId",
			Message: "Another account has this external id already; choose another external id."}
	}
	return &Refusal{Code: ExternalIDTaken, Field: "externalId", Account: by,
		Message: fmt.Sprintf("Account %s has this external id already; use that account, or choose another external id.", by)}
}

func refuseOpen() *Refusal {
	return &Refusal{Code: AccountAlreadyOpen, Field: "idempotencyKey",
		Message: "This account is open already; use it, or open another with a new idempotency key."}
}

func refuseClosed(since time.Time) *Refusal {
	return &Refusal{Code: ClosedAccount, Field: "accountId", Since: since,
		Message: "The account was closed permanently on " + since.Format(time.DateOnly) + "; use another account."}
}

func refuseMismatch(field string, got, want Currency) *Refusal {
	return &Refusal{Code: CurrencyMismatch, Field: field + ".currency", Expected: want,
		Message: fmt.Sprintf("The account is kept in %s, not %s; send an amount in %s.", want, got, want)}
}

func refuseTooLarge(field string, c Currency) *Refusal {
	return &Refusal{Code: BalanceTooLarge, Field: field,
		Message: fmt.Sprintf("Balance, overdraft and money in transit together would exceed "+
			"the largest amount in %s; send less.", c)}
}

func refuseFunds(available, shortfall Money) *Refusal {
	return &Refusal{Code: InsufficientFunds, Field: "amount", Available: &available, Shortfall: &shortfall,
		Message: fmt.Sprintf("Only %s is available, %s too little; send a smaller amount or pay in first.",
			available, shortfall)}
}

func refuseRemaining(remaining Money, of string) *Refusal {
	return &Refusal{Code: AmountExceedsRemaining, Field: "amount", Remaining: &remaining,
		Message: fmt.Sprintf("Only %s of the %s remains; send at most that.", remaining, of)}
}

func refuseTooMany(limit int, what string) *Refusal {
	return &Refusal{Code: TooManyOpenItems, Field: "accountId", Max: limit,
		Message: fmt.Sprintf("The account has %d %s, as many as it may have; wait until some have ended.", limit, what)}
}
