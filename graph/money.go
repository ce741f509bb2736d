package graph

import (
	"errors"
	"math/big"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

func moneyOf(m bank.Money) *model.Money {
	return &model.Money{Value: scalar.Decimal(m.Decimal()), Currency: currencyOf(m.Currency)}
}

func currencyOf(c bank.Currency) scalar.CurrencyCode { return scalar.CurrencyCode(c) }

// readMoney reads the amount that a client sent in a field, or refuses it.
func readMoney(field string, in *model.MoneyInput) (bank.Money, *bank.Refusal) {
	currency := bank.Currency(in.Currency)
	money, err := bank.ParseMoney(string(in.Value), currency)
	switch {
	case err == nil:
		return money, nil
	case errors.Is(err, bank.ErrUnknownCurrency):
		return money, bank.RefuseCurrency(field+".currency", currency)
	case errors.Is(err, bank.ErrPrecision):
		return money, bank.RefuseAmount(field+".value", currency, "has too many decimals")
	case errors.Is(err, bank.ErrOverflow):
		return money, bank.RefuseAmount(field+".value", currency, "is too large")
	default:
		return money, bank.RefuseAmount(field+".value", currency, "is not a decimal number")
	}
}

// wideMoneyOf is moneyOf for sums that may exceed the range of an amount.
func wideMoneyOf(sum *big.Int, c bank.Currency) *model.Money {
	return &model.Money{Value: scalar.Decimal(c.Decimal(sum.String())), Currency: currencyOf(c)}
}

// optionalTime is null for the zero time.
func optionalTime(t time.Time) *scalar.DateTime {
	if t.IsZero() {
		return nil
	}
	value := scalar.DateTime(t)
	return &value
}
