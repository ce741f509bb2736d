package graph

import (
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

// limitsOf are an account's limits, and what is left of them on the day of its
// moment.
func limitsOf(a state) *model.Limits {
	limits := &model.Limits{ID: marked(partID(limitsPrefix, a.ID), a.mark),
		Overdraft: moneyOf(a.Overdraft()), SpentToday: wideMoneyOf(a.SumSpentOn(a.at), a.Currency),
		ResetsAt: scalar.DateTime(a.at.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))}
	if limit := a.Limits.PerTransaction; limit != nil {
		limits.DebitPerTransaction = moneyOf(*limit)
	}
	if limit := a.Limits.PerDay; limit != nil {
		limits.DebitPerDay = moneyOf(*limit)
		limits.RemainingToday = moneyOf(a.RemainingOn(a.at))
	}
	return limits
}

func limitsRequest(in model.SetLimitsInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.SetLimits{Limits: bank.Limits{Overdraft: c.amount("overdraft", in.Overdraft),
		PerTransaction: c.optionalAmount("debitPerTransaction", in.DebitPerTransaction),
		PerDay:         c.optionalAmount("debitPerDay", in.DebitPerDay)}}
	return c
}
