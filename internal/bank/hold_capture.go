package bank

import (
	"errors"
	"fmt"
	"time"
)

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

// HoldExpired says that the rest of a hold ended by itself, and when: the event
// itself may come later.
type HoldExpired struct {
	nonMonetary
	Hold      int64     `json:"hold"`
	Amount    Money     `json:"amount"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

func (c CaptureHold) requiredVersion(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c CaptureHold) requiredHold(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c CaptureHold) check(by rules) Refusals {
	broken := c.Details.check(by)
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
	event := HoldCaptured{Movement: a.move(amount, -amount.Minor, SettlementLedger(a.Currency)),
		Hold: c.Hold, Details: c.Details, Released: Money{Currency: a.Currency},
		Remaining: Money{Minor: hold.Remaining.Minor - amount.Minor, Currency: a.Currency}}
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
		amount := c.Amount != nil && *c.Amount != e.Amount ||
			c.Amount == nil && (e.Remaining.Positive() || e.Released.Positive())
		rest := c.ReleaseRest && e.Remaining.Positive() || !c.ReleaseRest && e.Released.Positive()
		return append(conflicts(field{"holdId", e.Hold != c.Hold}, field{"amount", amount}, field{"releaseRest", rest}),
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

func (e HoldCaptured) hold(int64) int64 { return e.Hold }

// Subjects are the hold.
func (e HoldCaptured) Subjects(a Account) []string { return []string{HoldSubject(a.ID, e.Hold)} }

func (c ReleaseHold) requiredVersion(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c ReleaseHold) requiredHold(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c ReleaseHold) check(by rules) (broken Refusals) {
	broken.add(by.words("reason", c.Reason, 0, MaxReasonLength))
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

func (e HoldReleased) hold(int64) int64 { return e.Hold }

// Subjects are the hold.
func (e HoldReleased) Subjects(a Account) []string { return []string{HoldSubject(a.ID, e.Hold)} }

func (e HoldReleased) validate() error { return endOfHold(e.Hold, e.Amount) }

func (e HoldReleased) conflictsWith(c Command) []string {
	if c, ok := c.(ReleaseHold); ok {
		return conflicts(field{"holdId", e.Hold != c.Hold}, field{"reason", e.Reason != c.Reason})
	}
	return wrongKind()
}

func (c ExpireHold) systemKey() string { return fmt.Sprintf("expire/%d", c.Hold) }

func (c ExpireHold) check(rules) Refusals { return nil }

func (c ExpireHold) decide(a Account, in Circumstances) (Event, Refusals) {
	i := a.findHold(c.Hold)
	switch {
	case i < 0:
		return nil, Refusals{refuseNoHold()}
	case in.Now.Before(a.Holds[i].ExpiresAt):
		return nil, Refusals{refuseInput("hold", "has not expired yet")}
	}
	return HoldExpired{Hold: c.Hold, Amount: a.Holds[i].Remaining, ExpiresAt: a.Holds[i].ExpiresAt}, nil
}

func (e HoldExpired) apply(a Account, _ time.Time) Account {
	return a.holdLeft(e.Hold, Money{Currency: a.Currency})
}

func (e HoldExpired) hold(int64) int64 { return e.Hold }

// Subjects are the hold.
func (e HoldExpired) Subjects(a Account) []string { return []string{HoldSubject(a.ID, e.Hold)} }

func (e HoldExpired) validate() error { return endOfHold(e.Hold, e.Amount) }

func (e HoldExpired) conflictsWith(c Command) []string {
	if c, ok := c.(ExpireHold); ok {
		return conflicts(field{"holdId", e.Hold != c.Hold})
	}
	return wrongKind()
}

func endOfHold(hold int64, amount Money) error {
	if hold <= 0 || amount.Currency == "" || !amount.Positive() {
		return fmt.Errorf("the end of a hold %d of %q", hold, amount)
	}
	return nil
}
