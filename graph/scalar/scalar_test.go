package scalar_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"corebank/graph/scalar"
	"corebank/internal/bank"
)

// notStrings are JSON's and GraphQL's other values, as they reach a scalar.
var notStrings = []any{
	nil, true, 1, int64(1), 1.5, math.NaN(), json.Number("1.50"), []any{"1"}, map[string]any{"value": "1"},
}

// refuses checks that a scalar refuses a value, with an example in the error.
func refuses(t *testing.T, scalar graphql.ContextUnmarshaler, value any, example string) {
	t.Helper()
	err := scalar.UnmarshalGQLContext(t.Context(), value)
	if !strings.Contains(fmt.Sprint(err), example) {
		t.Errorf("%#v is read with %v, want an error with %q", value, err, example)
	}
}

// written is a scalar as an answer contains it.
func written(t interface {
	Context() context.Context
	Fatal(...any)
}, m graphql.ContextMarshaler) string {
	var text strings.Builder
	if err := m.MarshalGQLContext(t.Context(), &text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestDecimals(t *testing.T) {
	for _, text := range []string{"0", "12.34", "-5", "-0.001", "007", "1.00", strings.Repeat("9", 64)} {
		var d scalar.Decimal
		if err := d.UnmarshalGQLContext(t.Context(), text); err != nil || string(d) != text {
			t.Errorf("%q is read as %q, %v", text, d, err)
		}
		if got := written(t, d); got != `"`+text+`"` {
			t.Errorf("%q is written %s", text, got)
		}
	}
	for _, value := range append(notStrings, "", "-", "+1", ".5", "5.", "1.2.3", "1e3", "1,5", " 1", "1\n",
		"0x1", "٣", "NaN", "--1", "1-", strings.Repeat("9", 65)) {
		d := scalar.Decimal("before")
		if refuses(t, &d, value, "12.34"); d != "before" {
			t.Errorf("%#v is read as %q", value, d)
		}
	}
}

// TestDecimalsAreThoseOfTheBank: the scalar accepts exactly the texts that the bank
// reads as a number.
func TestDecimalsAreThoseOfTheBank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,22}\.?[0-9]{0,6}`), rapid.StringMatching(`[-+0-9.e ]{0,8}`),
			rapid.StringN(0, 10, 64)).Draw(t, "text")
		var d scalar.Decimal
		err := d.UnmarshalGQLContext(t.Context(), text)
		_, bankErr := bank.ParseMoney(text, "CLF")
		if (err != nil) != errors.Is(bankErr, bank.ErrMalformed) {
			t.Fatalf("%q: the scalar returns %v, the bank %v", text, err, bankErr)
		}
	})
}

func TestCurrencyCodes(t *testing.T) {
	for _, text := range []string{"EUR", "JPY", "XXX", "ZZZ"} {
		var c scalar.CurrencyCode
		if err := c.UnmarshalGQLContext(t.Context(), text); err != nil || string(c) != text {
			t.Errorf("%q is read as %q, %v", text, c, err)
		}
		if got := written(t, c); got != `"`+text+`"` {
			t.Errorf("%q is written %s", text, got)
		}
	}
	for _, value := range append(notStrings, "", "EU", "EURO", "eur", "Eur", "E R", "€", "978", "ÄÖ",
		strings.Repeat("E", 65)) {
		c := scalar.CurrencyCode("before")
		if refuses(t, &c, value, "EUR"); c != "before" {
			t.Errorf("%#v is read as %q", value, c)
		}
	}
}

func TestWhatIsWrittenIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		for _, m := range []graphql.ContextMarshaler{scalar.Decimal(text), scalar.CurrencyCode(text)} {
			var back string
			if err := json.Unmarshal([]byte(written(t, m)), &back); err != nil || back != text {
				t.Fatalf("%q is written %s and read %q, %v", text, written(t, m), back, err)
			}
		}
	})
}

var millisecondsUTC = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$`)

func TestMomentsHaveThreeFractionDigits(t *testing.T) {
	first, last := time.Date(2, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(first.Unix(), last.Unix()).Draw(t, "seconds")
		nanoseconds := rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")
		offset := rapid.IntRange(-14*60, 14*60).Draw(t, "offset in minutes")
		moment := time.Unix(seconds, nanoseconds).In(time.FixedZone("", 60*offset))
		text := written(t, scalar.DateTime(moment))
		if !millisecondsUTC.MatchString(text) {
			t.Fatalf("%v is written %s", moment, text)
		}
		var back scalar.DateTime
		if err := back.UnmarshalGQLContext(t.Context(), strings.Trim(text, `"`)); err != nil ||
			!time.Time(back).Equal(moment.UTC().Truncate(time.Millisecond)) {
			t.Fatalf("%v is written %s and read %v, %v", moment, text, time.Time(back), err)
		}
	})
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-31T09:30:00Z":           "2026-01-31T09:30:00.000Z",
		"2026-01-31T09:30:00.1Z":         "2026-01-31T09:30:00.100Z",
		"2026-01-31T09:30:00.123456789Z": "2026-01-31T09:30:00.123Z",
		"2026-01-31T09:30:00.999999999Z": "2026-01-31T09:30:00.999Z",
		"2026-01-31T09:30:00+05:30":      "2026-01-31T04:00:00.000Z",
		"2026-01-31T23:30:00-01:00":      "2026-02-01T00:30:00.000Z",
		"0002-01-01T00:00:00Z":           "0002-01-01T00:00:00.000Z",
		"0001-12-31T23:59:00-00:01":      "0002-01-01T00:00:00.000Z",
		"9999-12-31T23:59:59.999999999Z": "9999-12-31T23:59:59.999Z",
	} {
		var d scalar.DateTime
		if err := d.UnmarshalGQLContext(t.Context(), text); err != nil || written(t, d) != `"`+want+`"` {
			t.Errorf("%q is read and written %s, %v; want %s", text, written(t, d), err, want)
		}
		if zone := time.Time(d).Location(); zone != time.UTC {
			t.Errorf("%q is read as a time in %v", text, zone)
		}
	}
	for _, value := range append(notStrings, "", "yesterday", "1769851800",
		"2026-01-31", "2026-01-31T09:30:00", "2026-01-31 09:30:00Z", "2026-02-30T09:30:00Z",
		"2026-01-31T9:30:00Z", "2026-01-31T09:30:00,5Z", "2026-01-31T24:00:00Z", "2026-01-31T09:30:60Z",
		"2026-01-31T09:30:00+24:00", "20260-01-31T09:30:00Z", "0000-01-01T00:00:00+23:59", "0000-12-31T23:59:59Z",
		"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000005Z", "0001-12-31T23:59:59.999999999Z",
		"0002-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"2026-01-31T09:30:00."+strings.Repeat("1", 64)+"Z") {
		var d scalar.DateTime
		if refuses(t, &d, value, "2026-01-31T09:30:00.000Z"); !time.Time(d).IsZero() {
			t.Errorf("%#v is read as %v", value, time.Time(d))
		}
	}
}
