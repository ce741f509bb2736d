package guard_test

import (
	"fmt"
	"strings"
	"testing"

	"corebank/server"
	"corebank/server/guard"
)

const postLegs = `mutation($i: PostTransactionInput!) { postTransaction(input: $i) { journal { id } } }`

// legs is the input of a posting with n legs.
func legs(n int) map[string]any {
	leg := map[string]any{"accountId": "x", "direction": "DEBIT",
		"amount": map[string]any{"value": "1", "currency": "EUR"}}
	return map[string]any{"idempotencyKey": "k", "legs": repeated(leg, n)}
}

func TestCostsAreReckoned(t *testing.T) {
	v := gateway(t, server.Parts{Guard: guard.Config{Limits: guard.Limits{Cost: 1}}})
	lines := func(first any) map[string]any { return map[string]any{"n": first} }
	const paged = `query($n: Int) { history(accountId: "x", first: $n) { nodes { id version } } }`
	for _, test := range []struct {
		name, query string
		variables   map[string]any
		cost        int
	}{
		{"a look into the views", `{ account(id: "x") { id owner } }`, nil, 5 + 2},
		{"the past", `{ account(id: "x", asOf: {version: 1}) { id } }`, nil, 5 + 40 + 1},
		{"no past", `{ account(id: "x", asOf: null) { id } }`, nil, 5 + 1},
		{"a page of unsaid length", paged, nil, 5 + 20*3},
		{"a page", `{ history(accountId: "x", last: 7) { nodes { id version } } }`, nil, 5 + 7*3},
		{"a page by a variable", paged, lines(50), 5 + 50*3},
		{"a page of null", paged, lines(nil), 5 + 20*3},
		{"a page by a default", strings.Replace(paged, "$n: Int", "$n: Int = 9", 1), nil, 5 + 9*3},
		{"a page that is too long", paged, lines(1_000_000), 5 + 100*3},
		{"a page below none", paged, lines(-3), 5 + 3},
		{"pages in pages", `{ accounts(first: 10) { nodes { history(first: 20) { nodes { id } } } } }`, nil,
			5 + 10*(1+5+20*2)},
		{"fragments", `{ ...f ...f } fragment f on Query { ... { account(id: "x") { id } } }`, nil, 2 * 6},
		{"a mutation", mutation, nil, 50 + 1},
		{"a batch", batch, map[string]any{"i": items(40)}, 40 * (50 + 2 + 3)},
		{"a batch of one that is no list", batch, map[string]any{"i": items(1)[0]}, 50 + 2 + 3},
		{"a batch too long", batch, map[string]any{"i": items(300)}, 100 * (50 + 2 + 3)},
		{"a posting", postLegs, map[string]any{"i": legs(50)}, 50 + 2 + 50*20},
		{"a posting too long", postLegs, map[string]any{"i": legs(300)}, 50 + 2 + 50*20},
		{"postings in a batch", batch, map[string]any{"i": []any{map[string]any{"postTransaction": legs(3)},
			map[string]any{"postTransaction": legs(4)}}}, 2*(50+2+3) + 7*20},
		{"a subscription", `subscription { transactions { cursor } }`, nil, 50 + 1},
	} {
		got := request(test.query, test.variables)(v)
		if want := fmt.Sprintf(`"asked":%d,`, test.cost); !strings.Contains(got.body, want) {
			t.Errorf("%s: answered %s, want %s", test.name, got.body, want)
		}
	}
}
