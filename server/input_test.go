package server_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// TestInputsAreWhatTheirTypesSay: what a type forbids is refused before anything
// is executed, whether it is a literal in the document or a variable, and the
// response does not repeat what was sent.
func TestInputsAreWhatTheirTypesSay(t *testing.T) {
	gateway := counter(t).URL
	const (
		asOf    = `query($v: AsOf) { account(id: "x", asOf: $v) { id } }`
		inner   = `query($v: Int) { account(id: "x", asOf: {version: $v}) { id } }`
		filter  = `query($v: TransactionFilter) { history(accountId: "x", filter: $v) { nodes { id } } }`
		types   = `query($v: [TransactionType!]) { history(accountId: "x", filter: {types: $v}) { nodes { id } } }`
		deposit = `deposit(input: {accountId: "x", idempotencyKey: "k", amount: `
		amount  = `mutation($v: Decimal!) { ` + deposit + `{value: $v, currency: "EUR"}}) { replayed } }`
		money   = `mutation($v: MoneyInput!) { ` + deposit + `$v}) { replayed } }`
		batch   = `mutation($v: [BatchItemInput!]!) { postBatch(input: {items: $v}) { failedIndex } }`
		page    = `query($v: Int) { accounts(first: $v) { nodes { id } } }`
		account = `query($v: ID!) { account(id: $v) { id } }`
		owner   = `query($v: String) { accounts(filter: {owner: $v}) { nodes { id } } }`
		flag    = `query($v: Boolean!) { __typename @include(if: $v) }`
	)
	for name, test := range map[string]struct{ query, value, contains string }{
		"oneOf without a field": {asOf, `{}`, "AsOf must have exactly one field, not 0"},
		"oneOf with two": {asOf, `{"time": "2026-01-01T00:00:00Z", "version": 1}`,
			"AsOf must have exactly one field, not 2"},
		"oneOf with a null":            {asOf, `{"version": null}`, "must have exactly one field with a value"},
		"oneOf with a null beside":     {asOf, `{"version": 1, "time": null}`, "must have exactly one field with a value"},
		"oneOf by a nullable variable": {inner, `null`, "must be non-nullable to be used for OneOf"},
		"oneOf in a list":              {batch, `[{"deposit": null}]`, "must have exactly one field with a value"},
		"oneOf in a list, none":        {batch, `[{}]`, "BatchItemInput must have exactly one field, not 0"},
		"oneOf that is no list":        {batch, `{}`, "BatchItemInput must have exactly one field, not 0"},
		"oneOf in a literal, none":     {`{ account(id: "x", asOf: {}) { id } }`, ``, "must specify exactly one key"},
		"oneOf in a literal, two": {`{ account(id: "x", asOf: {version: 1, time: "2026-01-01T00:00:00Z"}) { id } }`, ``,
			"must specify exactly one key"},
		"oneOf in a literal, null":       {`{ account(id: "x", asOf: {version: null}) { id } }`, ``, "must be non-null"},
		"oneOf by default":               {`query($v: AsOf = {}) { account(id: "x", asOf: $v) { id } }`, ``, "exactly one"},
		"an enum in small letters":       {types, `["deposit"]`, "not a value of TransactionType"},
		"an enum in mixed letters":       {types, `"Deposit"`, "not a value of TransactionType"},
		"an enum within an input":        {filter, `{"types": ["DEPOSIT", "withdrawal"]}`, "not a value of TransactionType"},
		"an enum that is a number":       {filter, `{"direction": 0}`, ""},
		"an enum as a string literal":    {`{ accounts(filter: {kind: "CURRENT"}) { nodes { id } } }`, ``, "AccountKind"},
		"an enum in small, as a literal": {`{ accounts(filter: {kind: current}) { nodes { id } } }`, ``, "AccountKind"},
		"a decimal that is a number":     {amount, `12.34`, "cannot use a number as Decimal"},
		"a decimal that is an integer":   {amount, `12`, "cannot use a number as Decimal"},
		"a decimal number, as a literal": {`mutation { ` + deposit + `{value: 12.34, currency: "EUR"}}) { replayed } }`, ``,
			"A Decimal is written as a string"},
		"a decimal that is true":    {amount, `true`, "cannot use a boolean as Decimal"},
		"a decimal that is a list":  {amount, `["1"]`, "cannot use a list as Decimal"},
		"a decimal within an input": {money, `{"value": 1, "currency": "EUR"}`, "cannot use a number as Decimal"},
		"a currency as a name": {`{ accounts(filter: {currency: EUR}) { nodes { id } } }`, ``,
			"A CurrencyCode is written as a string"},
		"a moment that is a number": {filter, `{"since": 1769851800}`, "cannot use a number as DateTime"},
		"a moment, as a literal": {`{ history(accountId: "x", filter: {since: 1769851800}) { nodes { id } } }`, ``,
			"A DateTime is written as a string"},
		"an integer that is text":       {page, `"5"`, "cannot use a string as Int"},
		"an integer with a fraction":    {page, `1.5`, ""},
		"an integer beyond 53 bits":     {page, `9007199254740992`, "cannot use a number as Int"},
		"an integer that is true":       {page, `true`, "Int"},
		"an id that is true":            {account, `true`, "ID"},
		"an id with a fraction":         {account, `1.5`, "cannot use a number as ID"},
		"text that is a number":         {owner, `5`, "String"},
		"a flag that is text":           {flag, `"true"`, "Boolean"},
		"a flag that is a number":       {flag, `1`, "Boolean"},
		"a field that is not there":     {filter, `{"colour": "SECRET"}`, "unknown field"},
		"an input that is text":         {filter, `"SECRET"`, "TransactionFilter"},
		"null where there must be some": {amount, `null`, "cannot be null"},
		"nothing where there must be":   {amount, ``, "must be defined"},
	} {
		t.Run(name, func(t *testing.T) {
			variables := ""
			if test.value != "" {
				variables = `, "variables": {"v": ` + test.value + `}`
			}
			query, err := json.Marshal(test.query)
			if err != nil {
				t.Fatal(err)
			}
			refusal := exchange{header: accepting(graphqlMedia), body: `{"query": ` + string(query) + variables + `}`,
				status: http.StatusBadRequest, media: graphqlMedia}
			refusal.contains, refusal.omits = test.contains, "SECRET"
			refusal.run(t, gateway)
			refusal.contains, refusal.omits = "GRAPHQL_VALIDATION_FAILED", `"data"`
			refusal.run(t, gateway)
		})
	}
	exchange{header: accepting(jsonMedia), body: `{"query": "` + flag + `", "variables": {"v": true}}`,
		status: http.StatusOK, contains: `"__typename":"Query"`}.run(t, gateway)
}
