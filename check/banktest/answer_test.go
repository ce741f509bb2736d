package banktest_test

import (
	"slices"
	"testing"

	"corebank/check/banktest"
)

// TestAnswersAreComparedStrictly: an answer that differs does not match.
func TestAnswersAreComparedStrictly(t *testing.T) {
	const answer = `{"paid": {"amount": "5.00", "version": 2, "done": true, "transfer": null, "path": ["input",
		"amount"]}}`
	for want, differences := range map[string][]string{
		`{paid: {amount: "5.00", version: 2, done: true}}`: nil,
		`{paid: {transfer: null, path: [input, amount]}}`:  nil,
		`{paid: {amount: 5.00}}`:                           {`answer.paid.amount is "5.00", want 5`},
		`{paid: {version: 3, done: false}}`: {`answer.paid.done is true, want false`,
			`answer.paid.version is 2, want 3`},
		`{paid: {transfer: {id: x}}}`:   {`answer.paid.transfer is null, want {"id":"x"}`},
		`{paid: {reversal: null}}`:      {`answer.paid.reversal is missing`},
		`{paid: {path: [input]}}`:       {`answer.paid.path is ["input","amount"], want ["input"]`},
		`{paid: {path: [input, memo]}}`: {`answer.paid.path[1] is "amount", want "memo"`},
	} {
		if got, err := banktest.Match([]byte(answer), want); err != nil || !slices.Equal(got, differences) {
			t.Errorf("%s: %q, want %q: %v", want, got, differences, err)
		}
	}
}
