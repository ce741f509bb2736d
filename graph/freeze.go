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

func freezeOrder(in model.FreezeAccountInput) order {
	return order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun),
		command: bank.FreezeAccount{Debits: in.Scope != model.FreezeScopeCredits, Credits: in.Scope != model.FreezeScopeDebits, Reason: in.Reason}}
}

func unfreezeOrder(in model.UnfreezeAccountInput) order {
	return order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun),
		command: bank.UnfreezeAccount{Reason: deref(in.Reason)}}
}
