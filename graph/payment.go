package graph

import (
	"corebank/graph/model"
	"corebank/internal/bank"
)

func depositRequest(in model.DepositInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.Deposit{Amount: c.amount("amount", in.Amount),
		Details: details(in.Reference, in.Memo, in.ExternalID), EffectiveAt: moment(in.EffectiveAt)}
	return c
}

func withdrawRequest(in model.WithdrawInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.Withdraw{Amount: c.amount("amount", in.Amount),
		Details: details(in.Reference, in.Memo, in.ExternalID), EffectiveAt: moment(in.EffectiveAt)}
	return c
}
