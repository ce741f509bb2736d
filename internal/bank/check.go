package bank

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of the texts in a command, in characters.
const (
	MaxOwnerLength      = 140
	MaxNameLength       = 140
	MaxExternalIDLength = 140
	MaxReferenceLength  = 140
	MaxMemoLength       = 500
	MaxReasonLength     = 300
	MaxKeyLength        = 128
)

// Bounds of metadata: entries, and characters of a key, of a value and of all
// together.
const (
	MaxMetadata            = 20
	MaxMetadataLength      = 1500
	MaxMetadataKeyLength   = 64
	MaxMetadataValueLength = 500
)

// systemKeys begins the idempotency keys that the bank itself uses.
const systemKeys = "corebank/"

// CheckKey refuses an idempotency key that cannot be remembered, and those
// that the bank keeps for itself.
func CheckKey(key string) *Refusal {
	if refusal := CheckStoredKey(key); refusal != nil {
		return refusal
	}
	if strings.HasPrefix(key, systemKeys) {
		return refuseInput("idempotencyKey", "must not begin with "+systemKeys+", which the bank uses itself")
	}
	return nil
}

// CheckStoredOwner refuses a name that no account was ever opened for.
func CheckStoredOwner(owner string) *Refusal {
	return rules{}.name("owner", owner, 1, MaxOwnerLength)
}

// CheckOwner refuses a name that no account can be opened for.
func CheckOwner(owner string) *Refusal {
	return rules{today: true}.name("owner", owner, 1, MaxOwnerLength)
}

// CheckStoredKey refuses a key that cannot be stored, a caller's or the bank's own.
func CheckStoredKey(key string) *Refusal {
	return rules{}.name("idempotencyKey", key, 1, MaxKeyLength)
}

// SystemKey is the one idempotency key of a command that only the bank itself
// gives, and false for the commands of callers.
func SystemKey(c Command) (string, bool) {
	if c, ok := c.(interface{ systemKey() string }); ok {
		return systemKeys + c.systemKey(), true
	}
	return "", false
}

// ClaimKey is the idempotency key under which an account claims its external
// id.
func ClaimKey(id AccountID) string { return systemKeys + "claim/" + string(id) }

func checkMetadata(by rules, m map[string]string) (broken Refusals) {
	if len(m) > MaxMetadata {
		broken.add(refuseInput("metadata", fmt.Sprintf("must have at most %d entries, not %d", MaxMetadata, len(m))))
		return broken // what is wrong with each would be as long as what was sent
	}
	all := 0
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all += utf8.RuneCountInString(key) + utf8.RuneCountInString(m[key])
		broken.add(by.name("metadata.key", key, 1, MaxMetadataKeyLength))
		broken.add(by.words("metadata.value", m[key], 0, MaxMetadataValueLength))
	}
	if all > MaxMetadataLength {
		broken.add(refuseInput("metadata",
			fmt.Sprintf("must have at most %d characters in all, not %d", MaxMetadataLength, all)))
	}
	return broken
}

// checkAmount refuses what is not a positive amount of a currency. Its rules
// come in the order of precedence.
func checkAmount(field string, amount Money) *Refusal {
	if _, ok := amount.Currency.Exponent(); !ok {
		return RefuseCurrency(field+".currency", amount.Currency)
	}
	if !amount.Positive() {
		return RefuseAmount(field+".value", amount.Currency, "must be greater than zero")
	}
	return nil
}

// Details are what a caller may say about a movement of money.
type Details struct {
	Reference string `json:"reference,omitempty"`
	Memo      string `json:"memo,omitempty"`
	// ExternalID is the caller's own name for it, for searching; unlike an
	// account's, it need not be unique.
	ExternalID string `json:"externalId,omitempty"`
}

func (d Details) check(by rules) (broken Refusals) {
	broken.add(by.name("reference", d.Reference, 0, MaxReferenceLength))
	broken.add(by.words("memo", d.Memo, 0, MaxMemoLength))
	broken.add(by.name("externalId", d.ExternalID, 0, MaxExternalIDLength))
	return broken
}

func (d Details) differing(from Details) []string {
	return conflicts(field{"reference", d.Reference != from.Reference}, field{"memo", d.Memo != from.Memo},
		field{"externalId", d.ExternalID != from.ExternalID})
}

// inMicroseconds is a caller's time as events keep it: UTC, whole microseconds.
func inMicroseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// checkEffective refuses an effective time (zero for none) in the future or
// before the account was opened.
func (a Account) checkEffective(effective, now time.Time) *Refusal {
	switch {
	case effective.IsZero():
		return nil
	case effective.After(now):
		return refuseInput("effectiveAt", "must not be in the future")
	case effective.Before(a.OpenedAt):
		return refuseInput("effectiveAt", "must not be before the account was opened, "+a.OpenedAt.Format(time.RFC3339))
	}
	return nil
}
