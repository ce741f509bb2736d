package bank

import (
	"fmt"
	"slices"
	"time"
)

// AdjustHold asks to raise, lower or prolong a hold: what card processors call
// incremental authorization. Amount is the new total, what was captured
// included, as they count it; what is held from then on is the rest.
type AdjustHold struct {
	Hold   int64  `json:"hold"`
	Amount *Money `json:"amount,omitempty"` // nil leaves it as it is
	// ExpiresAt is when the hold ends by itself from now on, which is never
	// earlier than before; zero leaves it as it is.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

// HoldAdjusted says what a hold's total, what it still keeps back and its end
// are from now on, and which of the two was asked for (Changed: "amount",
// "expiresAt").
type HoldAdjusted struct {
	nonMonetary
	Hold      int64     `json:"hold"`
	Changed   []string  `json:"changed"`
	Amount    Money     `json:"amount"`
	Remaining Money     `json:"remaining"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (c AdjustHold) requiredVersion(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c AdjustHold) requiredHold(a Account) int64 { return a.endedHoldVersion(c.Hold) }

func (c AdjustHold) check(by rules) (broken Refusals) {
	if c.Amount == nil && c.ExpiresAt.IsZero() {
		broken.add(refuseInput("input", "must change the amount or the time of expiry"))
	}
	if c.Amount != nil {
		broken.add(checkAmount("amount", *c.Amount))
	}
	return broken
}

func (c AdjustHold) decide(a Account, in Circumstances) (Event, Refusals) {
	var broken Refusals
	until := inMicroseconds(c.ExpiresAt)
	life := until.Sub(in.Now)
	if !c.ExpiresAt.IsZero() && (life <= 0 || life > MaxHoldTime) {
		broken.add(refuseInput("expiresAt", "must be in the future, by 365 days at most"))
	}
	if refusal := a.active(); refusal != nil {
		return nil, append(broken, refusal)
	}
	broken = append(broken, a.mismatch(c.Amount)...)
	broken.add(a.mayDebit())
	hold, refusal := a.liveHold(c.Hold, in)
	if refusal != nil {
		return nil, append(broken, refusal)
	}
	event := HoldAdjusted{Hold: c.Hold, Amount: hold.Amount, Remaining: hold.Remaining, ExpiresAt: hold.ExpiresAt}
	if !c.ExpiresAt.IsZero() {
		if life > 0 && until.Before(hold.ExpiresAt) {
			broken.add(refuseInput("expiresAt", "must not be before "+hold.ExpiresAt.Format(time.RFC3339)+
				", when the hold expires; release it to end it"))
		}
		event.ExpiresAt, event.Changed = until, append(event.Changed, "expiresAt")
	}
	if c.Amount != nil {
		event.Amount, event.Changed = *c.Amount, append(event.Changed, "amount")
		event.Remaining.Minor += c.Amount.Minor - hold.Amount.Minor
		broken = append(broken, a.checkAdjustment(hold, *c.Amount, in.Now)...)
	}
	if len(event.Changed) > 0 && event.Amount == hold.Amount && event.ExpiresAt.Equal(hold.ExpiresAt) {
		broken.add(refuseInput("input", "must change the amount or the time of expiry, which are as they were"))
	}
	return event, broken
}

// checkAdjustment refuses a new total of a hold. A raise has to be covered and
// counts towards the day by the difference; the limit per transaction is held
// to the total, so that no hold passes it in steps.
func (a Account) checkAdjustment(hold Hold, amount Money, now time.Time) (broken Refusals) {
	if amount.Currency != a.Currency {
		return nil // refused as a mismatch
	}
	captured := Money{Minor: hold.Amount.Minor - hold.Remaining.Minor, Currency: a.Currency}
	if amount.Minor <= captured.Minor {
		broken.add(refuseInput("amount", "must be more than the "+captured.String()+
			" that was captured; release the hold to end it"))
	}
	if raise := (Money{Minor: amount.Minor - hold.Amount.Minor, Currency: a.Currency}); raise.Positive() {
		broken.add(a.checkTransactionLimit(amount))
		broken.add(a.checkDailyLimit(raise, now))
		broken.add(a.covers(raise, now))
	}
	return broken
}

func (e HoldAdjusted) apply(a Account, at time.Time) Account {
	i := a.findHold(e.Hold)
	if i < 0 {
		return a
	}
	raise := Money{Minor: e.Amount.Minor - a.Holds[i].Amount.Minor, Currency: e.Amount.Currency}
	a.Holds = slices.Clone(a.Holds)
	a.Holds[i].Amount, a.Holds[i].Remaining, a.Holds[i].ExpiresAt = e.Amount, e.Remaining, e.ExpiresAt
	if raise.Positive() {
		return a.spend(raise, at)
	}
	return a
}

func (e HoldAdjusted) validate() error {
	if len(e.Changed) == 0 || e.ExpiresAt.IsZero() || e.Remaining.Currency != e.Amount.Currency ||
		e.Remaining.Minor > e.Amount.Minor {
		return fmt.Errorf("an adjustment of a hold that changes %v, with %q of %q left until %s",
			e.Changed, e.Remaining, e.Amount, e.ExpiresAt)
	}
	return endOfHold(e.Hold, e.Remaining)
}

func (e HoldAdjusted) hold(int64) int64 { return e.Hold }

// Subjects are the hold.
func (e HoldAdjusted) Subjects(a Account) []string { return []string{HoldSubject(a.ID, e.Hold)} }

func (e HoldAdjusted) conflictsWith(c Command) []string {
	if c, ok := c.(AdjustHold); ok {
		amount, expiry := slices.Contains(e.Changed, "amount"), slices.Contains(e.Changed, "expiresAt")
		return conflicts(field{"holdId", e.Hold != c.Hold},
			field{"amount", amount != (c.Amount != nil) || amount && e.Amount != *c.Amount},
			field{"expiresAt", expiry == c.ExpiresAt.IsZero() || expiry && !e.ExpiresAt.Equal(inMicroseconds(c.ExpiresAt))})
	}
	return wrongKind()
}
