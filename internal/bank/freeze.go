package bank

import (
	"errors"
	"time"
)

// Freeze is which movements of an account are forbidden, why, since when, and
// who forbade them. The zero Freeze forbids none.
type Freeze struct {
	Debits  bool      `json:"debits,omitempty"`
	Credits bool      `json:"credits,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// Any reports whether anything is forbidden.
func (f Freeze) Any() bool { return f.Debits || f.Credits }

// FreezeAccount asks to forbid debits, credits or both from now on, in place
// of what was forbidden before. Holds that were placed before may be captured,
// and transfers that were sent before may come back: both were promised.
type FreezeAccount struct {
	Debits  bool   `json:"debits"`
	Credits bool   `json:"credits"`
	Reason  string `json:"reason"`
}

// UnfreezeAccount asks to allow all movements again.
type UnfreezeAccount struct {
	Reason string `json:"reason,omitempty"`
}

// AccountFrozen says what is forbidden from now on.
type AccountFrozen struct {
	nonMonetary
	accountOnly
	Debits  bool   `json:"debits"`
	Credits bool   `json:"credits"`
	Reason  string `json:"reason"`
	By      string `json:"by"`
}

// AccountUnfrozen says that nothing is forbidden from now on.
type AccountUnfrozen struct {
	nonMonetary
	accountOnly
	Reason string `json:"reason,omitempty"`
}

func (c FreezeAccount) check(by rules) (broken Refusals) {
	if !c.Debits && !c.Credits {
		broken.add(refuseInput("scope", "must freeze debits, credits or both"))
	}
	broken.add(by.words("reason", c.Reason, 1, MaxReasonLength))
	return broken
}

func (c FreezeAccount) decide(a Account, in Circumstances) (Event, Refusals) {
	if refusal := a.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	return AccountFrozen{Debits: c.Debits, Credits: c.Credits, Reason: c.Reason, By: in.Caller}, nil
}

func (e AccountFrozen) apply(a Account, at time.Time) Account {
	a.Freeze = Freeze{Debits: e.Debits, Credits: e.Credits, Reason: e.Reason, By: e.By, Since: at}
	return a
}

func (e AccountFrozen) validate() error {
	if !e.Debits && !e.Credits || e.Reason == "" {
		return errors.New("a freeze of nothing, or without a reason")
	}
	return nil
}

func (e AccountFrozen) conflictsWith(c Command) []string {
	if c, ok := c.(FreezeAccount); ok {
		return conflicts(field{"scope", e.Debits != c.Debits || e.Credits != c.Credits},
			field{"reason", e.Reason != c.Reason})
	}
	return wrongKind()
}

func (c UnfreezeAccount) check(by rules) (broken Refusals) {
	broken.add(by.words("reason", c.Reason, 0, MaxReasonLength))
	return broken
}

func (c UnfreezeAccount) decide(a Account, _ Circumstances) (Event, Refusals) {
	if refusal := a.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	if !a.Freeze.Any() {
		return nil, Refusals{{Code: AccountNotFrozen, Field: "accountId",
			Message: "The account is not frozen; there is nothing to do."}}
	}
	return AccountUnfrozen{Reason: c.Reason}, nil
}

func (e AccountUnfrozen) apply(a Account, _ time.Time) Account {
	a.Freeze = Freeze{}
	return a
}

func (e AccountUnfrozen) validate() error { return nil }

func (e AccountUnfrozen) conflictsWith(c Command) []string {
	if c, ok := c.(UnfreezeAccount); ok {
		return conflicts(field{"reason", e.Reason != c.Reason})
	}
	return wrongKind()
}

// mayDebit refuses debits while they are frozen; mayCredit credits.
func (a Account) mayDebit() *Refusal {
	if a.Freeze.Debits {
		return a.refuseFrozen("pay out")
	}
	return nil
}

func (a Account) mayCredit() *Refusal {
	if a.Freeze.Credits {
		return a.refuseFrozen("take in")
	}
	return nil
}

func (a Account) refuseFrozen(what string) *Refusal {
	return &Refusal{Code: FrozenAccount, Field: "accountId", Since: a.Freeze.Since, Reason: a.Freeze.Reason,
		Message: "The account may not " + what + " money since " + a.Freeze.Since.Format(time.RFC3339) +
			" (" + a.Freeze.Reason + "); have it unfrozen first."}
}
