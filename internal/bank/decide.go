package bank

import (
	"slices"
	"time"
)

// Command is one thing that a caller asks of an account. The set is closed:
// each is in the file of its noun, with the event that it becomes.
type Command interface {
	// check lists what is wrong with the command itself, whatever the account.
	check(by rules) Refusals
	// decide says what the command does to an account: the event that happens,
	// or every rule that it breaks, in any order. A rule that ranks above
	// another is never left out because of it.
	decide(a Account, in Circumstances) (Event, Refusals)
}

// Circumstances are what a decision depends on beside the command and the
// account.
type Circumstances struct {
	// Now is the time of the decision: UTC, whole microseconds, never before
	// the account's last event.
	Now time.Time
	// Caller asks, under the idempotency key Key.
	Caller, Key string
	// Past is the account's event that RequiredVersion named; nil where there is none.
	Past Event
	// Expiry is the account's event with ExpiryKey; nil where there is none.
	Expiry Event
	// Whole is the event of another account that has all legs of the transaction
	// of which Past is one (WholeOf); nil where there is none.
	Whole Event
}

// RequiredVersion is the version of the account's earlier event that a decision on c
// has to see (Circumstances.Past), and 0 for none.
func (a Account) RequiredVersion(c Command) int64 {
	if c, ok := c.(interface{ requiredVersion(Account) int64 }); ok {
		if version := c.requiredVersion(a); 0 < version && version <= a.Version {
			return version
		}
	}
	return 0
}

// Decide says what a command does to the account: the event that happens, or
// the first rule that forbids it. It changes nothing.
func (a Account) Decide(c Command, in Circumstances) (Event, *Refusal) {
	event, broken := a.Judge(c, in)
	if len(broken) > 0 {
		return nil, broken[0]
	}
	return event, nil
}

// Judge is Decide with every broken rule instead of the first: those of the command
// itself, which are checked before it gets to an account, and those of the account,
// both in the order of precedence. Rules that make no sense after another is broken are left out:
// an account that does not exist has no balance to fall short of.
func (a Account) Judge(c Command, in Circumstances) (Event, Refusals) {
	event, broken := c.decide(a, in)
	if broken = checkToday(c, in.Key).and(broken); len(broken) > 0 {
		return nil, broken
	}
	return event, nil
}

// and are what is wrong with a command itself and then what it breaks of an account, each in the order of precedence.
func (r Refusals) and(more Refusals) Refusals {
	for _, refusal := range r {
		if refusal.Code != InputInvalid { // without a valid amount there is nothing to compare
			more = slices.DeleteFunc(more, (*Refusal).followsAmount)
			break
		}
	}
	return append(r.ranked(), more.ranked()...)
}

// Check refuses a command that no account could ever accept: it looks only at
// the command itself. It stands before the idempotency check, so that malformed
// requests never meet a remembered key.
func Check(c Command) *Refusal {
	if broken := c.check(rules{}); len(broken) > 0 {
		return broken.ranked()[0]
	}
	return nil
}

// CheckNew lists what is wrong with a command that was never decided before and
// with its key, if there is one, whatever the account.
func CheckNew(c Command, key string) Refusals { return checkToday(c, key).ranked() }

func checkToday(c Command, key string) Refusals {
	today := rules{today: true}
	broken := c.check(today)
	if key != "" {
		broken.add(today.name("idempotencyKey", key, 1, MaxKeyLength))
	}
	return broken
}

// active refuses commands for an account that does not exist or is closed.
func (a Account) active() *Refusal {
	switch {
	case !a.IsOpen():
		return RefuseUnknownAccount()
	case a.IsClosed():
		return refuseClosed(a.ClosedAt)
	}
	return nil
}

// mismatch refuses an amount, where there is one, in another currency.
func (a Account) mismatch(amount *Money) (broken Refusals) {
	if amount != nil && amount.Currency != a.Currency {
		broken.add(refuseMismatch("amount", amount.Currency, a.Currency))
	}
	return broken
}

// takes refuses money for an account that does not exist, is closed or is kept
// in another currency. A freeze of it (nil for none) does not depend on the amount,
// and so is listed beside another currency.
func (a Account) takes(amount Money, freeze *Refusal) (broken Refusals) {
	if refusal := a.active(); refusal != nil {
		return Refusals{refusal}
	}
	if broken = a.mismatch(&amount); len(broken) > 0 {
		broken.add(freeze)
	}
	return broken
}
