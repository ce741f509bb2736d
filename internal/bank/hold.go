package bank

import (
	"fmt"
	"slices"
	"time"
)

// Bounds of holds.
const (
	// MaxHolds bounds the holds of an account that have not ended.
	MaxHolds = 1000
	// DefaultHoldTime is how long a hold lasts unless the command sets an expiry,
	// MaxHoldTime how long it may last.
	DefaultHoldTime = 7 * 24 * time.Hour
	MaxHoldTime     = 365 * 24 * time.Hour
)

// Hold is an amount that is kept back for somebody who may capture it. It is
// named by the version of the event that placed it, and holds nothing from
// ExpiresAt on.
type Hold struct {
	Version   int64     `json:"version"`
	Amount    Money     `json:"amount"`
	Remaining Money     `json:"remaining"`
	PlacedAt  time.Time `json:"placedAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	Details
}

// PlaceHold asks to keep an amount back.
type PlaceHold struct {
	Amount Money `json:"amount"`
	// ExpiresAt is when the hold ends by itself; zero is DefaultHoldTime from
	// now.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	Details
}

// HoldPlaced says that an amount is kept back until a time.
type HoldPlaced struct {
	nonMonetary
	Amount    Money     `json:"amount"`
	ExpiresAt time.Time `json:"expiresAt"`
	// Defaulted is set when the caller left the time to the bank.
	Defaulted bool `json:"defaulted,omitempty"`
	Details
}

func (c PlaceHold) check(by rules) Refusals {
	broken := c.Details.check(by)
	broken.add(checkAmount("amount", c.Amount))
	return broken
}

func (c PlaceHold) decide(a Account, in Circumstances) (Event, Refusals) {
	event := HoldPlaced{Amount: c.Amount, ExpiresAt: inMicroseconds(c.ExpiresAt), Details: c.Details}
	if c.ExpiresAt.IsZero() {
		event.ExpiresAt, event.Defaulted = in.Now.Add(DefaultHoldTime), true
	}
	var broken Refusals
	if life := event.ExpiresAt.Sub(in.Now); life <= 0 || life > MaxHoldTime {
		broken.add(refuseInput("expiresAt", "must be in the future, by 365 days at most"))
	}
	if unfit := a.takes(c.Amount, a.mayDebit()); len(unfit) > 0 {
		return nil, append(broken, unfit...)
	}
	broken.add(a.mayDebit())
	broken = append(broken, a.checkLimits(c.Amount, in.Now)...)
	broken.add(a.covers(c.Amount, in.Now))
	if len(a.Holds) >= MaxHolds {
		broken.add(refuseTooMany(MaxHolds, "holds"))
	}
	return event, broken
}

func (e HoldPlaced) apply(a Account, at time.Time) Account {
	a.Holds = append(slices.Clip(a.Holds), Hold{Version: a.Version, Amount: e.Amount, Remaining: e.Amount,
		PlacedAt: at, ExpiresAt: e.ExpiresAt, Details: e.Details})
	return a.spend(e.Amount, at)
}

func (e HoldPlaced) validate() error {
	if e.Amount.Currency == "" || !e.Amount.Positive() || e.ExpiresAt.IsZero() {
		return fmt.Errorf("a hold of %q until %s", e.Amount, e.ExpiresAt)
	}
	return nil
}

func (e HoldPlaced) conflictsWith(c Command) []string {
	if c, ok := c.(PlaceHold); ok {
		expiry := e.Defaulted != c.ExpiresAt.IsZero() ||
			!e.Defaulted && !e.ExpiresAt.Equal(inMicroseconds(c.ExpiresAt))
		return append(conflicts(field{"amount", e.Amount != c.Amount}, field{"expiresAt", expiry}),
			e.Details.differing(c.Details)...)
	}
	return wrongKind()
}

// Subjects are the hold that begins.
func (e HoldPlaced) Subjects(before Account) []string {
	return []string{HoldSubject(before.ID, before.Version+1)}
}

func (e HoldPlaced) hold(version int64) int64 { return version }

// HoldOf is the hold that an event of a version is about, and false for events about none.
func HoldOf(e Event, version int64) (hold int64, ok bool) {
	about, ok := e.(interface{ hold(version int64) int64 })
	if !ok {
		return 0, false
	}
	return about.hold(version), true
}

func (a Account) findHold(version int64) int {
	return slices.IndexFunc(a.Holds, func(h Hold) bool { return h.Version == version })
}

// endedHoldVersion is the hold's version when it is not among those that have not
// ended: then it matters what it was.
func (a Account) endedHoldVersion(version int64) int64 {
	if a.findHold(version) >= 0 {
		return 0
	}
	return version
}

// ExpiryKey is the key of the event that notes that the hold has expired which a
// command is about, and "" for a command about none that has ended.
func (a Account) ExpiryKey(c Command) string {
	about, is := c.(interface{ requiredHold(Account) int64 })
	if !is || about.requiredHold(a) == 0 {
		return ""
	}
	key, _ := SystemKey(ExpireHold{Hold: about.requiredHold(a)})
	return key
}

// liveHold is the hold, if it still holds.
func (a Account) liveHold(version int64, in Circumstances) (Hold, *Refusal) {
	if refusal := a.active(); refusal != nil {
		return Hold{}, refusal
	}
	if i := a.findHold(version); i >= 0 {
		if hold := a.Holds[i]; in.Now.Before(hold.ExpiresAt) {
			return hold, nil
		}
		return Hold{}, refuseExpired(a.Holds[i].ExpiresAt)
	}
	// No state is kept of a hold that has ended: the log has what became of it.
	switch _, placed := in.Past.(HoldPlaced); {
	case !placed:
		return Hold{}, refuseNoHold()
	case in.Expiry != nil:
		expired, _ := in.Expiry.(HoldExpired)
		return Hold{}, refuseExpired(expired.ExpiresAt)
	}
	return Hold{}, &Refusal{Code: HoldEnded, Field: "holdId",
		Message: "The hold was captured or released already; place another one if money is still to be kept back."}
}

// RefuseUnknownHold is the refusal of what is not the id of a hold.
func RefuseUnknownHold() *Refusal { return refuseNoHold() }

func refuseNoHold() *Refusal {
	return &Refusal{Code: HoldNotFound, Field: "holdId", Message: "The account has no hold with this id; check it."}
}

func refuseExpired(at time.Time) *Refusal {
	return &Refusal{Code: ExpiredHold, Field: "holdId", Since: at,
		Message: "The hold's time was over at " + at.Format(time.RFC3339) +
			"; check whether it was captured before, and place another one if not."}
}

// holdLeft is the account with what remains of a hold, which ends with zero.
func (a Account) holdLeft(version int64, remaining Money) Account {
	i := a.findHold(version)
	if i < 0 {
		return a
	}
	a.Holds = slices.Clone(a.Holds)
	if remaining.Positive() {
		a.Holds[i].Remaining = remaining
	} else if a.Holds = slices.Delete(a.Holds, i, i+1); len(a.Holds) == 0 {
		a.Holds = nil
	}
	return a
}
