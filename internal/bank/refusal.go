package bank

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Code names a business refusal. Codes are part of the API: they are added,
// never renamed.
type Code string

// The refusals, in the order in which they are checked: a command that breaks
// several rules is answered with the first.
const (
	InputInvalid        Code = "INPUT_INVALID"
	CurrencyUnknown     Code = "CURRENCY_UNKNOWN"
	AmountInvalid       Code = "AMOUNT_INVALID"
	IdempotencyConflict Code = "IDEMPOTENCY_CONFLICT"
	AccountAlreadyOpen  Code = "ACCOUNT_ALREADY_OPEN"
	AccountNotFound     Code = "ACCOUNT_NOT_FOUND"
	CurrencyMismatch    Code = "CURRENCY_MISMATCH"
	BalanceTooLarge     Code = "BALANCE_TOO_LARGE"
	InsufficientFunds   Code = "INSUFFICIENT_FUNDS"
)

// Refusal says why a command was not accepted and what to do about it. Only
// the data that its Code speaks of is set.
type Refusal struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Field is the input field that the refusal is about, or "".
	Field string `json:"field,omitempty"`
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
}

func refuseInput(field, rule string) *Refusal {
	return &Refusal{Code: InputInvalid, Field: field, Message: fmt.Sprintf("%s %s.", field, rule)}
}

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
		Message: "This idempotency key was already used for a different request; send the first request again unchanged, or use a new key."}
}

// RefuseUnknownAccount is the refusal of a command for an account that was
// never opened.
func RefuseUnknownAccount() *Refusal {
	return &Refusal{Code: AccountNotFound, Field: "accountId",
		Message: "There is no account with this id; check it, or open one with openAccount."}
}

func refuseOpen() *Refusal {
	return &Refusal{Code: AccountAlreadyOpen, Field: "idempotencyKey",
		Message: "This account is open already; use it, or open another with a new idempotency key."}
}

func refuseMismatch(got, want Currency) *Refusal {
	return &Refusal{Code: CurrencyMismatch, Field: "amount.currency", Expected: want,
		Message: fmt.Sprintf("The account is kept in %s, not %s; send an amount in %s.", want, got, want)}
}

func refuseTooLarge(c Currency) *Refusal {
	return &Refusal{Code: BalanceTooLarge, Field: "amount",
		Message: fmt.Sprintf("The balance would exceed the largest that an account in %s can hold; send less.", c)}
}

func refuseFunds(available, shortfall Money) *Refusal {
	return &Refusal{Code: InsufficientFunds, Field: "amount", Available: &available, Shortfall: &shortfall,
		Message: fmt.Sprintf("Only %s is available, %s too little; send a smaller amount or pay in first.", available, shortfall)}
}

// checkText refuses a text that is not valid UTF-8, is shorter than least or
// longer than most characters, or holds control characters.
func checkText(field, text string, least, most int) *Refusal {
	if !utf8.ValidString(text) {
		return refuseInput(field, "must be valid UTF-8")
	}
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return refuseInput(field, fmt.Sprintf("must have %d to %d characters, not %d", least, most, n))
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return refuseInput(field, "must not hold control characters")
		}
	}
	return nil
}
