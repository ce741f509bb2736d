package graph

import (
	"strings"
	"testing"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
)

func TestReadingMoney(t *testing.T) {
	for _, test := range []struct {
		value    scalar.Decimal
		currency scalar.CurrencyCode
		minor    int64
		code     bank.Code
		message  string
	}{
		{"12.34", "EUR", 1234, "", ""},
		{"-12.3", "EUR", -1230, "", ""}, // the command decides whether it may be negative
		{"12", "JPY", 12, "", ""},
		{"0.0001", "CLF", 1, "", ""},
		{"1", "XXX", 0, bank.CurrencyUnknown, `"XXX" is not an active ISO 4217`},
		{"0.001", "EUR", 0, bank.AmountInvalid,
			"has too many decimals; send a positive decimal with at most 2 decimals for EUR"},
		{"0.1", "JPY", 0, bank.AmountInvalid, "at most 0 decimals for JPY"},
		{"92233720368547758.08", "EUR", 0, bank.AmountInvalid, "is too large"},
		{scalar.Decimal(strings.Repeat("9", 64)), "EUR", 0, bank.AmountInvalid, "is too large"},
		{"much", "EUR", 0, bank.AmountInvalid, "is not a decimal number"},
	} {
		t.Run(string(test.value)+" "+string(test.currency), func(t *testing.T) {
			money, refusal := readMoney("amount", &model.MoneyInput{Value: test.value, Currency: test.currency})
			if test.code == "" {
				want := bank.Money{Minor: test.minor, Currency: bank.Currency(test.currency)}
				if refusal != nil || money != want {
					t.Errorf("%+v, %+v; want %+v", money, refusal, want)
				}
				return
			}
			if refusal == nil || refusal.Code != test.code || !strings.Contains(refusal.Message, test.message) {
				t.Errorf("%+v, want %s: %s", refusal, test.code, test.message)
			}
		})
	}
}

func TestWritingMoney(t *testing.T) {
	for _, test := range []struct {
		money bank.Money
		want  scalar.Decimal
	}{
		{eur(1230), "12.30"}, {eur(0), "0.00"}, {eur(-5), "-0.05"},
		{bank.Money{Minor: 1230, Currency: "JPY"}, "1230"}, {bank.Money{Minor: 1, Currency: "KWD"}, "0.001"},
	} {
		if got := moneyOf(test.money); got.Value != test.want || got.Currency != scalar.CurrencyCode(test.money.Currency) {
			t.Errorf("%+v is written %+v, want %s", test.money, got, test.want)
		}
	}
}
