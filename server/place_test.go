package server_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
)

// TestMistakesSayWhereTheyAre: which variable or argument is wrong, in the message and
// by its path in the arguments, and where that is in the document. An error's path
// is one of the response, or there is none.
func TestMistakesSayWhereTheyAre(t *testing.T) {
	gateway := counter(t).URL
	type object = map[string]any
	at := func(line, column float64) []any { return []any{map[string]any{"line": line, "column": column}} }
	const (
		deposit = "mutation(\n  $input: DepositInput!) { deposit(input: $input) { replayed } }"
		parts   = "mutation($id: ID!\n $money: MoneyInput!) {\n deposit(input: {accountId: $id, amount: $money, " +
			"idempotencyKey: \"k\"}) { replayed } }"
		batch   = "mutation($items: [BatchItemInput!]!) { postBatch(input: {items: $items}) { failedIndex } }"
		history = "query($first: Int, $f: TransactionFilter) {\n  mine: history(accountId: \"x\", first: $first, " +
			"filter: $f) { nodes { id } } }"
		good = `"accountId": "x", "idempotencyKey": "k"`
	)
	for name, test := range map[string]struct {
		query, variables, operation, message string
		locations, argument, path            any
	}{
		"a field that is not there": {deposit, `{"input": {"sum": "1", ` + good + `}}`, "",
			`Variable "$input.sum": unknown field`, at(2, 3), []any{"input", "sum"}, nil},
		"a field that is missing": {deposit, `{"input": {` + good + `}}`, "",
			`Variable "$input.amount": must be defined`, at(2, 3), []any{"input", "amount"}, nil},
		"a variable that is missing": {deposit, `{}`, "",
			`Variable "$input": must be defined`, at(2, 3), []any{"input"}, nil},
		"a variable within an input": {parts, `{"id": "x", "money": {"value": "1"}}`, "",
			`Variable "$money.currency": must be defined`, at(2, 2), []any{"input", "amount", "currency"}, nil},
		"a number for a decimal": {deposit, `{"input": {` + good + `, "amount": {"value": 1, "currency": "EUR"}}}`, "",
			`Variable "$input.amount.value": cannot use a number as Decimal, which is written as a string`, at(2, 3),
			[]any{"input", "amount", "value"}, nil},
		"in a list": {batch, `{"items": [{"deposit": {` + good + `, "amount": {"value": "1", "currency": "EUR"}}}, {}]}`, "",
			`Variable "$items[1]": BatchItemInput must have exactly one field, not 0`, at(1, 10),
			[]any{"input", "items", "1"}, nil},
		"a text that is no decimal": {deposit, `{"input": {` + good + `, "amount": {"value": "one", "currency": "EUR"}}}`, "",
			`Variable "$input.amount.value": "one" is not a decimal number such as "12.34"`, at(2, 3),
			[]any{"input", "amount", "value"}, []any{"deposit"}},
		"in the document": {"{\n history(accountId: \"x\", filter: {since: \"noon\"}) { nodes { id } } }", `{}`, "",
			`Argument "filter.since": "noon" is not a moment such as "2026-01-31T09:30:00.000Z"`, at(2, 42),
			[]any{"filter", "since"}, []any{"history"}},
		"out of bounds": {history, `{"first": 500}`, "", `Variable "$first": first must be 1 to 100, not 500.`, at(1, 7),
			[]any{"first"}, []any{"mine"}},
		"out of bounds, in the document": {"{\n history(accountId: \"x\", first: 500) { nodes { id } } }", `{}`, "",
			`first must be 1 to 100, not 500.`, at(2, 33), []any{"first"}, []any{"history"}},
		"no cursor": {"query($c: String) {\n history(accountId: \"x\", after: $c) { nodes { id } } }", `{"c": "x"}`, "",
			`Variable "$c": after must be a cursor from an earlier answer of this field, not "x".`, at(1, 7),
			[]any{"after"}, []any{"history"}},
		"no operation of this name": {"query A { __typename }\nquery B { __typename }", `{}`, "C",
			`The document has no operation "C". It has A, B.`, at(1, 1), nil, nil},
		"no name": {"query A { __typename }\nquery B { __typename }", `{}`, "",
			`The document has several operations; say in operationName which to execute. It has A, B.`, at(1, 1), nil, nil},
		"a field of no type": {"{\n  fortune }", `{}`, "",
			`Cannot query field "fortune" on type "Query".`, at(2, 3), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(object{"query": test.query, "operationName": test.operation,
				"variables": json.RawMessage(test.variables)})
			if err != nil {
				t.Fatal(err)
			}
			_, text := exchange{body: string(body), status: http.StatusOK}.send(t, gateway)
			var answer struct{ Errors []object }
			if err := json.Unmarshal([]byte(text), &answer); err != nil || len(answer.Errors) != 1 {
				t.Fatalf("%v: %s", err, text)
			}
			got := answer.Errors[0]
			extensions, _ := got["extensions"].(object)
			if got["message"] != test.message || !reflect.DeepEqual(got["locations"], test.locations) ||
				!reflect.DeepEqual(got["path"], test.path) ||
				!reflect.DeepEqual(extensions["argument"], test.argument) {
				t.Errorf("%s", text)
			}
		})
	}
}
