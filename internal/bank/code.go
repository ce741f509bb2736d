package bank

// Code names a business refusal. Codes are part of the API: they are added,
// never renamed.
type Code string

// The refusals, in the order of precedence: a command that breaks several
// rules is answered with the first. A key that was used before is checked after
// the command itself and before the time and the account: a repeated command
// gets its first answer, even if one of its times has become InputInvalid since.
const (
	InputInvalid           Code = "INPUT_INVALID"
	CurrencyUnknown        Code = "CURRENCY_UNKNOWN"
	AmountInvalid          Code = "AMOUNT_INVALID"
	IdempotencyConflict    Code = "IDEMPOTENCY_CONFLICT"
	AccountAlreadyOpen     Code = "ACCOUNT_ALREADY_OPEN"
	ExternalIDTaken        Code = "EXTERNAL_ID_TAKEN"
	AccountNotFound        Code = "ACCOUNT_NOT_FOUND"
	ClosedAccount          Code = "ACCOUNT_CLOSED"
	SameAccount            Code = "SAME_ACCOUNT"
	AccountsApart          Code = "ACCOUNTS_APART"
	CurrencyMismatch       Code = "CURRENCY_MISMATCH"
	AccountNotFrozen       Code = "ACCOUNT_NOT_FROZEN"
	OverdraftNotAllowed    Code = "OVERDRAFT_NOT_ALLOWED"
	OverdraftInUse         Code = "OVERDRAFT_IN_USE"
	HoldNotFound           Code = "HOLD_NOT_FOUND"
	HoldEnded              Code = "HOLD_ENDED"
	ExpiredHold            Code = "HOLD_EXPIRED"
	TransactionNotFound    Code = "TRANSACTION_NOT_FOUND"
	NotReversible          Code = "NOT_REVERSIBLE"
	FrozenAccount          Code = "ACCOUNT_FROZEN"
	AlreadyReversed        Code = "ALREADY_REVERSED"
	AmountExceedsRemaining Code = "AMOUNT_EXCEEDS_REMAINING"
	TransferNotPending     Code = "TRANSFER_NOT_PENDING"
	TransferPending        Code = "TRANSFER_PENDING"
	LimitExceeded          Code = "LIMIT_EXCEEDED"
	BalanceTooLarge        Code = "BALANCE_TOO_LARGE"
	InsufficientFunds      Code = "INSUFFICIENT_FUNDS"
	AccountNotEmpty        Code = "ACCOUNT_NOT_EMPTY"
	TooManyOpenItems       Code = "TOO_MANY_OPEN_ITEMS"
)

// CodeInfo documents a code.
type CodeInfo struct {
	Code Code
	// Meaning completes "The command was refused because ...".
	Meaning string
	// Remedy says what the caller can do.
	Remedy string
	// Retryable codes may pass when the same request is sent again later:
	// the account may have changed by then.
	Retryable bool
}

// Codes is the registry of all refusals, in the order of precedence.
func Codes() []CodeInfo {
	return []CodeInfo{
		{InputInvalid, "an input field breaks its own bounds", "correct the field that path names", false},
		{CurrencyUnknown, "the currency is not an active ISO 4217 code", "use a code such as EUR, USD or JPY", false},
		{AmountInvalid, "the amount is not positive, too large or more precise than its currency",
			"send a positive decimal with at most maxPrecision decimals", false},
		{IdempotencyConflict, "the idempotency key was used for a different request",
			"send the first request unchanged, or use a new key; fields names what differs", false},
		{AccountAlreadyOpen, "the account is open already", "use the account", false},
		{ExternalIDTaken, "another account has the external id", "use that account, or choose another external id", false},
		{AccountNotFound, "there is no such account", "check the id, or open an account", false},
		{ClosedAccount, "the account was closed permanently", "use another account", false},
		{SameAccount, "a transfer needs two accounts", "choose another destination", false},
		{AccountsApart, "the accounts are in different partitions of the log and cannot change in one step",
			"move the money between them with transfers", false},
		{CurrencyMismatch, "the account is kept in another currency", "send an amount in the expected currency", false},
		{AccountNotFrozen, "the account is not frozen", "nothing needs to be done", true},
		{OverdraftNotAllowed, "this kind of account has no overdraft", "set the overdraft to zero", false},
		{OverdraftInUse, "more of the overdraft is in use than would remain",
			"pay in first, or leave at least the used part", true},
		{HoldNotFound, "the account has no such hold", "check the hold's id", false},
		{HoldEnded, "the hold was captured or released already", "nothing is held any more; place another hold", false},
		{ExpiredHold, "the hold has expired", "check whether it was captured before; place another hold if not", false},
		{TransactionNotFound, "the account has no such transaction", "check the transaction's id", false},
		{NotReversible, "this kind of transaction cannot be reversed", "post the opposite movement instead", false},
		{FrozenAccount, "the account is frozen for this kind of movement",
			"have it unfrozen, then send the request again", true},
		{AlreadyReversed, "the transaction was reversed in full", "nothing needs to be done; by names the reversal", false},
		{AmountExceedsRemaining, "less than this amount remains", "send at most what remains", true},
		{TransferNotPending, "the transfer has ended already", "nothing needs to be done", false},
		{TransferPending, "the transfer is on its way", "send the same request again when it has arrived", true},
		{LimitExceeded, "a debit limit would be exceeded", "send at most what remains, or wait until resetsAt", true},
		{BalanceTooLarge, "balance, overdraft and money in transit would exceed the largest amount",
			"send less, or pay out first", true},
		{InsufficientFunds, "less than the amount is available", "pay in, or send at most what is available", true},
		{AccountNotEmpty, "the account still has a balance, holds or transfers in transit", "empty it first", true},
		{TooManyOpenItems, "the account has as many open items as it may have", "wait until some have ended", true},
	}
}

// Retryable reports whether the same request may pass later.
func (c Code) Retryable() bool {
	for _, info := range Codes() {
		if info.Code == c {
			return info.Retryable
		}
	}
	return false
}
