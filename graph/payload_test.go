package graph

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// TestRefusalsOfAmountsHaveTheirPrecedence: an amount that cannot be read has the
// same precedence as any other wrong amount, after the texts.
func TestRefusalsOfAmountsHaveTheirPrecedence(t *testing.T) {
	long := strings.Repeat("x", 501)
	for _, test := range []struct{ key, memo, value, currency, want string }{
		{"", long, "1.001", "XXX", "INPUT_INVALID input idempotencyKey"},
		{"k", long, "1.001", "XXX", "INPUT_INVALID input memo"},
		{"k", long, "1.001", "EUR", "INPUT_INVALID input memo"},
		{"k", long, "1", "EUR", "INPUT_INVALID input memo"},
		{"k", "", "1.001", "XXX", "CURRENCY_UNKNOWN input amount currency"},
		{"k", "", "1.001", "EUR", "AMOUNT_INVALID input amount value"},
		{"k", "", "92233720368547758.08", "EUR", "AMOUNT_INVALID input amount value"},
		{"k", "", "0", "EUR", "AMOUNT_INVALID input amount value"},
		{"k", "", "1", "EUR", "ACCOUNT_NOT_FOUND input accountId"}, // "a" is not an account id
	} {
		for _, mutation := range []string{"deposit", "withdraw"} {
			d := newDesk(t)
			code, path, _ := strings.Cut(test.want, " ")
			query := fmt.Sprintf(`mutation { %s(input: {accountId: "a", amount: {value: %q, currency: %q},
				idempotencyKey: %q, memo: %q}) { userErrors { code path } account { id } } }`,
				mutation, test.value, test.currency, test.key, test.memo)
			d.ask(query, "").answers(`{%q: {"userErrors": [{"code": %q, "path": ["%s"]}], "account": null}}`,
				mutation, code, strings.ReplaceAll(path, " ", `", "`))
			if len(d.asked) > 0 {
				t.Errorf("%s %+v: it was executed: %v", mutation, test, d.asked)
			}
		}
	}
}

func TestOutcomesBecomePayloads(t *testing.T) {
	command := bank.Deposit{Amount: eur(5_00), Details: bank.Details{Memo: "<salary>"}}
	before := bank.Account{ID: ada, Currency: "EUR", Version: 1, OpenedAt: decidedAt, Balance: eur(0)}
	after := bank.Account{ID: ada, Owner: "Ada Lovelace", Currency: "EUR", Balance: eur(5_00), Version: 2,
		OpenedAt: decidedAt, ChangedAt: decidedAt}
	event, _ := before.Decide(command, bank.Circumstances{})
	record := contract.Record{Position: 9, Account: ada, Version: 2, At: decidedAt, Key: "k"}
	if err := record.SetEvent(event); err != nil {
		t.Fatal(err)
	}
	outcome := func(status contract.Status) contract.Outcome {
		return contract.Outcome{Status: status, Record: &record, Account: &after}
	}
	const payload = `{"deposit": {"replayed": %t, "userErrors": [],
		"transaction": {"amount": {"value": "5.00"}, "memo": "<salary>", "occurredAt": "2026-03-01T09:30:00.123Z"},
		"account": {"balance": {"current": {"value": "5.00"}}}}}`
	fails := func(code string, retryable bool) func(answer) {
		return func(a answer) { a.fails(map[string]any{"code": code, "retryable": retryable}) }
	}
	unknown := func(a answer) {
		if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != CodeUnknownOutcome || len(a.desk.hidden) != 1 {
			t.Errorf("%+v, and %v is logged", a.Errors, a.desk.hidden)
		}
	}
	internal := func(a answer) { a.fails(map[string]any{"code": CodeInternal, "retryable": false, "id": "id-1"}) }
	for name, test := range map[string]struct {
		outcome contract.Outcome
		err     error
		then    func(answer)
	}{
		"applied":     {outcome(contract.Applied), nil, func(a answer) { a.answers(payload, false) }},
		"replayed":    {outcome(contract.Replayed), nil, func(a answer) { a.answers(payload, true) }},
		"unavailable": {contract.Outcome{Status: contract.Unavailable, Reason: "full"}, nil, fails(CodeUnavailable, true)},
		"unknown":     {contract.Outcome{Status: contract.Unknown, Reason: "lost"}, nil, fails(CodeUnknownOutcome, true)},
		"invalid":     {contract.Outcome{Status: contract.Invalid, Reason: "no such field"}, nil, internal},
		"no answer":   {contract.Outcome{}, errors.New("connection lost"), unknown},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.execute = func(contract.Command) (contract.Outcome, error) { return test.outcome, test.err }
			test.then(d.ask(`mutation { deposit(input: {accountId: "`+string(ada)+`",
				amount: {value: "5", currency: "EUR"}, idempotencyKey: "k", memo: "<salary>"}) {
				replayed userErrors { code } transaction { amount { value } memo occurredAt }
				account { balance { current { value } } } } }`, ""))
			if sent, err := d.asked[0].Decode(); err != nil || !reflect.DeepEqual(sent, command) {
				t.Errorf("the command was %+v, %v; want %+v", sent, err, command)
			}
			if key := d.asked[0].Key; key != "k" {
				t.Errorf("the key was %q", key)
			}
		})
	}
}
