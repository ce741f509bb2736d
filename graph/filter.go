package graph

import (
	"context"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// readFilter is what a client narrows an account's history by.
func (r *Resolver) readFilter(ctx context.Context, id bank.AccountID, in *model.TransactionFilter) (view.Filter, error) {
	if in == nil {
		return view.Filter{}, nil
	}
	filter := view.Filter{
		Since: exact(in.Since), Until: exact(in.Until), EffectiveSince: exact(in.EffectiveSince), EffectiveUntil: exact(in.EffectiveUntil),
		Reference: deref(in.Reference), ExternalID: deref(in.ExternalID),
		Counterparty: bank.AccountID(deref(in.CounterpartyID)), Transfer: bank.TransferID(deref(in.TransferID)),
	}
	for _, t := range in.Types {
		filter.Types = append(filter.Types, view.TransactionType(t))
	}
	if in.Direction != nil {
		filter.Credits, filter.Debits = *in.Direction == model.DirectionCredit, *in.Direction == model.DirectionDebit
	}
	if in.MinAmount == nil && in.MaxAmount == nil {
		return filter, nil
	}
	currency, err := r.currency(ctx, id)
	if err != nil || currency == noCurrency {
		return filter, err // there is nothing to filter
	}
	if filter.MinAmount, err = readBound("minAmount", in.MinAmount, currency, 0); err == nil {
		filter.MaxAmount, err = readBound("maxAmount", in.MaxAmount, currency, 1)
	}
	return filter, err
}

// readBound is a bound of amounts in minor units, 0 for none.
func readBound(name string, in *scalar.Decimal, currency bank.Currency, least int64) (int64, error) {
	if in == nil {
		return 0, nil
	}
	money, err := bank.ParseMoney(string(*in), currency)
	if err != nil {
		return 0, badInput(name + ": " + err.Error() + " (" + string(currency) + ").")
	}
	if money.Minor < least {
		return 0, badInput(name + " must not be below the least amount there is.")
	}
	return money.Minor, nil
}

func exact(in *scalar.DateTime) time.Time { return time.Time(deref(in)) }
