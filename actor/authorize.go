package actor

import (
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// authorize denies a command that its caller may not give. An account that the caller may not know of is hidden.
func (d *decision) authorize(
	c contract.Command, command bank.Command, who caller,
) (hidden bool, denied contract.Outcome) {
	owner := d.state.Owner
	open, opens := command.(bank.OpenAccount)
	if opens {
		owner = open.Owner
	}
	switch verdict := who.may(c, owner, d.batch.DryRun); {
	case verdict == identity.Forbidden:
		return false, contract.Outcome{Status: contract.Forbidden,
			Reason: fmt.Sprintf("%s may not give %s", who.Subject, c.Type)}
	case opens && verdict == identity.Hidden:
		return false, refused(bank.RefuseInput("owner",
			fmt.Sprintf("must be the caller, %q: customers open accounts for themselves", who.Subject)))
	case opens && !who.SeesAll() && d.state.ID != bank.NewAccountID(who.Subject, c.Key):
		return false, contract.Outcome{Status: contract.Forbidden,
			Reason: "the account's id is not the one that follows from the caller and the key"}
	default:
		return verdict == identity.Hidden, contract.Outcome{}
	}
}

// receiveTransfer is the name of the command that a dry run of a transfer sends to the receiver.
const receiveTransfer = "ReceiveTransfer"

// may is the verdict on a command to an account of an owner. A dry run of what only the bank itself does reveals no
// more than the account does.
func (w caller) may(c contract.Command, owner string, dry bool) identity.Verdict {
	verdict := w.May(c.Type, owner)
	if verdict == identity.Forbidden && dry && c.Type == receiveTransfer && !w.Anonymous() {
		if w.Sees(owner) {
			return identity.Allowed
		}
		return identity.Hidden
	}
	return verdict
}

// checkKey refuses a caller's key that cannot be remembered, or is one of the bank's own.
func checkKey(key string, command bank.Command) *bank.Refusal {
	if _, internal := bank.SystemKey(command); internal {
		return nil
	}
	return bank.CheckKey(key)
}
