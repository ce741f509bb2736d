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
	spent := a.SpentOn(a.at)
	overdraft := bank.Money{Minor: a.Limits.Overdraft.Minor, Currency: a.Currency}
	limits := &model.Limits{ID: marked(partID(limitsPrefix, a.ID), a.mark),
		Overdraft: moneyOf(overdraft), SpentToday: moneyOf(spent),
		ResetsAt: scalar.DateTime(a.at.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))}
	if limit := a.Limits.PerTransaction; limit != nil {
		limits.DebitPerTransaction = moneyOf(*limit)
	}
	if limit := a.Limits.PerDay; limit != nil {
		limits.DebitPerDay = moneyOf(*limit)
		limits.RemainingToday = moneyOf(bank.Money{Minor: max(0, limit.Minor-spent.Minor), Currency: a.Currency})
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
