package graph

import (
	"errors"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

func moneyOf(m bank.Money) *model.Money {
	return &model.Money{Value: scalar.Decimal(m.Decimal()), Currency: currencyOf(m.Currency)}
}

func currencyOf(c bank.Currency) scalar.CurrencyCode { return scalar.CurrencyCode(c) }

// readMoney is the amount that a client sent, or the refusal of it.
func readMoney(in *model.MoneyInput) (bank.Money, *bank.Refusal) {
	currency := bank.Currency(in.Currency)
	money, err := bank.ParseMoney(string(in.Value), currency)
	switch {
	case err == nil:
		return money, nil
	case errors.Is(err, bank.ErrUnknownCurrency):
		return money, bank.RefuseCurrency("amount.currency", currency)
	case errors.Is(err, bank.ErrPrecision):
		return money, bank.RefuseAmount("amount.value", currency, "has too many decimals")
	case errors.Is(err, bank.ErrOverflow):
		return money, bank.RefuseAmount("amount.value", currency, "is too large")
	default:
		return money, bank.RefuseAmount("amount.value", currency, "is not a decimal number")
	}
}
