package bank_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

func TestParsingAndWritingMoney(t *testing.T) {
	for _, test := range []struct {
		text     string
		currency bank.Currency
		minor    int64
		err      error
		written  string // where it is not the text
	}{
		{"12.34", "EUR", 1234, nil, ""},
		{"12", "EUR", 1200, nil, "12.00"},
		{"0012.3", "EUR", 1230, nil, "12.30"},
		{"-0.05", "EUR", -5, nil, ""},
		{"-0", "EUR", 0, nil, "0.00"},
		{"12", "JPY", 12, nil, ""},
		{"0.001", "KWD", 1, nil, ""},
		{"-1.2345", "CLF", -12345, nil, ""},
		{"92233720368547758.07", "EUR", math.MaxInt64, nil, ""},
		{"-92233720368547758.08", "EUR", math.MinInt64, nil, ""},
		{"-922337203685477.5808", "UYW", math.MinInt64, nil, ""},
		{strings.Repeat("0", 40) + "1", "JPY", 1, nil, "1"},
		{"92233720368547758.08", "EUR", 0, bank.ErrOverflow, ""},
		{"-92233720368547758.09", "EUR", 0, bank.ErrOverflow, ""},
		{strings.Repeat("9", 40), "EUR", 0, bank.ErrOverflow, ""},
		{"1.001", "EUR", 0, bank.ErrPrecision, ""},
		{"1.000", "EUR", 0, bank.ErrPrecision, ""},
		{"1.0", "JPY", 0, bank.ErrPrecision, ""},
		{"0." + strings.Repeat("0", 40), "CLF", 0, bank.ErrPrecision, ""},
		{"", "EUR", 0, bank.ErrMalformed, ""},
		{"-", "EUR", 0, bank.ErrMalformed, ""},
		{".5", "EUR", 0, bank.ErrMalformed, ""},
		{"5.", "EUR", 0, bank.ErrMalformed, ""},
		{"+5", "EUR", 0, bank.ErrMalformed, ""},
		{"--5", "EUR", 0, bank.ErrMalformed, ""},
		{"5.-1", "EUR", 0, bank.ErrMalformed, ""},
		{"1e3", "EUR", 0, bank.ErrMalformed, ""},
		{"0x10", "EUR", 0, bank.ErrMalformed, ""},
		{"1_000", "EUR", 0, bank.ErrMalformed, ""},
		{"1,5", "EUR", 0, bank.ErrMalformed, ""},
		{"1.2.3", "EUR", 0, bank.ErrMalformed, ""},
		{" 1", "EUR", 0, bank.ErrMalformed, ""},
		{"٣", "EUR", 0, bank.ErrMalformed, ""},
		{"NaN", "EUR", 0, bank.ErrMalformed, ""},
		{"1", "XXX", 0, bank.ErrUnknownCurrency, ""},
		{"nonsense", "", 0, bank.ErrUnknownCurrency, ""},
	} {
		t.Run(test.text+" "+string(test.currency), func(t *testing.T) {
			money, err := bank.ParseMoney(test.text, test.currency)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if err != nil {
				if money != (bank.Money{}) {
					t.Errorf("%v with an error", money)
				}
				return
			}
			if want := (bank.Money{Minor: test.minor, Currency: test.currency}); money != want {
				t.Errorf("%+v, want %+v", money, want)
			}
			want := test.written
			if want == "" {
				want = test.text
			}
			if got := money.Decimal(); got != want {
				t.Errorf("written %q, want %q", got, want)
			}
			if got := money.String(); got != want+" "+string(test.currency) {
				t.Errorf("written %q", got)
			}
		})
	}
}

// decimals has a currency of every number of decimals.
var decimals = map[bank.Currency]int{"JPY": 0, "EUR": 2, "KWD": 3, "CLF": 4}

var anyCurrency = rapid.SampledFrom([]bank.Currency{"JPY", "EUR", "KWD", "CLF"})

// anyMinor prefers the ends of the range, where sums overflow.
var anyMinor = rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000),
	rapid.Int64Range(math.MaxInt64-1000, math.MaxInt64), rapid.Int64Range(math.MinInt64, math.MinInt64+1000))

var anyMoney = rapid.Custom(func(t *rapid.T) bank.Money {
	return bank.Money{Minor: anyMinor.Draw(t, "minor"), Currency: anyCurrency.Draw(t, "currency")}
})

func TestSumsAreExactOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyMoney.Draw(t, "a"), anyMoney.Draw(t, "b")
		sum, err := a.Add(b)
		checkExact(t, a, b, sum, err, new(big.Int).Add(big.NewInt(a.Minor), big.NewInt(b.Minor)))
		difference, err := a.Sub(b)
		checkExact(t, a, b, difference, err, new(big.Int).Sub(big.NewInt(a.Minor), big.NewInt(b.Minor)))
	})
}

func checkExact(t *rapid.T, a, b, got bank.Money, err error, want *big.Int) {
	switch {
	case a.Currency != b.Currency:
		if !errors.Is(err, bank.ErrCurrencyMismatch) {
			t.Fatalf("%v and %v: error %v, want ErrCurrencyMismatch", a, b, err)
		}
	case !want.IsInt64():
		if !errors.Is(err, bank.ErrOverflow) {
			t.Fatalf("%v and %v make %s: error %v, want ErrOverflow", a, b, want, err)
		}
	case err != nil || got != (bank.Money{Minor: want.Int64(), Currency: a.Currency}):
		t.Fatalf("%v and %v make %v, %v, want %s", a, b, got, err, want)
	}
}

func TestMoneyIsWrittenAsItsFraction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMoney.Draw(t, "money")
		exact := new(big.Rat).SetFrac(big.NewInt(m.Minor), unit(decimals[m.Currency]))
		if got, want := m.Decimal(), exact.FloatString(decimals[m.Currency]); got != want {
			t.Fatalf("%+v is written %q, want %q", m, got, want)
		}
		if back, err := bank.ParseMoney(m.Decimal(), m.Currency); err != nil || back != m {
			t.Fatalf("%+v is written %q and read %+v, %v", m, m.Decimal(), back, err)
		}
	})
}

// unit is how many minor units the whole has.
func unit(decimals int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
}

func TestDecimalsAreReadExactlyOrRefused(t *testing.T) {
	number := rapid.StringMatching(`-?[0-9]{1,22}(\.[0-9]{1,6})?`)
	almost := rapid.StringMatching(`[-+0-9. eE_,x]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(number, almost, rapid.String()).Draw(t, "text")
		currency := anyCurrency.Draw(t, "currency")
		checkParsed(t, text, currency, decimals[currency])
	})
}

var plainDecimal = regexp.MustCompile(`^-?[0-9]+(\.([0-9]+))?$`)

// checkParsed reads text a second time, with arithmetic that has no bounds.
func checkParsed(t interface{ Fatalf(string, ...any) }, text string, currency bank.Currency, decimals int) {
	got, err := bank.ParseMoney(text, currency)
	parts := plainDecimal.FindStringSubmatch(text)
	if parts == nil {
		if !errors.Is(err, bank.ErrMalformed) {
			t.Fatalf("%q: %v, error %v, want ErrMalformed", text, got, err)
		}
		return
	}
	if len(parts[2]) > decimals {
		if !errors.Is(err, bank.ErrPrecision) {
			t.Fatalf("%q %s: %v, error %v, want ErrPrecision", text, currency, got, err)
		}
		return
	}
	exact, _ := new(big.Rat).SetString(text)
	exact.Mul(exact, new(big.Rat).SetInt(unit(decimals)))
	if !exact.Num().IsInt64() {
		if !errors.Is(err, bank.ErrOverflow) {
			t.Fatalf("%q %s: %v, error %v, want ErrOverflow", text, currency, got, err)
		}
		return
	}
	if err != nil || got != (bank.Money{Minor: exact.Num().Int64(), Currency: currency}) {
		t.Fatalf("%q %s is read %+v, %v, want %s minor units", text, currency, got, err, exact)
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, text := range []string{"12.34", "-5", "0", "-0.00", "1e3", "0x1p4", ".5", "5.", "+1", "1_0", "--1", "",
		"92233720368547758.07", "92233720368547758.08", "-92233720368547758.08", "9223372036854775807", "٣", "1\x00",
		"00000000000000000000000000000000000000000000000000001.1", "0.00000000000000000000000000000000000000000000"} {
		f.Add(text, "EUR")
		f.Add(text, "JPY")
		f.Add(text, "CLF")
	}
	f.Add("1", "XXX")
	f.Fuzz(func(t *testing.T, text, currency string) {
		exponent, known := bank.Currency(currency).Exponent()
		if !known {
			if _, err := bank.ParseMoney(text, bank.Currency(currency)); !errors.Is(err, bank.ErrUnknownCurrency) {
				t.Fatalf("%q %q: error %v, want ErrUnknownCurrency", text, currency, err)
			}
			return
		}
		checkParsed(t, text, bank.Currency(currency), exponent)
		if money, err := bank.ParseMoney(text, bank.Currency(currency)); err == nil {
			if again, err := bank.ParseMoney(money.Decimal(), money.Currency); err != nil || again != money {
				t.Fatalf("%q is %+v, written %q and read %+v, %v", text, money, money.Decimal(), again, err)
			}
		}
	})
}
