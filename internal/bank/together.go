package bank

import "time"

// A transfer, a transaction with several legs and the reversal of either concern several accounts. Where the log can
// write to all of them at once, they decide together, in one step: DecideTogether says what each of them does, and
// either all of it happens or nothing.

// Party is an account that takes part in a decision, and the time of the decision there: UTC, whole microseconds,
// never before the account's last event.
type Party struct {
	Account
	Now time.Time
	// Unseen is set where the caller of a dry run may not know of the account: it is taken to accept what comes, and
	// nothing is decided about it.
	Unseen bool
}

// Decided is what one account does in a decision of several.
type Decided struct {
	Account AccountID
	// Event is the account's next one.
	Event Event
	// Step is the command that asked this account for it, under its SystemKey; nil for the event that answers the
	// caller's own command and has the caller's key.
	Step Command
}

// Parties are the accounts that decide on a command together, each once and its own first; none where its own decides
// alone. in.Past is the event of the account's RequiredVersion.
func Parties(c Command, own Account, in Circumstances) []AccountID {
	if c, ok := c.(together); ok {
		return c.parties(own, in)
	}
	return nil
}

// Debits are the accounts that a command of the account own takes money from, among its Parties: its caller has to
// have a right to each of them.
func Debits(c Command, own AccountID) []AccountID {
	if c, ok := c.(together); ok {
		return c.debits(own)
	}
	return nil
}

// WholeOf is where the event is that has all legs of the transaction of which past is one: an account and its version.
// It is false for events that are no leg, and for the one that has them all itself.
func WholeOf(past Event) (id AccountID, version int64, elsewhere bool) {
	if past, ok := past.(interface {
		whole() (AccountID, int64, bool)
	}); ok {
		return past.whole()
	}
	return "", 0, false
}

// DecideTogether decides a command of the account own together with its Parties, which party returns as they are
// before it. The events are in the order in which they happen, those of own first; an account may have several, and
// those of one account follow each other. Without a broken rule there is at least one, and the first of those without a
// Step answers the command. in.Now is not used: each party has its own.
func DecideTogether(
	c Command, own AccountID, party func(AccountID) Party, in Circumstances,
) ([]Decided, Refusals) {
	decided, broken := c.(together).decideTogether(own, party, in)
	if broken = checkToday(c, in.Key).and(broken); len(broken) > 0 {
		return nil, broken
	}
	return decided, nil
}

// together is a command on which several accounts may decide in one step.
type together interface {
	Command
	parties(own Account, in Circumstances) []AccountID
	// debits are the parties that money leaves, as far as the command tells.
	debits(own AccountID) []AccountID
	decideTogether(own AccountID, party func(AccountID) Party, in Circumstances) ([]Decided, Refusals)
}
