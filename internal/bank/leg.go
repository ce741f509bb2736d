package bank

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// PostLeg asks an account for its part of a transaction. Only the bank itself gives it, in the step in which all legs
// happen.
type PostLeg struct {
	Journal JournalID `json:"journal"`
	// Number is its place among the Of legs, from 1.
	Number int   `json:"number"`
	Of     int   `json:"of"`
	Credit bool  `json:"credit,omitempty"`
	Amount Money `json:"amount"`
	Details
	// Home is where the leg is that has all of them.
	Home     *EventAt     `json:"home,omitempty"`
	Reverses *LegReversal `json:"reverses,omitempty"`
}

// EventAt is where an event is.
type EventAt struct {
	Account AccountID `json:"account"`
	Version int64     `json:"version"`
}

// LegReversal is what a leg says of the one that it undoes: the transaction and, in the same account, the version.
// Reason is what was given. Asked is, in the leg that answers the caller, the version that was asked for, if that is
// another one.
type LegReversal struct {
	Journal JournalID `json:"journal"`
	Version int64     `json:"version"`
	Reason  string    `json:"reason"`
	Asked   int64     `json:"asked,omitempty"`
}

// LegPosted says that one leg of a transaction happened, and with it all others. Either it has all Legs, or Home is
// where they are.
type LegPosted struct {
	Movement
	Credit  bool      `json:"credit,omitempty"`
	Journal JournalID `json:"journal"`
	Number  int       `json:"number"`
	Of      int       `json:"of"`
	Details
	Home     *EventAt     `json:"home,omitempty"`
	Legs     []PostedLeg  `json:"legs,omitempty"`
	Reverses *LegReversal `json:"reverses,omitempty"`
}

// PostedLeg is a leg as the one that has all of them tells it: where its event is, what it moves, and the digests of
// its texts.
type PostedLeg struct {
	Account   AccountID `json:"account"`
	Version   int64     `json:"version"`
	Credit    bool      `json:"credit,omitempty"`
	Amount    Money     `json:"amount"`
	Reference string    `json:"reference,omitempty"`
	Memo      string    `json:"memo,omitempty"`
}

// digestOf stands for a text of which only equality matters; "" for none.
func digestOf(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

func (c PostLeg) systemKey() string { return fmt.Sprintf("leg/%s/%d", c.Journal, c.Number) }

func (c PostLeg) check(rules) Refusals { return nil }

// decide leaves the limit per transaction to the whole (journal.post).
func (c PostLeg) decide(a Account, in Circumstances) (Event, Refusals) {
	freeze := a.mayDebit()
	if c.Credit {
		freeze = a.mayCredit()
	}
	broken := a.takes(c.Amount, freeze)
	if len(broken) > 0 {
		return nil, broken
	}
	broken.add(freeze)
	if c.Reverses != nil {
		broken.add(a.mayReverseLeg(c.Reverses.Version))
	} else if !c.Credit {
		broken.add(a.checkDailyLimit(c.Amount, in.Now))
	}
	var movement Movement
	var refusal *Refusal
	if c.Credit {
		movement, refusal = a.credit(c.Amount, TransitLedger(a.Currency))
	} else {
		movement, refusal = a.debit(c.Amount, TransitLedger(a.Currency), in.Now)
	}
	broken.add(refusal)
	return LegPosted{Movement: movement, Credit: c.Credit, Journal: c.Journal, Number: c.Number, Of: c.Of,
		Details: c.Details, Home: c.Home, Reverses: c.Reverses}, broken
}

func (e LegPosted) apply(a Account, at time.Time) Account {
	a.Balance = e.Balance
	switch {
	case e.Reverses != nil:
		return a.reversed(e.Reverses.Version, e.Amount.Minor, a.Version)
	case !e.Credit:
		return a.spend(e.Amount, at)
	}
	return a
}

// whole is where the leg is that has all of them, if that is another one.
func (e LegPosted) whole() (AccountID, int64, bool) {
	if e.Home == nil {
		return "", 0, false
	}
	return e.Home.Account, e.Home.Version, true
}

// Entry is the leg, marked as a reversal where it undoes another one.
func (e LegPosted) Entry() (Entry, bool) {
	entry := e.Movement.entry(PostingEntry, e.Credit)
	entry.Details, entry.Journal = e.Details, e.Journal
	if e.Reverses != nil {
		entry.Type, entry.Reverses, entry.Reason = ReversalEntry, e.Reverses.Version, e.Reverses.Reason
	}
	return entry, true
}

// Subjects are the transaction, and what it undoes: the other transaction, and its leg in the account.
func (e LegPosted) Subjects(a Account) []string {
	if e.Reverses != nil {
		return []string{JournalSubject(e.Journal), JournalSubject(e.Reverses.Journal),
			ReversalSubject(a.ID, e.Reverses.Version)}
	}
	return []string{JournalSubject(e.Journal)}
}

func (e LegPosted) validate() error {
	switch {
	case !e.Journal.Valid() || e.Number < 1 || e.Number > e.Of:
		return fmt.Errorf("leg %d of %d of %q", e.Number, e.Of, string(e.Journal))
	case e.Home == nil && len(e.Legs) != e.Of || e.Home != nil && len(e.Legs) > 0:
		return errors.New("a leg that has neither all legs nor the place of the one that has them")
	case e.Home != nil && (!e.Home.Account.Valid() || e.Home.Version <= 0):
		return errors.New("a leg whose whole is nowhere")
	case e.Reverses != nil && (!e.Reverses.Journal.Valid() || e.Reverses.Version <= 0):
		return errors.New("a leg that undoes nothing")
	case slices.ContainsFunc(e.Legs, PostedLeg.incomplete):
		return errors.New("a transaction with a leg of no account, no version or no amount")
	}
	return e.Movement.validate()
}

func (l PostedLeg) incomplete() bool {
	return !l.Account.Valid() || l.Version <= 0 || l.Amount.Currency == "" || !l.Amount.Positive()
}

func (e LegPosted) conflictsWith(c Command) []string {
	switch c := c.(type) {
	case PostTransaction:
		if e.Legs != nil && e.Reverses == nil {
			return e.differing(c)
		}
	case Reverse:
		if e.Legs != nil && e.Reverses != nil {
			return c.differingLegs(*e.Reverses)
		}
	case PostLeg:
		if e.Home != nil {
			return conflicts(field{"journal", e.Journal != c.Journal}, field{"number", e.Number != c.Number},
				field{"amount", e.Amount != c.Amount || e.Credit != c.Credit})
		}
	}
	return wrongKind()
}

// differing names the inputs in which a transaction differs, leg by leg.
func (e LegPosted) differing(c PostTransaction) (names []string) {
	if len(c.Legs) != len(e.Legs) {
		return []string{"legs"}
	}
	for i, leg := range c.Legs {
		was := e.Legs[i]
		for _, name := range conflicts(field{"accountId", was.Account != leg.Account},
			field{"direction", was.Credit != leg.Credit}, field{"amount", was.Amount != leg.Amount},
			field{"reference", was.Reference != digestOf(leg.Reference)}, field{"memo", was.Memo != digestOf(leg.Memo)}) {
			names = append(names, fmt.Sprintf("legs.%d.%s", i, name))
		}
	}
	return names
}
