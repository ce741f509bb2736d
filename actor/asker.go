package actor

import (
	"context"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// asker is who gives a command, or the answer to a command that nobody gives:
// its proof is missing, refused or cannot be checked now.
type asker struct {
	identity.Principal
	denied contract.Outcome
}

// askers are who gives the commands. They are asked before the turn: a proof
// may have to be checked elsewhere.
func (h *Host) askers(ctx context.Context, commands []contract.Command) []asker {
	askers := make([]asker, len(commands))
	for i, c := range commands {
		askers[i] = h.asker(ctx, c)
	}
	return askers
}

func (h *Host) asker(ctx context.Context, c contract.Command) asker {
	principal, err := h.guard(ctx, c)
	switch {
	case errIsRefused(err):
		return asker{denied: contract.Outcome{Status: contract.Forbidden, Reason: err.Error()}}
	case err != nil:
		return asker{denied: contract.Outcome{Status: contract.Unavailable, Reason: err.Error()}}
	case principal.Anonymous():
		return asker{denied: contract.Outcome{Status: contract.Forbidden, Reason: "nobody gives this command"}}
	}
	return asker{Principal: principal}
}

// receiveTransfer is the name of what a dry run of a transfer asks its receiver.
const receiveTransfer = "ReceiveTransfer"

// may is the verdict on a command to an account of an owner. A dry run of what
// only the bank itself does tells no more than the account does.
func (a asker) may(c contract.Command, owner string, dry bool) identity.Verdict {
	verdict := a.May(c.Type, owner)
	if verdict == identity.Forbidden && dry && c.Type == receiveTransfer && !a.Anonymous() {
		if a.Sees(owner) {
			return identity.Allowed
		}
		return identity.Hidden
	}
	return verdict
}

// answer decides a command if who gives it may. To somebody who may not know
// of the account, it is decided as if there were none.
func (t *turn) answer(c contract.Command, who asker) (contract.Outcome, error) {
	if who.denied.Status != "" {
		return who.denied, nil
	}
	command, err := c.Decode()
	if err != nil {
		return contract.Outcome{Status: contract.Invalid, Reason: err.Error()}, nil
	}
	owner := t.state.Owner
	open, opens := command.(bank.OpenAccount)
	if opens {
		owner = open.Owner
	}
	switch verdict := who.may(c, owner, t.dry); {
	case verdict == identity.Forbidden:
		return contract.Outcome{Status: contract.Forbidden, Reason: fmt.Sprintf("%s may not give %s", who.Subject, c.Type)}, nil
	case opens && verdict == identity.Hidden:
		return refused(bank.RefuseInput("owner", fmt.Sprintf("must be %q, who asks: customers open accounts for themselves", who.Subject))), nil
	case opens && !who.SeesAll() && t.state.ID != bank.NewAccountID(who.Subject, c.Key):
		return contract.Outcome{Status: contract.Forbidden, Reason: "the account's id is not one that follows from who asks and the key"}, nil
	case verdict == identity.Hidden:
		return t.asIfNone().decideOne(c, command, who)
	}
	return t.decideOne(c, command, who)
}

// asIfNone is the turn of an account that does not exist, on its own: nothing
// that it decides happens.
func (t *turn) asIfNone() *turn {
	t.predicts = true // as it would be for one that does not exist
	return &turn{state: bank.Account{ID: t.state.ID}, dry: t.dry, now: t.now, past: t.past,
		answered: make(map[string]*contract.Record), records: make([]contract.Record, 0, 1)}
}
