package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

const paying = `mutation($value: Decimal!, $currency: CurrencyCode!) {
  deposit(input: {accountId: "a", amount: {value: $value, currency: $currency}, idempotencyKey: "k"}) { replayed } }`

var badUserInput = map[string]any{"code": CodeBadInput, "retryable": false}

// TestMalformedArgumentsAreShown: the client learns what is wrong, and no operator
// is alerted.
func TestMalformedArgumentsAreShown(t *testing.T) {
	literal := func(amount string) string {
		return `mutation { deposit(input: {accountId: "a", idempotencyKey: "k", amount: {` + amount + `}}) { replayed } }`
	}
	const (
		filtered = `query($f: TransactionFilter) { history(accountId: "a", filter: $f) { nodes { id } } }`
		paged    = `query($n: Int) { history(accountId: "a", first: $n) { nodes { id } } }`
		value    = "deposit: input amount value"
		currency = "deposit: input amount currency"
	)
	for name, test := range map[string]struct{ query, variables, path, message string }{
		"an integer for a decimal": {literal(`value: 12, currency: "EUR"`), "", value, "as a string"},
		"a float for a decimal":    {literal(`value: 12.34, currency: "EUR"`), "", value, "as a string"},
		"a boolean for a decimal":  {literal(`value: true, currency: "EUR"`), "", value, "as a string"},
		"an exponent":              {literal(`value: "1e3", currency: "EUR"`), "", value, `"1e3" is not a decimal number`},
		"a currency in small letters": {literal(`value: "1", currency: "eur"`), "",
			currency, `"eur" is not a currency code`},
		"an integer variable":     {paying, `{"value": 12, "currency": "EUR"}`, value, "as a string"},
		"a float variable":        {paying, `{"value": 12.34, "currency": "EUR"}`, value, "as a string"},
		"a word variable":         {paying, `{"value": "twelve", "currency": "EUR"}`, value, `"twelve" is not`},
		"a number for a currency": {paying, `{"value": "1", "currency": 978}`, currency, "want a currency code"},
		"no moment": {filtered, `{"f": {"since": "yesterday"}}`, "history: filter since",
			`"yesterday" is not a moment`},
		"seconds for a moment": {filtered, `{"f": {"until": 1767225600}}`, "history: filter until", "want a moment"},
		"a page beyond 32 bits": {`{ history(accountId: "a", first: 3000000000) { nodes { id } } }`, "",
			"history: first", "1 to 100"},
		"a page beyond 32 bits, passed": {paged, `{"n": 3000000000}`, "history: first", "1 to 100"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			path, message := d.ask(test.query, test.variables).fails(badUserInput)
			if path != test.path || !strings.Contains(message, test.message) {
				t.Errorf("at %s: %s; want at %s: %s", path, message, test.path, test.message)
			}
			if len(d.asked) > 0 {
				t.Errorf("it was executed: %v", d.asked)
			}
		})
	}
}

func TestErrorsOfTheExecutorAreShown(t *testing.T) {
	for name, test := range map[string]struct{ query, code string }{
		"syntax":           {`{`, "GRAPHQL_PARSE_FAILED"},
		"an unknown field": {`{ fortune }`, "GRAPHQL_VALIDATION_FAILED"},
		"no value": {`mutation { deposit(input: {accountId: "a", idempotencyKey: "k",
			amount: {value: null, currency: "EUR"}}) { replayed } }`, "GRAPHQL_VALIDATION_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			newDesk(t).ask(test.query, "").fails(map[string]any{"code": test.code})
		})
	}
}

// TestWhatIsAwayIsHiddenAndLogged: clients learn that they may try again, and not
// what went wrong.
func TestWhatIsAwayIsHiddenAndLogged(t *testing.T) {
	secret := errors.New("dial tcp 10.1.2.3: the password is wrong")
	d := newDesk(t)
	d.execute = func(contract.Command) (contract.Outcome, error) { return contract.Outcome{}, secret }
	d.account = func(bank.AccountID) (view.Account, error) { return view.Account{}, secret }
	d.history = func(view.Page) (view.Lines, error) { return view.Lines{}, secret }
	d.dead = secret
	paid := `deposit(input: {accountId: "` + string(ada) + `", idempotencyKey: "k", amount: {value: "1", currency: "EUR"`
	for i, test := range []struct{ query, code string }{
		{`mutation { ` + paid + `}}) { replayed } }`, CodeUnknownOutcome},
		{`mutation { ` + paid + `}, dryRun: true}) { replayed } }`, CodeUnavailable},
		{`{ account(id: "a") { id } }`, CodeUnavailable},
		{`{ history(accountId: "a") { nodes { id } } }`, CodeUnavailable},
		{`{ systemStatus { head } }`, CodeUnavailable},
		{`{ commandStatus(accountId: "` + string(ada) + `", idempotencyKey: "k") { state } }`, CodeUnavailable},
		{`mutation { reverse(input: {transactionId: "` + transactionID(ada, 2) + `", reason: "r",
			idempotencyKey: "k"}) { replayed } }`, CodeUnavailable},
	} {
		got := d.ask(test.query, "")
		if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != test.code ||
			got.Errors[0].Extensions["retryable"] != true {
			t.Errorf("%s: %+v, want %s", test.query, got.Errors, test.code)
		}
		if path := got.Errors[0].Path; len(path) != 1 {
			t.Errorf("the error is at %v, want one path element", path)
		}
		if shown := fmt.Sprint(got.Data, got.Errors); strings.Contains(shown, "10.1.2.3") {
			t.Errorf("the error is shown: %s", shown)
		}
		if len(d.hidden) != i+1 {
			t.Fatalf("%s: %d errors are logged, want %d", test.query, len(d.hidden), i+1)
		}
		if logged := d.hidden[i]; !errors.Is(logged, secret) || !strings.Contains(logged.Error(), secret.Error()) {
			t.Errorf("%s: %v is logged, want the error", test.query, logged)
		}
	}
}

// TestUnknownErrorsAreHiddenAndLogged: what is damaged stays so.
func TestUnknownErrorsAreHiddenAndLogged(t *testing.T) {
	d := newDesk(t)
	d.account = func(bank.AccountID) (view.Account, error) {
		var a view.Account
		return a, fmt.Errorf("a document: %w", json.Unmarshal([]byte(`{"owner": 5}`), &a))
	}
	d.ask(`{ account(id: "a") { id } }`, "").fails(map[string]any{"code": CodeInternal, "retryable": false, "id": "id-1"})
}

func TestFaultsAreShownAsTheyAre(t *testing.T) {
	fault := &Fault{Code: CodeLagged, Message: "Too slow.", Retryable: true, Extensions: map[string]any{"cursor": "c"}}
	never := func(_ context.Context, err error) string {
		t.Errorf("hid %v", err)
		return ""
	}
	for name, err := range map[string]error{
		"alone":             fault,
		"wrapped":           fmt.Errorf("feed: %w", fault),
		"wrapped by gqlgen": gqlerror.Wrap(fmt.Errorf("field: %w", fault)),
	} {
		t.Run(name, func(t *testing.T) {
			shown := Present(t.Context(), err, never)
			want := map[string]any{"code": CodeLagged, "retryable": true, "cursor": "c"}
			if shown.Message != "Too slow." || !maps.Equal(shown.Extensions, want) {
				t.Errorf("shown as %s, %v", shown.Message, shown.Extensions)
			}
		})
	}
	if len(fault.Extensions) != 1 {
		t.Errorf("the fault itself became %+v", fault)
	}
}

// TestNoNumberLosesItsUpperHalf: a version beyond 32 bits is written as it is, and one that a program would not
// read from JSON without a loss is an error.
func TestNoNumberLosesItsUpperHalf(t *testing.T) {
	for version, fits := range map[int64]bool{1<<31 - 1: true, 1 << 31: true, 1<<32 + 5: true,
		1<<53 - 1: true, 1 << 53: false} {
		d := newDesk(t)
		d.account = func(bank.AccountID) (view.Account, error) {
			return view.Account{Account: bank.Account{ID: ada, Currency: "EUR", Version: version, OpenedAt: decidedAt}}, nil
		}
		got := d.ask(`{ account(id: "`+string(ada)+`") { id version } }`, "")
		if fits {
			if shown := got.Data["account"]["version"]; fmt.Sprintf("%.0f", shown) != fmt.Sprint(version) {
				t.Errorf("version %d is shown as %v", version, shown)
			}
			continue
		}
		if shown := got.Data["account"]["version"]; shown != nil {
			t.Errorf("version %d is shown as %v", version, shown)
		}
		if len(got.Errors) == 0 || got.Errors[0].Extensions["code"] != CodeTooLarge {
			t.Errorf("version %d: %+v, want %s", version, got.Errors, CodeTooLarge)
		}
	}
	d := newDesk(t)
	if got := d.ask(`{ account(id: "a", minVersion: 9007199254740993) { id } }`, ""); len(got.Errors) == 0 {
		t.Error("a number beyond 53 bits is taken")
	}
}
