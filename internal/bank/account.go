package bank

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
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
// caller and key give the same id for ever, which is what makes opening an
// account idempotent.
func NewAccountID(caller, key string) AccountID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s:%s", len(caller), caller, key))
	return AccountIDOf([16]byte(sum[:16]))
}

// AccountIDOf is the id that writes 16 bytes in letters.
func AccountIDOf(sum [16]byte) AccountID {
	return AccountID(accountIDPrefix + idAlphabet.EncodeToString(sum[:]))
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
// Account is one that was never opened.
type Account struct {
	ID       AccountID `json:"id"`
	Owner    string    `json:"owner"`
	Currency Currency  `json:"currency"`
	Balance  Money     `json:"balance"`
	// Version counts the account's events: the first has version 1.
	Version int64 `json:"version"`
	// OpenedAt and ChangedAt are the times of the first and last event.
	OpenedAt  time.Time `json:"openedAt"`
	ChangedAt time.Time `json:"changedAt"`
}

// IsOpen reports whether the account exists.
func (a Account) IsOpen() bool { return a.Version > 0 }

// Available is what can be taken out now.
func (a Account) Available() Money { return a.Balance }

// Apply is the account after one more event. It trusts the event, which was
// decided once and is a fact; only an event type that it does not know is a
// programming error, and panics.
func (a Account) Apply(e Event, at time.Time) Account {
	a.Version++
	a.ChangedAt = at
	switch e := e.(type) {
	case AccountOpened:
		a.Owner, a.Currency, a.OpenedAt = e.Owner, e.Currency, at
		a.Balance = Money{Currency: e.Currency}
	case MoneyDeposited:
		a.Balance = e.Balance
	case MoneyWithdrawn:
		a.Balance = e.Balance
	default:
		panic(fmt.Sprintf("bank: no fold for event %T", e))
	}
	return a
}
