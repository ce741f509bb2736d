package graph

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"corebank/graph/generated"
	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// toldRefusal is a refusal as the bank makes it, and how the API tells it.
type toldRefusal struct {
	refusal  *bank.Refusal
	typename string
	path     string
	data     map[string]any
}

// refusals are one of each code.
func refusals(t *testing.T) map[bank.Code]toldRefusal {
	decide := func(a bank.Account, c bank.Command) *bank.Refusal {
		event, refusal := a.Decide(c)
		if refusal == nil {
			t.Fatalf("%+v was accepted as %+v", c, event)
		}
		return refusal
	}
	rich := bank.Account{ID: ada, Currency: "EUR", Version: 1, Balance: eur(1<<63 - 1)}
	poor := bank.Account{ID: ada, Currency: "EUR", Version: 1, Balance: eur(5)}
	money := func(value string) map[string]any { return map[string]any{"value": value, "currency": "EUR"} }
	return map[bank.Code]toldRefusal{
		bank.InputInvalid:    {bank.CheckKey(""), "InvalidInput", "input idempotencyKey", nil},
		bank.CurrencyUnknown: {bank.RefuseCurrency("currency", "XXX"), "UnknownCurrency", "input currency", nil},
		bank.AmountInvalid: {bank.RefuseAmount("amount.value", "JPY", "is too small"), "InvalidAmount", "input amount value",
			map[string]any{"maxPrecision": 0.0}},
		bank.IdempotencyConflict: {bank.RefuseConflict([]string{"amount", "memo"}), "IdempotencyConflict", "input idempotencyKey",
			map[string]any{"fields": []any{"amount", "memo"}}},
		bank.AccountAlreadyOpen: {decide(poor, bank.OpenAccount{Owner: "Ada", Currency: "EUR"}), "AccountAlreadyOpen", "input idempotencyKey", nil},
		bank.AccountNotFound:    {bank.RefuseUnknownAccount(), "AccountNotFound", "input accountId", nil},
		bank.CurrencyMismatch: {decide(poor, bank.Deposit{Amount: bank.Money{Minor: 1, Currency: "USD"}}), "CurrencyMismatch",
			"input amount currency", map[string]any{"expected": "EUR"}},
		bank.BalanceTooLarge: {decide(rich, bank.Deposit{Amount: eur(1)}), "BalanceTooLarge", "input amount", nil},
		bank.InsufficientFunds: {decide(poor, bank.Withdraw{Amount: eur(7)}), "InsufficientFunds", "input amount",
			map[string]any{"available": money("0.05"), "shortfall": money("0.02")}},
	}
}

// refusing asks for everything that any refusal tells.
var refusing = `mutation { deposit(input: {accountId: "` + string(ada) + `", amount: {value: "1", currency: "EUR"}, idempotencyKey: "k"}) {
  replayed transaction { id } userErrors { __typename code message path
    ... on InvalidAmount { maxPrecision }
    ... on IdempotencyConflict { fields }
    ... on CurrencyMismatch { expected }
    ... on InsufficientFunds { available { value currency } shortfall { value currency } } } } }`

func TestEveryRefusalHasItsType(t *testing.T) {
	for code, told := range refusals(t) {
		t.Run(string(code), func(t *testing.T) {
			if told.refusal.Code != code {
				t.Fatalf("the example is of code %s", told.refusal.Code)
			}
			d := newDesk(t)
			d.execute = func(contract.Command) (contract.Outcome, error) {
				return contract.Outcome{Status: contract.Refused, Refusal: told.refusal}, nil
			}
			got := d.ask(refusing, "")
			if len(got.Errors) != 0 || got.Data["deposit"]["transaction"] != nil || got.Data["deposit"]["replayed"] != false {
				t.Fatalf("answered %+v", got)
			}
			path := []any{}
			for _, step := range strings.Fields(told.path) {
				path = append(path, step)
			}
			want := map[string]any{"__typename": told.typename, "code": string(code), "message": told.refusal.Message, "path": path}
			maps.Copy(want, told.data)
			if e := got.Data["deposit"]["userErrors"]; !reflect.DeepEqual(e, []any{want}) {
				t.Errorf("told\n%v, want\n%v", e, want)
			}
		})
	}
}

// TestTheSchemaKnowsEveryCode fails when a code is added to the bank and not to
// the API, or to the API and not to the bank.
func TestTheSchemaKnowsEveryCode(t *testing.T) {
	declared := declaredCodes(t)
	var enum []bank.Code
	for _, code := range model.AllErrorCode {
		enum = append(enum, bank.Code(code))
	}
	if !slices.Equal(enum, declared) {
		t.Errorf("ErrorCode is\n%v, the bank's codes are\n%v", enum, declared)
	}
	examples, types := refusals(t), []string{}
	for _, code := range declared {
		told, ok := examples[code]
		if !ok {
			t.Errorf("there is no example of %s", code)
			continue
		}
		types = append(types, told.typename)
	}
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}}).Schema()
	var possible []string
	for _, definition := range schema.GetPossibleTypes(schema.Types["UserError"]) {
		possible = append(possible, definition.Name)
	}
	slices.Sort(possible)
	slices.Sort(types)
	if !slices.Equal(possible, types) {
		t.Errorf("the types of UserError are\n%v, the refusals are told as\n%v", possible, types)
	}
}

// declaredCodes are the constants of type Code in package bank, in order.
func declaredCodes(t *testing.T) []bank.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../internal/bank/refusal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []bank.Code
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if named, ok := spec.Type.(*ast.Ident); ok && named.Name == "Code" {
				text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, bank.Code(text))
			}
		}
		return true
	})
	return codes
}

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
	event, _ := bank.Account{ID: ada, Currency: "EUR", Version: 1, Balance: eur(0)}.Decide(bank.Deposit{Amount: eur(5_00), Memo: "<salary>"})
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
			if command, err := d.asked[0].Decode(); err != nil || command != (bank.Deposit{Amount: eur(5_00), Memo: "<salary>"}) || d.asked[0].Key != "k" {
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
