package guard_test

import (
	"bytes"
	"fmt"
	"strings"

	"corebank/server/guard"
)

const (
	limit   = guard.CodeLimit
	invalid = "GRAPHQL_VALIDATION_FAILED"
	parsing = "GRAPHQL_PARSE_FAILED"
	input   = "BAD_USER_INPUT"
)

// sizes are attacks by size alone.
func sizes() []attack {
	big := `{"query":"{ __typename }","junk":"` + strings.Repeat(mark, 200_000) + `"}`
	return []attack{
		{name: "a body of 2 MB", send: body(big), status: 413, code: limit, contains: `"limit":"bodyBytes"`},
		{name: "a body of 2 MB of unsaid length", send: func(v *victim) reply {
			unsized := struct{ *bytes.Reader }{bytes.NewReader([]byte(big))}
			return v.send("POST", "/graphql", unsized, "Transfer-Encoding", "chunked")
		}, status: 413, code: limit, contains: `"limit":"bodyBytes"`},
		{name: "a document of 500 kB", send: query("{ __typename } #" + strings.Repeat(mark, 45_000)),
			code: limit, contains: `"limit":"documentBytes"`},
		{name: "200,000 directives in 600 kB", send: query("{ __typename" + strings.Repeat(" @a", 200_000) + " }"),
			code: limit, contains: `"limit":"documentBytes"`},
		{name: "30,000 directives in 90 kB", send: query("{ __typename" + strings.Repeat(" @a", 30_000) + " }"),
			code: limit, contains: `"limit":"tokens"`},
		{name: "99 kB of commas", send: query("{ __typename" + strings.Repeat(",", 99_000) + " }")},
		{name: "30,000 comments", send: query("{ __typename" + strings.Repeat("#x\n", 30_000) + " }"),
			code: limit, contains: `"limit":"tokens"`},
		{name: "a field's name of 90 kB", send: query("{ " + strings.Repeat(mark, 8000) + " }"),
			code: limit, contains: `"limit":"nameBytes"`},
		{name: "a string of 90 kB where there is no argument",
			send: query(`{ __typename(x: "` + strings.Repeat(mark, 8000) + `") }`), code: invalid},
		{name: "a body packed to swell (gzip)", send: func(v *victim) reply {
			return v.post("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xec\xd0", "Content-Encoding", "gzip")
		}, status: 415, code: "UNSUPPORTED_MEDIA_TYPE", contains: "Content-Encoding"},
	}
}

// nested is a document with a number of levels.
func nested(levels int) string {
	return strings.Repeat("{ a ", levels) + strings.Repeat("}", levels)
}

// bomb is fragments that each spread the next one twice.
func bomb(fragments int) string {
	text := "{ systemStatus { ...f0 } }"
	for i := range fragments - 1 {
		text += fmt.Sprintf(" fragment f%d on SystemStatus { ...f%d ...f%d }", i, i+1, i+1)
	}
	return text + fmt.Sprintf(" fragment f%d on SystemStatus { head }", fragments-1)
}

// each joins a text made for each number.
func each(n int, form string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, form, i)
	}
	return all.String()
}

const pay = `deposit(input: {accountId: "ACCOUNT", idempotencyKey: "k%d", ` +
	`amount: {value: "1", currency: "EUR"}}) { replayed } `

// payAs is pay with an idempotency key.
func payAs(key string) string { return strings.Replace(pay, "k%d", key, 1) }

// shapes are attacks by the shape of a document.
func shapes() []attack {
	const twelve = "head lag published projected __typename lastAudit { at position records accounts findings ok }"
	return []attack{
		{name: "a document 24 levels deep", send: query(nested(24)), code: limit, contains: `"limit":"depth","most":20`},
		{name: "a document 600 levels deep", send: query(nested(600)), code: limit, contains: `"limit":"fields"`},
		{name: "a list 900 levels deep",
			send: query(`{ node(id: ` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `) { id } }`), code: invalid},
		{name: "20 times the whole schema", send: query("{ " + each(20, "a%d: __schema { types { name } } ") + "}"),
			code: limit, contains: `"limit":"cost"`},
		{name: "40 aliases of one field", send: query("{ " + each(40, "a%d: systemStatus { head } ") + "}"),
			code: limit, contains: `"limit":"aliases"`},
		{name: "60 directives", send: query("{ __typename" + strings.Repeat(" @include(if: true)", 60) + " }"),
			code: limit, contains: `"limit":"directives"`},
		{name: "49 unknown directives", send: query("{ __typename" + each(49, " @"+mark+"%d") + " }"), code: invalid},
		{name: "25 root fields", send: query("{ " + strings.Repeat("systemStatus { head } ", 25) + "}"),
			code: limit, contains: `"limit":"rootFields"`},
		{name: "25 root fields in fragments", send: query("{ ...f ...f ...f ...f ...f }" +
			" fragment f on Query { " + strings.Repeat("systemStatus { head } ", 5) + "}"),
			code: limit, contains: `"limit":"rootFields"`},
		{name: "two mutations in one operation", send: query("mutation { " + each(2, "m%d: "+payAs("k")) + "}"),
			code: limit, contains: "postBatch"},
		{name: "20 mutations in fragments", send: query("mutation { ...f ...g }" +
			" fragment f on Mutation { " + each(10, "f%d: "+payAs("f")) + "}" +
			" fragment g on Mutation { " + each(10, "g%d: "+payAs("g")) + "}"),
			code: limit, contains: `"limit":"mutationFields"`},
		{name: "a fragment that contains itself", send: query("{ ...f } fragment f on Query { ...f }"),
			code: invalid, contains: "contains itself"},
		{name: "two fragments that contain each other",
			send: query("{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }"),
			code: invalid, contains: "contains itself"},
		{name: "30 fragments that double each time", send: query(bomb(30)), code: limit, contains: `"limit":"spreadFields"`},
		{name: "11 fragments that double each time", send: query(bomb(11))},
		{name: "100 fragments", send: query("{ ...f0 }" + each(100, " fragment f%d on Query { __typename }")),
			code: limit, contains: `"limit":"fragments"`},
		{name: "30 operations", send: query(each(30, "query q%d { __typename } ")),
			code: limit, contains: `"limit":"operations"`},
		{name: "one field 490 times, to be merged", send: query("{ systemStatus { " + strings.Repeat("head ", 490) + "} }"),
			code: limit, contains: `"limit":"repeats"`},
		{name: "21 times 22 fields, to be merged each with each", send: query("{ systemStatus { " +
			strings.Repeat("lastAudit { "+strings.Repeat("at ", 22)+"} ", 21) + "} }"),
			code: limit, contains: `"limit":"repeats"`},
		{name: "7 times 7 times 8 fields, to be merged each with each", send: query("{ accounts { " +
			strings.Repeat("nodes { "+strings.Repeat("balance { "+strings.Repeat("version ", 8)+"} ", 7)+"} ", 7) + "} }"),
			code: limit, contains: `"limit":"repeats"`},
		{name: "30 aliases that collide", send: query("{ systemStatus { " + strings.Repeat("a: head a: lag ", 15) + "} }"),
			code: invalid},
		{name: "30 fragments of 12 fields, each against each", send: query("{ systemStatus { " + each(30, "...f%d ") + "} }" +
			each(30, " fragment f%d on SystemStatus { "+twelve+" }"))},
		{name: "30 inline fragments of 12 fields, each against each", send: query("{ systemStatus { " +
			strings.Repeat("... { "+twelve+" } ", 30) + "} }")},
		{name: "490 unknown fields, for suggestions", send: query("{ systemStatus { " + each(490, "heed%d ") + "} }"),
			code: invalid},
		{name: "introspection, nested", send: query("{ __schema { types { " + strings.Repeat("fields { type { ", 3) +
			"fields { name } " + strings.Repeat("} ", 8) + "}"), code: invalid, contains: "introspection depth"},
		{name: "the whole schema, in development", send: query(`{ __schema { types { name description
			fields { name description args { name description type { name } } type { name ofType { name } } }
			enumValues { name description } } } }`)},
		{name: "490 unknown fields of 120 characters, for suggestions",
			send: query("{ systemStatus { " + each(490, strings.Repeat(mark, 10)+"%d ") + "} }"), code: invalid},
		{name: "280 unknown types of 120 characters",
			send: query("{ systemStatus { " + each(280, "... on "+strings.Repeat(mark, 10)+"%d { id } ") + "} }"),
			code: invalid},
		{name: "490 unknown arguments", send: query("{ systemStatus(" + each(490, "head%d: 1 ") + ") { head } }"),
			code: invalid},
		{name: "490 fields of an input object that has them not",
			send: query("{ accounts(filter: {" + each(490, "kinds%d: 1 ") + "}) { nodes { id } } }"), code: invalid},
		{name: "50 unused variables", send: query("query(" + each(50, "$v%d: Int ") + ") { __typename }"), code: invalid},
		{name: "60 variables", send: query("query(" + each(60, "$v%d: Int ") + ") { __typename }"),
			code: limit, contains: `"limit":"variables"`},
	}
}

const (
	line = `id accountId type direction amount { value currency } balanceAfter { value currency } version ` +
		`occurredAt memo`
	pageOfPages = `{ accounts(first: 100) { nodes { history(first: 100) { nodes { ` + line + ` } } } } }`
)

// lists are attacks by lists in lists.
func lists() []attack {
	const whole = line + ` transfer { id } hold { id } reverses { id } reversals { id } reversedAmount { value }`
	return []attack{
		{name: "100 accounts with 100 transactions each", send: query(pageOfPages), code: limit, contains: `"limit":"cost"`},
		{name: "reversals of reversals of reversals", send: query(`{ history(accountId: "ACCOUNT", first: 100) { nodes ` +
			strings.Repeat("{ reversals ", 8) + "{ id }" + strings.Repeat("}", 8) + ` } }`),
			code: limit, contains: `"limit":"cost"`},
		{name: "one page as dear as may be", send: query(`{ history(accountId: "ACCOUNT", first: 100) { totals { count }
			edges { cursor node { ` + whole + ` } } nodes { ` + whole + ` } } }`)},
		{name: "ten whole statements", send: query(`{ ` + each(10, `s%d: statement(accountId: "ACCOUNT",
			from: "2020-01-01T00:00:00.000Z", to: "2021-01-01T00:00:00.000Z") { document } `) + `}`),
			code: limit, contains: `"limit":"cost"`},
		{name: "30 histories of 100 lines", send: query(`{ ` +
			each(20, `h%d: history(accountId: "ACCOUNT", first: 100) { nodes { `+line+` } } `) + `}`),
			code: limit, contains: `"limit":"cost"`},
		{name: "a page of 2,147,483,647",
			send: query(`{ history(accountId: "ACCOUNT", first: 2147483647) { nodes { id } } }`),
			code: input, contains: "1 to 100"},
		{name: "a page of -1", send: query(`{ history(accountId: "ACCOUNT", first: -1) { nodes { id } } }`),
			code: input, contains: "1 to 100"},
		{name: "a page of 10^24",
			send: query(`{ history(accountId: "ACCOUNT", first: 1000000000000000000000000) { nodes { id } } }`),
			code: "GRAPHQL_VALIDATION_FAILED"},
		{name: "a batch of 101 commands", send: request(batch, map[string]any{"i": items(101)}),
			code: "INPUT_INVALID", contains: "1 to 100"},
		{name: "a batch of 2,000 commands", send: request(batch, map[string]any{"i": items(2000)}),
			code: limit, contains: `"limit":"variableValues"`},
		{name: "a filter by 4,000 types", send: request(filtered, filter("types", repeated("DEPOSIT", 4000))),
			code: input, contains: "at most 32 types"},
		{name: "a wait of an hour for a version",
			send: query(`{ account(id: "ACCOUNT", minVersion: 999999, waitMs: 3600000) { id } }`),
			code: input, contains: "waitMs"},
		{name: "a wait that outlasts the query's time", at: slow, once: true,
			send: query(`{ account(id: "ACCOUNT", minVersion: 999999, waitMs: 9000) { id } }`), code: "TIMEOUT"},
	}
}

const (
	batch = `mutation($i: [BatchItemInput!]!) {
		postBatch(input: {items: $i}) { results { status } userErrors { code message } } }`
	filtered = `query($id: ID!, $f: TransactionFilter) { history(accountId: $id, filter: $f) { nodes { id } } }`
)

// filter is the variables of the query filtered, with one field in the filter.
func filter(field string, value any) map[string]any {
	return map[string]any{"id": "ACCOUNT", "f": map[string]any{field: value}}
}

func items(n int) []any {
	return repeated(map[string]any{"releaseHold": map[string]any{"holdId": "x", "idempotencyKey": "k"}}, n)
}

func repeated(value any, n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = value
	}
	return all
}
