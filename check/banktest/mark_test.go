package banktest_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// marks are what the ids of the past and of dry runs have, and no others.
var marks = regexp.MustCompile(`@[a-z0-9.]+`)

// withoutMarks is an answer in which the past and dry runs have the ids of now.
func withoutMarks(data json.RawMessage) json.RawMessage { return marks.ReplaceAll(data, nil) }

// cache knows objects by their ids, as the caches of Apollo, urql and Relay do:
// what is written last about an object is what all its readers are shown.
type cache map[string]map[string]any

// write takes the objects of an answer apart.
func (c cache) write(value any) {
	switch value := value.(type) {
	case map[string]any:
		if id, is := value["id"].(string); is {
			if c[id] == nil {
				c[id] = map[string]any{}
			}
			maps.Copy(c[id], value)
		}
		for _, inner := range value {
			c.write(inner)
		}
	case []any:
		for _, inner := range value {
			c.write(inner)
		}
	}
}

// parts are the fields by which the tests below know an account.
const parts = `id accountId version status balance { id version current { value } available { value }
	held { value } } limits { id spentToday { value } overdraft { value } }
	holds { id holdId status remaining { value } }`

const cachedNow = `query($id: ID!) { account(id: $id) { ` + parts + ` history(first: 100) { nodes {
	id amount { value } balanceAfter { value } transfer { id status } hold { id status remaining { value } } } } } }`

// cachedPost is a mutation that selects all objects of its payload.
func cachedPost(name string) string {
	more := map[string]string{"transfer": "transfer { id status }", "reverse": "transfer { id status }",
		"placeHold": "hold { id status remaining { value } }", "captureHold": "hold { id status remaining { value } }"}
	return `mutation($input: ` + strings.ToUpper(name[:1]) + name[1:] + `Input!) { ` + name + `(input: $input) {
		account { ` + parts + ` } transaction { id amount { value } balanceAfter { value } transfer { id status }
			reversals { id } reversedAmount { value } } ` + more[name] + `
		userErrors { ... on AlreadyReversed { by } } } }`
}

// TestCachesShowTheAccountOfNow: neither a dry run, nor the past, nor the answer
// to a replay is taken for the state of now.
func TestCachesShowTheAccountOfNow(t *testing.T) {
	c := given(t, banktest.Start(t))
	random := rand.New(rand.NewPCG(15, 21))
	accounts := []string{c.rich("500.00"), c.rich("500.00")}
	holds, lines := []string{"hld_none"}, []string{"txn_none"}
	type sent struct {
		mutation string
		input    map[string]any
	}
	var applied []sent
	known := cache{}
	write := func(query string, variables map[string]any) {
		known.write(decoded(t, c.Do(query, variables).Data))
	}
	for range 150 {
		mutation, input := c.guess(random, accounts, holds, lines)
		if real := c.Mutate(mutation, input); len(real.UserErrors) == 0 {
			applied = append(applied, sent{mutation, input})
			if real.Transaction != nil {
				lines = append(lines, real.Transaction.ID)
			}
			if mutation == "placeHold" {
				holds = append(holds, real.Hold.ID)
			}
		}
		c.Settle()
		now := cache{}
		for _, id := range accounts {
			now.write(decoded(t, c.Do(cachedNow, map[string]any{"id": id}).Data))
			write(cachedNow, map[string]any{"id": id})
		}
		mutation, input = c.guess(random, accounts, holds, lines)
		write(cachedPost(mutation), map[string]any{"input": with(input, "dryRun", true)})
		if len(applied) > 0 {
			again := applied[random.IntN(len(applied))]
			write(cachedPost(again.mutation), map[string]any{"input": again.input})
			write(cachedPost(again.mutation), map[string]any{"input": with(again.input, "dryRun", true)})
		}
		write(`query($id: ID!) { account(id: $id, asOf: {version: 2}) { `+parts+` } }`, map[string]any{"id": accounts[0]})
		for id, object := range now {
			for field, value := range object {
				if field != "history" && !reflect.DeepEqual(known[id][field], value) {
					t.Fatalf("after a dry run of %s %v, %s.%s is %v, not %v", mutation, input, id, field, known[id][field], value)
				}
			}
		}
	}
	if len(applied) < 30 {
		t.Errorf("only %d commands were applied", len(applied))
	}
}

// marked is an account with the ids of its parts.
type marked struct {
	ID, AccountID string
	Version       int
	Balance       struct {
		ID      string
		Current banktest.Money
	}
	Limits struct{ ID string }
	Holds  []struct{ ID, HoldID string }
}

// TestIdsOfThePast: node and account give again what the ids name.
func TestIdsOfThePast(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada := c.rich("100.00")
	hold := c.Must("placeHold", c.pay(ada, "30.00")).Hold.ID
	at := nextMillisecond()
	c.Must("captureHold", map[string]any{"holdId": hold, "releaseRest": true, "idempotencyKey": c.key()})
	c.Settle()
	for _, asOf := range []map[string]any{{"version": 3}, {"time": at.Format("2006-01-02T15:04:05.000Z")}} {
		var was struct{ Account marked }
		c.Get(`query($id: ID!, $asOf: AsOf) { account(id: $id, asOf: $asOf) { `+parts+` } }`,
			map[string]any{"id": ada, "asOf": asOf}, &was)
		a := was.Account
		if a.AccountID != ada || a.ID == ada || len(a.Holds) != 1 || a.Holds[0].HoldID != hold || a.Holds[0].ID == hold {
			t.Fatalf("%+v", a)
		}
		for _, field := range []string{"node", "account"} {
			c.Do(`query($id: ID!) { `+field+`(id: $id) { ... on Account { version accountId balance { current { value } } } } }`,
				map[string]any{"id": a.ID}).Answers(`{%s: {version: 3, accountId: %s, balance: {current: {value: "100.00"}}}}`,
				field, ada)
		}
		for id, want := range map[string]string{
			a.Balance.ID:  `{version: 3, available: {value: "70.00"}}`,
			a.Limits.ID:   `{spentToday: {value: "30.00"}}`,
			a.Holds[0].ID: `{status: ACTIVE, remaining: {value: "30.00"}}`,
		} {
			c.Do(`query($id: ID!) { node(id: $id) { ... on Balance { version available { value } }
				... on Limits { spentToday { value } } ... on Hold { status remaining { value } } } }`,
				map[string]any{"id": id}).Answers(`{node: %s}`, want)
		}
		c.Do(`query($id: ID!) { balance(accountId: $id) { version } history(accountId: $id) { nodes { version } } }`,
			map[string]any{"id": a.ID}).Answers(`{balance: {version: 3}, history: {nodes: [{version: 2}]}}`)
	}
	for _, prefix := range []string{"bal_", "lim_"} {
		c.Do(`query($id: ID!) { node(id: $id) { id ... on Balance { version } } }`,
			map[string]any{"id": prefix + strings.TrimPrefix(ada, "acc_")}).Answers(`{node: {}}`)
	}
	for _, none := range []string{ada + "@v99", ada + "@t99999999999999999", ada + "@v03", ada + "@", ada + "@x",
		hold + "@dabc.3"} {
		c.Do(`query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": none}).Fails("BAD_USER_INPUT")
	}
	c.Do(`query($id: ID!) { account(id: $id, asOf: {version: 1}) { id } }`,
		map[string]any{"id": ada + "@v3"}).Fails("BAD_USER_INPUT")
	for _, none := range []string{hold + "@v2", "@v3", "txn_x@v3"} {
		c.Do(`query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": none}).Answers(`{node: null}`)
	}
}

// TestIdsThatAreNotOfNowAreRefused, with words that say which id to send.
func TestIdsThatAreNotOfNowAreRefused(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("100.00"), c.open(nil)
	tried := c.Mutate("placeHold", with(c.pay(ada, "30.00"), "dryRun", true))
	predicted := c.Mutate("deposit", with(c.pay(ada, "30.00"), "dryRun", true))
	if tried.Account.ID == ada || tried.Account.ID == predicted.Account.ID || !strings.Contains(tried.Hold.ID, "@") ||
		!strings.Contains(predicted.Transaction.ID, "@") {
		t.Fatalf("%+v %+v %+v %+v", tried.Account, tried.Hold, predicted.Account, predicted.Transaction)
	}
	for _, id := range []string{tried.Account.ID, ada + "@v1"} {
		for mutation, field := range map[string]string{"deposit": "accountId", "withdraw": "accountId",
			"placeHold": "accountId"} {
			c.Mutate(mutation, c.pay(id, "1.00")).Answers(
				`{account: null, userErrors: [{code: INPUT_INVALID, path: [input, %s]}]}`, field)
		}
		for field, other := range map[string]string{"fromAccountId": "toAccountId", "toAccountId": "fromAccountId"} {
			got := c.Mutate("transfer", map[string]any{field: id, other: bob, "amount": banktest.EUR("1.00"),
				"idempotencyKey": c.key()})
			got.Answers(`{transfer: null, userErrors: [{code: INPUT_INVALID, path: [input, %s]}]}`, field)
			if !strings.Contains(got.UserErrors[0].Message, ada) {
				t.Errorf("%q does not name %s", got.UserErrors[0].Message, ada)
			}
		}
		for _, query := range []string{
			`statement(accountId: $id, from: "2020-01-01T00:00:00Z", to: "2020-01-02T00:00:00Z") { owner }`,
			`hold(id: $id) { id }`, `transfer(id: $id) { id }`, `commandStatus(accountId: $id, idempotencyKey: "k") { state }`} {
			c.Do(`query($id: ID!) { `+query+` }`, map[string]any{"id": id}).Fails("BAD_USER_INPUT")
		}
	}
	c.Mutate("captureHold", map[string]any{"holdId": tried.Hold.ID, "idempotencyKey": c.key()}).Answers(
		`{hold: null, userErrors: [{code: INPUT_INVALID, path: [input, holdId]}]}`)
	c.Mutate("reverse", map[string]any{"transactionId": predicted.Transaction.ID, "reason": "r",
		"idempotencyKey": c.key()}).Answers(
		`{transaction: null, userErrors: [{code: INPUT_INVALID, path: [input, transactionId]}]}`)
	for _, id := range []string{tried.Account.ID, tried.Hold.ID, predicted.Transaction.ID} {
		c.Do(`query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": id}).Fails("BAD_USER_INPUT")
	}
}

// TestADryRunExplainsItself: its balance, of a batch as well, adds up to what it
// predicts.
func TestADryRunExplainsItself(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada := c.rich("100.00")
	const explained = `account { holds { id holdId } balance { current { value } explanation {
		opening { value } credits { value } debits { value } current { value } transactions { id } holds { holdId } } } }`
	c.Do(`mutation($input: DepositInput!) { deposit(input: $input) { `+explained+` } }`,
		map[string]any{"input": with(c.pay(ada, "5.00"), "dryRun", true)}).Answers(
		`{deposit: {account: {balance: {explanation: {credits: {value: "105.00"}, current: {value: "105.00"}}}}}}`)
	hold := "hld_" + strings.TrimPrefix(ada, "acc_") + "_3"
	c.Do(`mutation($input: PostBatchInput!) { postBatch(input: $input) { results { status `+explained+`
		hold { id holdId status remaining { value } } userErrors { ... on AlreadyReversed { by } } } } }`,
		map[string]any{"input": map[string]any{"dryRun": true, "items": []any{
			map[string]any{"placeHold": c.pay(ada, "30.00")},
			map[string]any{"captureHold": map[string]any{"holdId": hold, "amount": banktest.EUR("10.00"),
				"idempotencyKey": "c"}},
		}}}).Answers(`{postBatch: {results: [
			{status: APPLIED, hold: {holdId: null, status: ACTIVE, remaining: {value: "30.00"}}, userErrors: [],
				account: {balance: {current: {value: "100.00"}}, holds: [{holdId: null}]}},
			{status: APPLIED, hold: {holdId: null, status: ACTIVE, remaining: {value: "20.00"}}, userErrors: [],
				account: {balance: {current: {value: "90.00"}, explanation: {debits: {value: "10.00"},
					current: {value: "90.00"}, holds: [{holdId: null}]}}}}]}}`)
}
