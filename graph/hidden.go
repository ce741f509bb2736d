package graph

import (
	"context"
	"crypto/rand"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// maxOwn bounds the accounts that are remembered with their owners.
const maxOwn = 50_000

// hidingCommands sends a command for somebody else's account to one that was never
// opened, as a command for an account that does not exist: so the time that it takes
// does not tell whether the account exists and how long its history is. The actor
// decides what is hidden; this only spares it from loading what it would hide.
type hidingCommands struct {
	Commands
	views view.Reader
	own   *lru.Cache[ownAccount, struct{}]
}

// ownAccount is an account whose owner has used it.
type ownAccount struct {
	id    bank.AccountID
	owner string
}

func newHidingCommands(commands Commands, views view.Reader) hidingCommands {
	own, err := lru.New[ownAccount, struct{}](maxOwn)
	if err != nil {
		panic(err) // only a size that is not positive can fail
	}
	return hidingCommands{commands, views, own}
}

// Execute sends one command.
func (h hidingCommands) Execute(ctx context.Context, id bank.AccountID,
	command contract.Command) (contract.Outcome, error) {
	if posts(ctx, command) {
		return h.Commands.Execute(ctx, id, command)
	}
	return h.Commands.Execute(ctx, h.unlessHidden(ctx, id), command)
}

// ExecuteBatch sends a batch. The accounts of an atomic one stay as they are, and so do those of a posting: whether the
// log has them in one place is a part of the answer, and another account may be elsewhere.
func (h hidingCommands) ExecuteBatch(ctx context.Context, batch contract.ClearingBatch) ([]contract.Outcome, error) {
	several := slices.ContainsFunc(batch.Accounts, func(id bank.AccountID) bool { return id != batch.Accounts[0] })
	if identity.From(ctx).SeesAll() || several && batch.Batch.Atomic {
		return h.Commands.ExecuteBatch(ctx, batch)
	}
	to := make(map[bank.AccountID]bank.AccountID, 1)
	accounts := slices.Clone(batch.Accounts)
	for i, id := range batch.Accounts {
		if posts(ctx, batch.Batch.Commands[i]) {
			continue
		}
		if to[id] == "" {
			to[id] = h.unlessHidden(ctx, id)
		}
		accounts[i] = to[id]
	}
	batch.Accounts = accounts
	return h.Commands.ExecuteBatch(ctx, batch)
}

// posts reports whether a command posts on several accounts, as far as that matters to
// the caller.
func posts(ctx context.Context, command contract.Command) bool {
	if !command.Together() || identity.From(ctx).SeesAll() {
		return false
	}
	asked, _ := command.Decode()
	_, is := asked.(bank.PostTransaction)
	return is
}

// unlessHidden is the account, or one that was never opened in place of somebody
// else's. What the views do not have, or cannot tell now, its actor knows.
func (h hidingCommands) unlessHidden(ctx context.Context, id bank.AccountID) bank.AccountID {
	who := identity.From(ctx)
	if who.SeesAll() || who.Anonymous() || h.own.Contains(ownAccount{id, who.Subject}) {
		return id
	}
	a, err := h.views.Account(ctx, id)
	switch {
	case err != nil || a.Owner == "":
		return id
	case who.Sees(a.Owner):
		h.own.Add(ownAccount{id, who.Subject}, struct{}{})
		return id
	}
	return bank.NewAccountID("", rand.Text()) // every caller that opens accounts has a name
}
