package graph

import (
	"corebank/graph/model"
	"corebank/internal/bank"
)

func depositOrder(in model.DepositInput) order {
	o := order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	o.command = bank.Deposit{Amount: o.amount("amount", in.Amount), Details: details(in.Reference, in.Memo, in.ExternalID),
		EffectiveAt: moment(in.EffectiveAt)}
	return o
}

func withdrawOrder(in model.WithdrawInput) order {
	o := order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	o.command = bank.Withdraw{Amount: o.amount("amount", in.Amount), Details: details(in.Reference, in.Memo, in.ExternalID),
		EffectiveAt: moment(in.EffectiveAt)}
	return o
}
