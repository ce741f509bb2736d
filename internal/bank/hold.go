package bank

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Bounds of holds.
const (
	// MaxHolds bounds the holds of an account that have not ended.
	MaxHolds = 1000
	// DefaultHoldTime is how long a hold lasts when nobody says, MaxHoldTime how
	// long at most.
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

// CaptureHold asks to pay out what is held, or a part of it. The rest stays
// held unless ReleaseRest.
type CaptureHold struct {
	Hold        int64  `json:"hold"`
	Amount      *Money `json:"amount,omitempty"` // nil is all that is held
	ReleaseRest bool   `json:"releaseRest,omitempty"`
	Details
}

// ReleaseHold asks to hold no longer.
type ReleaseHold struct {
	Hold   int64  `json:"hold"`
	Reason string `json:"reason,omitempty"`
}

// ExpireHold notes that a hold has expired. Only the bank itself gives it; the
// hold holds nothing whether it comes or not.
type ExpireHold struct {
	Hold int64 `json:"hold"`
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

// HoldCaptured says that held money was paid out. Remaining is what is still
// held, Released what was let go with it.
type HoldCaptured struct {
	Movement
	Hold      int64 `json:"hold"`
	Remaining Money `json:"remaining"`
	Released  Money `json:"released"`
	Details
}

// HoldReleased says that the rest of a hold was let go.
type HoldReleased struct {
	nonMonetary
	Hold   int64  `json:"hold"`
	Amount Money  `json:"amount"`
	Reason string `json:"reason,omitempty"`
}

// HoldExpired says that the rest of a hold ended by itself.
type HoldExpired struct {
	nonMonetary
	Hold   int64 `json:"hold"`
	Amount Money `json:"amount"`
}

func (c PlaceHold) check() Refusals {
	broken := c.Details.check()
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
	if refusal := a.takes(c.Amount); refusal != nil {
		return nil, append(broken, refusal)
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
		return append(conflicts(field{"amount", e.Amount != c.Amount},
			field{"expiresAt", e.Defaulted != c.ExpiresAt.IsZero() || !e.Defaulted && !e.ExpiresAt.Equal(inMicroseconds(c.ExpiresAt))}),
			e.Details.differing(c.Details)...)
	}
	return wrongKind()
}

// Subjects are the hold that begins.
func (e HoldPlaced) Subjects(before Account) []string {
	return []string{HoldSubject(before.ID, before.Version+1)}
}

func (c CaptureHold) requiredVersion(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c CaptureHold) check() Refusals {
	broken := c.Details.check()
	if c.Amount != nil {
		broken.add(checkAmount("amount", *c.Amount))
	}
	return broken
}

func (c CaptureHold) decide(a Account, in Circumstances) (Event, Refusals) {
	if refusal := a.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	broken := a.mismatch(c.Amount)
	hold, refusal := a.liveHold(c.Hold, in)
	if broken.add(refusal); len(broken) > 0 {
		return nil, broken
	}
	amount := hold.Remaining
	if c.Amount != nil {
		amount = *c.Amount
	}
	if amount.Minor > hold.Remaining.Minor {
		return nil, Refusals{refuseRemaining(hold.Remaining, "hold")}
	}
	event := HoldCaptured{Movement: a.move(amount, -amount.Minor, SettlementLedger(a.Currency)), Hold: c.Hold, Details: c.Details,
		Remaining: Money{Minor: hold.Remaining.Minor - amount.Minor, Currency: a.Currency}, Released: Money{Currency: a.Currency}}
	if c.ReleaseRest {
		event.Remaining, event.Released = event.Released, event.Remaining
	}
	return event, nil
}

func (e HoldCaptured) validate() error {
	if e.Hold <= 0 || e.Remaining.Currency != e.Amount.Currency || e.Released.Currency != e.Amount.Currency {
		return errors.New("a capture of no hold, or one that does not say what is left of it")
	}
	return e.Movement.validate()
}

func (e HoldCaptured) apply(a Account, _ time.Time) Account {
	a.Balance = e.Balance
	return a.holdLeft(e.Hold, e.Remaining)
}

func (e HoldCaptured) conflictsWith(c Command) []string {
	if c, ok := c.(CaptureHold); ok {
		amount := c.Amount != nil && *c.Amount != e.Amount || c.Amount == nil && (e.Remaining.Positive() || e.Released.Positive())
		rest := c.ReleaseRest && e.Remaining.Positive() || !c.ReleaseRest && e.Released.Positive()
		return append(conflicts(field{"hold", e.Hold != c.Hold}, field{"amount", amount}, field{"releaseRest", rest}),
			e.Details.differing(c.Details)...)
	}
	return wrongKind()
}

// Entry is the debit of what was captured.
func (e HoldCaptured) Entry() (Entry, bool) {
	entry := e.Movement.entry(HoldCaptureEntry, false)
	entry.Details, entry.Hold = e.Details, e.Hold
	return entry, true
}

// Subjects are the hold.
func (e HoldCaptured) Subjects(a Account) []string { return []string{HoldSubject(a.ID, e.Hold)} }

func (c ReleaseHold) requiredVersion(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c ReleaseHold) check() (broken Refusals) {
	broken.add(checkText("reason", c.Reason, 0, MaxReasonLength))
	return broken
}

func (c ReleaseHold) decide(a Account, in Circumstances) (Event, Refusals) {
	hold, refusal := a.liveHold(c.Hold, in)
	if refusal != nil {
		return nil, Refusals{refusal}
	}
	return HoldReleased{Hold: c.Hold, Amount: hold.Remaining, Reason: c.Reason}, nil
}

func (e HoldReleased) apply(a Account, _ time.Time) Account {
	return a.holdLeft(e.Hold, Money{Currency: a.Currency})
}

// Subjects are the hold.
func (e HoldReleased) Subjects(a Account) []string { return []string{HoldSubject(a.ID, e.Hold)} }

func (e HoldReleased) validate() error { return endOfHold(e.Hold, e.Amount) }

func (e HoldReleased) conflictsWith(c Command) []string {
	if c, ok := c.(ReleaseHold); ok {
		return conflicts(field{"hold", e.Hold != c.Hold}, field{"reason", e.Reason != c.Reason})
	}
	return wrongKind()
}

func (c ExpireHold) systemKey() string { return fmt.Sprintf("expire/%d", c.Hold) }

func (c ExpireHold) check() Refusals { return nil }

func (c ExpireHold) decide(a Account, in Circumstances) (Event, Refusals) {
	i := a.findHold(c.Hold)
	switch {
	case i < 0:
		return nil, Refusals{refuseNoHold()}
	case in.Now.Before(a.Holds[i].ExpiresAt):
		return nil, Refusals{refuseInput("hold", "has not expired yet")}
	}
	return HoldExpired{Hold: c.Hold, Amount: a.Holds[i].Remaining}, nil
}

func (e HoldExpired) apply(a Account, _ time.Time) Account {
	return a.holdLeft(e.Hold, Money{Currency: a.Currency})
}

// Subjects are the hold.
func (e HoldExpired) Subjects(a Account) []string { return []string{HoldSubject(a.ID, e.Hold)} }

func (e HoldExpired) validate() error { return endOfHold(e.Hold, e.Amount) }

func (e HoldExpired) conflictsWith(c Command) []string {
	if c, ok := c.(ExpireHold); ok {
		return conflicts(field{"hold", e.Hold != c.Hold})
	}
	return wrongKind()
}

func endOfHold(hold int64, amount Money) error {
	if hold <= 0 || amount.Currency == "" || !amount.Positive() {
		return fmt.Errorf("the end of a hold %d of %q", hold, amount)
	}
	return nil
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
	placed, ok := in.Past.(HoldPlaced)
	switch {
	case !ok:
		return Hold{}, refuseNoHold()
	case !in.Now.Before(placed.ExpiresAt):
		return Hold{}, refuseExpired(placed.ExpiresAt)
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
			"; look whether it was captured before, and place another one if not."}
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
