package bank

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Money is an exact amount: a count of minor units (cents, yen, fils) of one
// currency. The zero Money has no currency and is not an amount of anything.
type Money struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

// Faults of money arithmetic. They are errors, not refusals: the code that
// meets them decides what they mean to a person.
var (
	// ErrOverflow says that a sum does not fit into int64 minor units.
	ErrOverflow = errors.New("amount does not fit into 64 bits of minor units")
	// ErrCurrencyMismatch says that amounts of two currencies were combined.
	ErrCurrencyMismatch = errors.New("amounts have different currencies")
	// ErrMalformed says that a text is not a plain decimal number.
	ErrMalformed = errors.New("not a decimal number such as 12.34")
	// ErrPrecision says that a text has more decimals than its currency.
	ErrPrecision = errors.New("more decimals than the currency has")
	// ErrUnknownCurrency says that a code is not an active ISO 4217 code.
	ErrUnknownCurrency = errors.New("unknown currency")
)

// ParseMoney reads a plain decimal such as "12.34" or "-5" as an amount of
// currency. Exponents, signs other than a leading minus, separators and
// surplus decimals are refused: ErrMalformed, ErrPrecision, ErrOverflow or
// ErrUnknownCurrency. It takes time in proportion to the text, whose length is
// for the caller to bound.
func ParseMoney(value string, currency Currency) (Money, error) {
	exponent, ok := currency.Exponent()
	if !ok {
		return Money{}, fmt.Errorf("%w %q", ErrUnknownCurrency, string(currency))
	}
	if !isDecimal(value) {
		return Money{}, ErrMalformed
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if len(fraction) > exponent {
		return Money{}, ErrPrecision
	}
	digits := whole + fraction + strings.Repeat("0", exponent-len(fraction))
	minor, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Money{}, ErrOverflow
	}
	return Money{Minor: minor, Currency: currency}, nil
}

// isDecimal reports whether s is -?digits(.digits)?.
func isDecimal(s string) bool {
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return isDigits(whole) && (!pointed || isDigits(fraction))
}

func isDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// Decimal writes the amount with exactly the decimals of its currency, for
// example "12.30" for EUR and "1230" for JPY.
func (m Money) Decimal() string { return m.Currency.Decimal(strconv.FormatInt(m.Minor, 10)) }

// Decimal writes a whole number of minor units, which may be larger than Money holds, as a decimal number.
func (c Currency) Decimal(minor string) string {
	exponent, _ := c.Exponent()
	digits, sign := minor, ""
	if minor[0] == '-' {
		digits, sign = minor[1:], "-"
	}
	if missing := exponent + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if exponent == 0 {
		return minor
	}
	point := len(digits) - exponent
	return sign + digits[:point] + "." + digits[point:]
}

// String writes the amount with its currency, for example "12.30 EUR".
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }

// Positive reports whether the amount is greater than zero.
func (m Money) Positive() bool { return m.Minor > 0 }

// Add is the exact sum, or ErrCurrencyMismatch or ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, ErrCurrencyMismatch
	}
	sum := m.Minor + n.Minor
	if (n.Minor > 0 && sum < m.Minor) || (n.Minor < 0 && sum > m.Minor) {
		return Money{}, ErrOverflow
	}
	return Money{Minor: sum, Currency: m.Currency}, nil
}

// Sub is the exact difference, or ErrCurrencyMismatch or ErrOverflow.
func (m Money) Sub(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, ErrCurrencyMismatch
	}
	difference := m.Minor - n.Minor
	if (n.Minor > 0 && difference > m.Minor) || (n.Minor < 0 && difference < m.Minor) {
		return Money{}, ErrOverflow
	}
	return Money{Minor: difference, Currency: m.Currency}, nil
}
