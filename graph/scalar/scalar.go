package scalar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// Decimal is a decimal number as a string. Package bank parses it, because its
// meaning depends on the currency.
type Decimal string

// CurrencyCode is a currency code as a string.
type CurrencyCode string

// DateTime is a time, written in UTC with three fraction digits.
type DateTime time.Time

// maxLength bounds the text of each scalar, in bytes.
const maxLength = 64

var (
	_ graphql.ContextMarshaler   = Decimal("")
	_ graphql.ContextUnmarshaler = (*Decimal)(nil)
)

// MarshalGQLContext writes the decimal as a JSON string.
func (d Decimal) MarshalGQLContext(_ context.Context, w io.Writer) error {
	return writeString(w, string(d))
}

// UnmarshalGQLContext accepts a string that is exactly a decimal number.
func (d *Decimal) UnmarshalGQLContext(_ context.Context, v any) error {
	text, err := readString(v, `a decimal number as a string, such as "12.34"`)
	if err != nil {
		return err
	}
	if !isDecimal(text) {
		return fmt.Errorf("%.60q is not a decimal number such as \"12.34\"", text)
	}
	*d = Decimal(text)
	return nil
}

// isDecimal reports whether s is -?digits(.digits)?.
func isDecimal(s string) bool {
	digits, points := 0, 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '-' && i == 0:
		case r == '.' && digits > 0 && points == 0 && i < len(s)-1:
			points++
		default:
			return false
		}
	}
	return digits > 0
}

// MarshalGQLContext writes the code as a JSON string.
func (c CurrencyCode) MarshalGQLContext(_ context.Context, w io.Writer) error {
	return writeString(w, string(c))
}

// UnmarshalGQLContext accepts three capital letters. Package bank checks whether
// they are a currency.
func (c *CurrencyCode) UnmarshalGQLContext(_ context.Context, v any) error {
	text, err := readString(v, "a currency code such as EUR")
	if err != nil {
		return err
	}
	if len(text) != 3 {
		return fmt.Errorf("%.60q is not a currency code such as EUR", text)
	}
	for _, r := range text {
		if r < 'A' || r > 'Z' {
			return fmt.Errorf("%.60q is not a currency code such as EUR", text)
		}
	}
	*c = CurrencyCode(text)
	return nil
}

// dateTimeLayout is RFC 3339 in UTC with exactly three fraction digits.
const dateTimeLayout = "2006-01-02T15:04:05.000Z"

// rfc3339 refuses forms that time.Parse accepts, such as "T9:30:00,5+24:00".
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// MarshalGQLContext writes the time in UTC, truncated to milliseconds.
func (d DateTime) MarshalGQLContext(_ context.Context, w io.Writer) error {
	return writeString(w, time.Time(d).UTC().Format(dateTimeLayout))
}

// firstYear and lastYear bound the times that are accepted, in UTC. Programs write
// a time in year 1 for no time at all; after year 9999 comes a fifth digit.
const (
	firstYear = 2
	lastYear  = 9999
)

// UnmarshalGQLContext accepts RFC 3339 with any offset, to the nanosecond.
func (d *DateTime) UnmarshalGQLContext(_ context.Context, v any) error {
	text, err := readString(v, `a moment such as "2026-01-31T09:30:00.000Z"`)
	if err != nil {
		return err
	}
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !rfc3339.MatchString(text) {
		return fmt.Errorf("%.60q is not a moment such as \"2026-01-31T09:30:00.000Z\"", text)
	}
	moment = moment.UTC()
	if year := moment.Year(); year < firstYear || year > lastYear {
		return fmt.Errorf("%.60q is outside of the years %04d to %d of UTC; send a moment such as "+
			"\"2026-01-31T09:30:00.000Z\", or leave it out for none", text, firstYear, lastYear)
	}
	*d = DateTime(moment)
	return nil
}

func readString(v any, want string) (string, error) {
	text, ok := v.(string)
	if !ok {
		return "", errors.New("want " + want)
	}
	if len(text) > maxLength {
		return "", fmt.Errorf("want %s, of at most %d characters", want, maxLength)
	}
	return text, nil
}

func writeString(w io.Writer, text string) error {
	quoted, err := json.Marshal(text)
	if err == nil {
		_, err = w.Write(quoted)
	}
	return err
}
