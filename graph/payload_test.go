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

// TestAmountsAreJudgedInTurn: an amount that cannot even be read stands where
// amounts stand among the refusals, behind the texts.
func TestAmountsAreJudgedInTurn(t *testing.T) {
	long := strings.Repeat("x", 501)
	for _, test := range []struct{ key, memo, value, currency, want string }{
		{"", long, "1.001", "XXX", "INPUT_INVALID [input idempotencyKey]"},
		{"k", long, "1.001", "XXX", "INPUT_INVALID [input memo]"},
		{"k", long, "1.001", "EUR", "INPUT_INVALID [input memo]"},
		{"k", long, "1", "EUR", "INPUT_INVALID [input memo]"},
		{"k", "", "1.001", "XXX", "CURRENCY_UNKNOWN [input amount currency]"},
		{"k", "", "1.001", "EUR", "AMOUNT_INVALID [input amount value]"},
		{"k", "", "92233720368547758.08", "EUR", "AMOUNT_INVALID [input amount value]"},
		{"k", "", "0", "EUR", "AMOUNT_INVALID [input amount value]"},
		{"k", "", "1", "EUR", "ACCOUNT_NOT_FOUND [input accountId]"}, // "a" is no account's id
	} {
		for _, mutation := range []string{"deposit", "withdraw"} {
			d := newDesk(t)
			got := d.ask(fmt.Sprintf(`mutation { %s(input: {accountId: "a", amount: {value: %q, currency: %q}, idempotencyKey: %q, memo: %q}) {
				userErrors { code path } account { id } } }`, mutation, test.value, test.currency, test.key, test.memo), "")
			if len(got.Errors) != 0 || len(d.asked) != 0 {
				t.Fatalf("answered %+v, asked %v", got, d.asked)
			}
			e := got.Data[mutation]["userErrors"].([]any)[0].(map[string]any)
			if told := fmt.Sprint(e["code"], " ", e["path"]); told != test.want {
				t.Errorf("%s %+v: told %s", mutation, test, told)
			}
		}
	}
}

func TestOutcomesAreTold(t *testing.T) {
	account := bank.Account{ID: ada, Owner: "Ada Lovelace", Currency: "EUR", Balance: eur(5_00), Version: 2, OpenedAt: decidedAt, ChangedAt: decidedAt}
	event, _ := bank.Account{ID: ada, Currency: "EUR", Version: 1, OpenedAt: decidedAt, Balance: eur(0)}.Decide(bank.Deposit{Amount: eur(5_00), Details: bank.Details{Memo: "<salary>"}}, bank.Circumstances{})
	record := contract.Record{Position: 9, Account: ada, Version: 2, At: decidedAt, Key: "k"}
	if err := record.SetEvent(event); err != nil {
		t.Fatal(err)
	}
	applied := contract.Outcome{Status: contract.Applied, Record: &record, Account: &account}
	replayed := applied
	replayed.Status = contract.Replayed
	for name, test := range map[string]struct {
		outcome contract.Outcome
		fails   error
		want    string // the payload, or the code of the error
	}{
		"applied":     {applied, nil, "false 5.00 <salary> 2026-03-01T09:30:00.123Z 5.00"},
		"replayed":    {replayed, nil, "true 5.00 <salary> 2026-03-01T09:30:00.123Z 5.00"},
		"unavailable": {contract.Outcome{Status: contract.Unavailable, Reason: "full"}, nil, "UNAVAILABLE true"},
		"unknown":     {contract.Outcome{Status: contract.Unknown, Reason: "lost"}, nil, "UNKNOWN_OUTCOME true"},
		"invalid":     {contract.Outcome{Status: contract.Invalid, Reason: "no such field"}, nil, "INTERNAL false"},
		"no answer":   {contract.Outcome{}, errors.New("connection lost"), "INTERNAL false"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.execute = func(contract.Command) (contract.Outcome, error) { return test.outcome, test.fails }
			got := d.ask(`mutation { deposit(input: {accountId: "`+string(ada)+`", amount: {value: "5", currency: "EUR"}, idempotencyKey: "k", memo: "<salary>"}) {
				replayed userErrors { code } transaction { amount { value } memo occurredAt } account { balance { current { value } } } } }`, "")
			if told := tell(got); told != test.want {
				t.Errorf("told %s, want %s", told, test.want)
			}
			if command, err := d.asked[0].Decode(); err != nil || !reflect.DeepEqual(command, bank.Deposit{Amount: eur(5_00), Details: bank.Details{Memo: "<salary>"}}) || d.asked[0].Key != "k" {
				t.Errorf("asked %+v, %v", d.asked[0], err)
			}
			if (len(d.hidden) == 1) != strings.HasPrefix(test.want, CodeInternal) {
				t.Errorf("hid %v", d.hidden)
			}
		})
	}
}

// tell is an answer in one line.
func tell(got answer) string {
	if len(got.Errors) == 1 {
		return fmt.Sprint(got.Errors[0].Extensions["code"], " ", got.Errors[0].Extensions["retryable"])
	}
	payload := got.Data["deposit"]
	transaction := payload["transaction"].(map[string]any)
	balance := payload["account"].(map[string]any)["balance"].(map[string]any)["current"].(map[string]any)
	return fmt.Sprint(payload["replayed"], " ", transaction["amount"].(map[string]any)["value"], " ", transaction["memo"], " ",
		transaction["occurredAt"], " ", balance["value"])
}
