package bank

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"math"
	"strings"
	"time"
)

// AccountID names one account and its stream of events. It is "acc_" and 26
// lower-case base-32 digits.
type AccountID string

const accountIDPrefix = "acc_"

// idAlphabet has no padding and no capitals, so that ids survive URLs, file
// names and being read aloud.
var idAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewAccountID is the id of the account that caller opens with key. The same
// caller and key always give the same id, which is what makes opening an
// account idempotent.
func NewAccountID(caller, key string) AccountID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s:%s", len(caller), caller, key))
	return AccountIDOf([16]byte(sum[:16]))
}

// AccountIDOf is the id that writes 16 bytes in letters.
func AccountIDOf(sum [16]byte) AccountID {
	return AccountID(accountIDPrefix + idAlphabet.EncodeToString(sum[:]))
}

// NewClaimID is the id of the stream in which the first account with an
// external id claims it. It is no account's.
func NewClaimID(externalID string) AccountID {
	sum := sha256.Sum256(fmt.Appendf(nil, "external-id:%s", externalID))
	return AccountID(accountIDPrefix + idAlphabet.EncodeToString(sum[:16]))
}

// Valid reports whether the id has the shape of an account id.
func (id AccountID) Valid() bool {
	digits, ok := strings.CutPrefix(string(id), accountIDPrefix)
	if !ok || len(digits) != 26 {
		return false
	}
	// The last digit has three bits only: no two ids stand for the same bytes.
	return strings.Trim(digits, "abcdefghijklmnopqrstuvwxyz234567") == "" && strings.Contains("aeimquy4", digits[25:])
}

// Kind is what an account is for.
type Kind string

// The kinds of account.
const (
	Current  Kind = "CURRENT"
	Savings  Kind = "SAVINGS" // never overdrawn
	Business Kind = "BUSINESS"
)

// Kinds are all kinds of account.
func Kinds() []Kind { return []Kind{Current, Savings, Business} }

// Bytes are the 16 bytes that a valid id writes in letters; nil for an id that
// is not valid.
func (id AccountID) Bytes() []byte {
	if !id.Valid() {
		return nil
	}
	sum, err := idAlphabet.DecodeString(string(id[len(accountIDPrefix):]))
	if err != nil {
		return nil
	}
	return sum
}

// Account is the state of one account: the fold of its events. The zero
// Account is one that was never opened. It is a value: nothing changes what a
// copy of it holds.
type Account struct {
	ID         AccountID         `json:"id"`
	Owner      string            `json:"owner,omitempty"`
	Name       string            `json:"name,omitempty"`
	Kind       Kind              `json:"kind,omitempty"`
	ExternalID string            `json:"externalId,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Currency   Currency          `json:"currency,omitempty"`
	// Balance may be negative, down to the overdraft.
	Balance Money `json:"balance"`
	// Version counts the account's events: the first has version 1.
	Version int64 `json:"version"`
	// OpenedAt, ClosedAt and ChangedAt are the times of the opening, the
	// closing and the last event.
	OpenedAt  time.Time `json:"openedAt,omitzero"`
	ClosedAt  time.Time `json:"closedAt,omitzero"`
	ChangedAt time.Time `json:"changedAt"`
	// TurnedBack is the version of the last event that is earlier than the one
	// before it, which a wrong clock had dated far ahead; 0 for none.
	TurnedBack int64 `json:"turnedBack,omitempty"`

	Freeze Freeze `json:"freeze,omitzero"`
	Limits Limits `json:"limits,omitzero"`
	// Spent is what counted towards the debit limit of the last day on which
	// anything did.
	Spent Spent `json:"spent,omitzero"`
	// Holds are those that have not ended, oldest first. One that has expired
	// is among them until the event that says so, but holds nothing.
	Holds []Hold `json:"holds,omitempty"`
	// InTransit are the transfers that were sent and have not ended.
	InTransit []Transit `json:"inTransit,omitempty"`
	// Reversed are the transactions that were reversed, in part or in full, in
	// the order of their versions.
	Reversed []Reversed `json:"reversed,omitempty"`
	// Claimant is set in a stream that is no account but the claim to an
	// external id.
	Claimant AccountID `json:"claimant,omitempty"`
}

// IsOpen reports whether the account exists: it was opened, and may have been
// closed since.
func (a Account) IsOpen() bool { return !a.OpenedAt.IsZero() }

// IsClosed reports whether the account was closed.
func (a Account) IsClosed() bool { return !a.ClosedAt.IsZero() }

// Held is what the account's holds keep back at a time.
func (a Account) Held(at time.Time) Money {
	held := Money{Currency: a.Currency}
	for _, h := range a.Holds {
		if at.Before(h.ExpiresAt) {
			held.Minor += h.Remaining.Minor
		}
	}
	return held
}

// Overdraft is how far the balance may fall below zero: not at all once the
// account was closed.
func (a Account) Overdraft() Money {
	if a.IsClosed() {
		return Money{Currency: a.Currency}
	}
	return Money{Minor: a.Limits.Overdraft.Minor, Currency: a.Currency}
}

// Available is what can be taken out at a time: the balance less what is held,
// and the overdraft. It is never negative, and zero for a closed account.
func (a Account) Available(at time.Time) Money {
	return Money{Minor: a.Balance.Minor - a.Held(at).Minor + a.Overdraft().Minor, Currency: a.Currency}
}

// MoneyInTransit is the sum of the transfers that have not ended.
func (a Account) MoneyInTransit() Money {
	sum := Money{Currency: a.Currency}
	for _, t := range a.InTransit {
		sum.Minor += t.Amount.Minor
	}
	return sum
}

// Summary is the account without what only its own decisions need.
func (a Account) Summary() Account {
	a.Reversed = nil
	return a
}

// Apply is the account after one more event. It trusts the event, which was
// decided once and is a fact.
func (a Account) Apply(e Event, at time.Time) Account {
	a.Version++
	if at.Before(a.ChangedAt) {
		a.TurnedBack = a.Version
	}
	a.ChangedAt = at
	return e.apply(a, at)
}

// room is how much may still come in. What is in transit may come back, and
// balance and overdraft together have to fit into an amount.
func (a Account) room() int64 {
	return math.MaxInt64 - (a.Balance.Minor + a.Limits.Overdraft.Minor) - a.MoneyInTransit().Minor
}

// credit is the movement of an amount onto the account from another ledger
// account, or the refusal of a balance that is too large.
func (a Account) credit(amount Money, from string) (Movement, *Refusal) {
	if amount.Minor > a.room() {
		return Movement{}, refuseTooLarge("amount", a.Currency)
	}
	return a.move(amount, amount.Minor, from), nil
}

// debit is the movement of an amount off the account to another ledger
// account, or the refusal of more than is available.
func (a Account) debit(amount Money, to string, at time.Time) (Movement, *Refusal) {
	if refusal := a.covers(amount, at); refusal != nil {
		return Movement{}, refusal
	}
	return a.move(amount, -amount.Minor, to), nil
}

// covers refuses an amount that is more than what is available.
func (a Account) covers(amount Money, at time.Time) *Refusal {
	if available := a.Available(at); amount.Minor > available.Minor {
		return refuseFunds(available, Money{Minor: amount.Minor - available.Minor, Currency: a.Currency})
	}
	return nil
}

func (a Account) move(amount Money, change int64, other string) Movement {
	return Movement{Amount: amount, Balance: Money{Minor: a.Balance.Minor + change, Currency: a.Currency},
		Postings: []Posting{
			{LedgerAccount: CustomerLedger(a.ID), Amount: Money{Minor: change, Currency: a.Currency}},
			{LedgerAccount: other, Amount: Money{Minor: -change, Currency: a.Currency}},
		}}
}
