package graph

import (
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

// limitsOf are an account's limits, and what is left of them on the day of a
// moment.
func limitsOf(a bank.Account, at time.Time) *model.Limits {
	spent := a.SpentOn(at)
	told := &model.Limits{Overdraft: moneyOf(bank.Money{Minor: a.Limits.Overdraft.Minor, Currency: a.Currency}), SpentToday: moneyOf(spent),
		ResetsAt: scalar.DateTime(at.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))}
	if limit := a.Limits.PerTransaction; limit != nil {
		told.DebitPerTransaction = moneyOf(*limit)
	}
	if limit := a.Limits.PerDay; limit != nil {
		told.DebitPerDay = moneyOf(*limit)
		told.RemainingToday = moneyOf(bank.Money{Minor: max(0, limit.Minor-spent.Minor), Currency: a.Currency})
	}
	return told
}

func limitsOrder(in model.SetLimitsInput) order {
	o := order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	o.command = bank.SetLimits{Limits: bank.Limits{Overdraft: o.amount("overdraft", in.Overdraft),
		PerTransaction: o.optionalAmount("debitPerTransaction", in.DebitPerTransaction),
		PerDay:         o.optionalAmount("debitPerDay", in.DebitPerDay)}}
	return o
}
