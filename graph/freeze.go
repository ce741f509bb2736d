package graph

import (
	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

func freezeOf(f bank.Freeze) *model.Freeze {
	if !f.Any() {
		return nil
	}
	return &model.Freeze{Debits: f.Debits, Credits: f.Credits, Reason: f.Reason, By: f.By, Since: scalar.DateTime(f.Since)}
}

func freezeRequest(in model.FreezeAccountInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.FreezeAccount{Debits: in.Scope != model.FreezeScopeCredits,
		Credits: in.Scope != model.FreezeScopeDebits, Reason: in.Reason}
	return c
}

func unfreezeRequest(in model.UnfreezeAccountInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.UnfreezeAccount{Reason: deref(in.Reason)}
	return c
}
