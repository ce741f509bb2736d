package guard_test

import (
	"strings"

	"corebank/server/guard"
)

const (
	deposit = `mutation($v: Decimal!, $k: String!, $m: String) {
		deposit(input: {accountId: "ACCOUNT", idempotencyKey: $k, memo: $m, dryRun: true,
			amount: {value: $v, currency: "EUR"}}) { replayed userErrors { code message } } }`
	open = `mutation($o: String!, $k: String!, $m: [MetadataInput!]) {
		openAccount(input: {owner: $o, currency: "EUR", idempotencyKey: $k, metadata: $m, dryRun: true}) {
			account { owner } userErrors { code message } } }`
	account = `query($id: ID!) { account(id: $id) { owner } }`
	history = `query($after: String) { history(accountId: "ACCOUNT", after: $after) { nodes { id } } }`
)

func paying(value any) map[string]any { return map[string]any{"v": value, "k": "k"} }

// values are attacks by variables and numbers.
func values() []attack {
	many := make(map[string]any)
	for _, name := range strings.Fields(each(60, "v%d ")) {
		many[name] = 1
	}
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	return []attack{
		{name: "60 values that no variable takes", send: request("{ __typename }", many),
			code: limit, contains: `"limit":"variables"`},
		{name: "100,000 numbers in a variable",
			send: request("query($x: [Int!]) { __typename }", map[string]any{"x": repeated(1, 100_000)}),
			code: limit, contains: `"limit":"variableValues"`},
		{name: "600 kB in a variable", send: request(deposit, paying(strings.Repeat(mark, 55_000))),
			code: limit, contains: `"limit":"variableBytes"`},
		{name: "a variable 5,000 levels deep",
			send: body(`{"query":"query($x: Int) { __typename }","variables":{"x":` + deep + `}}`),
			code: limit, contains: `"limit":"variableDepth"`},
		{name: "the number 1e400 for an amount",
			send: body(`{"query":` + jsonOf(deposit) + `,"variables":{"k":"k","v":1e400}}`),
			code: "GRAPHQL_VALIDATION_FAILED", contains: "as a string"},
		{name: "the text 1e400 for an amount", send: request(deposit, paying("1e400")), code: input},
		{name: "NaN for an amount", send: request(deposit, paying("NaN")), code: input},
		{name: "an amount of 100,000 digits", send: request(deposit, paying(strings.Repeat("9", 100_000))), code: input},
		{name: "an amount beyond 64 bits", send: request(deposit, paying("92233720368547758.08")), code: "AMOUNT_INVALID"},
		{name: "an amount below zero", send: request(deposit, paying("-1")), code: "AMOUNT_INVALID"},
		{name: "an amount in other digits (Unicode)", send: request(deposit, paying("１２")), code: input},
		{name: "an object where an id belongs ($gt)", send: request(account, map[string]any{"id": map[string]any{"$gt": ""}}),
			code: "GRAPHQL_VALIDATION_FAILED"},
		{name: "a list where an id belongs", send: request(account, map[string]any{"id": repeated("ACCOUNT", 100)}),
			code: "GRAPHQL_VALIDATION_FAILED"},
		{name: "SQL in a filter", send: request(filtered, filter("reference", "' OR 1=1 --")), contains: `"nodes":[]`},
		{name: "a regular expression that never ends, in a filter",
			send: request(filtered, filter("reference", "(a+)+$"+strings.Repeat("a", 60))), contains: `"nodes":[]`},
		{name: "a filter's text of 300 kB", send: request(filtered, filter("reference", strings.Repeat(mark, 27_000))),
			contains: `"nodes":[]`},
		{name: "a wildcard for an account's id", send: query(`{ account(id: "*") { owner } }`), contains: `"account":null`},
		{name: "a path for an account's id", send: query(`{ account(id: "../../etc/passwd") { owner } }`),
			contains: `"account":null`},
		{name: "a node of a kind that there is not", send: query(`{ node(id: "usr_1") { id } }`), contains: `"node":null`},
		{name: "a transaction's id with another's number", send: query(`{ node(id: "ACCOUNT:999999") { id } }`),
			contains: `"node":null`},
		{name: "a cursor of one's own making", send: request(history, map[string]any{"after": base64Of("version:-1")}),
			code: input, contains: "cursor"},
		{name: "a cursor of another field", send: request(history, map[string]any{"after": base64Of("position:1")}),
			code: input, contains: "cursor"},
		{name: "a cursor of 300 kB", send: request(history, map[string]any{"after": strings.Repeat(mark, 27_000)}),
			code: input, contains: "cursor"},
	}
}

// texts are attacks by texts that would be stored.
func texts() []attack {
	paid := func(key, memo string) map[string]any { return map[string]any{"v": "1", "k": key, "m": memo} }
	entries := make([]any, 1000)
	for i := range entries {
		entries[i] = map[string]any{"key": strings.Repeat("k", i%60+1), "value": mark}
	}
	owner := func(name string) map[string]any { return map[string]any{"o": name, "k": "k"} }
	return []attack{
		{name: "an idempotency key of 100 kB", send: request(deposit, paid(strings.Repeat(mark, 9000), "")),
			code: "INPUT_INVALID"},
		{name: "an idempotency key of the bank's own", send: request(deposit, paid("corebank/x", "")), code: "INPUT_INVALID"},
		{name: "a memo of 100 kB", send: request(deposit, paid("k", strings.Repeat(mark, 9000))), code: "INPUT_INVALID"},
		{name: "a memo with a null byte", send: request(deposit, paid("k", "a\x00b")), code: "INPUT_INVALID"},
		{name: "a memo with terminal commands", send: request(deposit, paid("k", "\x1b[2J")), code: "INPUT_INVALID"},
		{name: "1,000 entries of metadata", send: request(open, map[string]any{"o": "Ada", "k": "k", "m": entries}),
			code: "INPUT_INVALID"},
		{name: "an owner turned right to left", send: request(open, owner("adA\u202e gnp.exe")), code: "INPUT_INVALID"},
		{name: "an owner of 5,000 accents", send: request(open, owner("A"+strings.Repeat("\u0301", 5000))),
			code: "INPUT_INVALID"},
		{name: "half a surrogate pair in JSON",
			send:   body(`{"query":` + jsonOf(open) + `,"variables":{"k":"k","o":"\ud800"}}`),
			status: 400, code: guard.CodeBadRequest, contains: "half of a surrogate pair"},
		{name: "half a surrogate pair in a document", send: query(`{ account(id: "\udc01") { id } }`),
			code: parsing, contains: "half of a surrogate pair"},
		{name: "a name twice in one object",
			send:   body(`{"query":` + jsonOf(open) + `,"variables":{"k":"k","k":"l","o":"Ada"}}`),
			status: 400, code: guard.CodeBadRequest, contains: "twice"},
		{name: "an owner that cannot be seen", send: request(open, owner("\u200b")), code: "INPUT_INVALID"},
		{name: "an owner that is not a character", send: request(open, owner("Ada\ufffe")), code: "INPUT_INVALID"},
		{name: "a body that is not UTF-8", send: body("{\"query\":\"{ __typename }\xff\xfe\"}"),
			status: 400, code: guard.CodeBadRequest, contains: "not UTF-8"},
		{name: "a body in UTF-16", send: body("\xfe\xff\x00{\x00}"),
			status: 400, code: guard.CodeBadRequest, contains: "not UTF-8"},
		{name: "a null byte in a document", send: query("{ __typename\x00 }"), code: parsing},
		{name: "a mark of byte order in a document", send: query("\ufeff{ __typename }")},
	}
}
