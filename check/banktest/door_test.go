package banktest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// raw sends a body as it is, or none, and returns the answer's text.
func raw(t *testing.T, b *banktest.Bank, query, body string) string {
	t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequest(method, b.URL+"/graphql"+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+b.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTwoKeysStayTwo: keys that differ are never taken for one, however they are written.
func TestTwoKeysStayTwo(t *testing.T) {
	banktest.Tell(t, func(t *testing.T, b *banktest.Bank) {
		account := b.Open("account")
		pay := func(key string) string {
			return fmt.Sprintf(`mutation { deposit(input: {accountId: \"%s\", amount: {value: \"1\", currency: \"EUR\"}, `+
				`idempotencyKey: \"%s\"}) { replayed } }`, account, key)
		}
		const inVariables = `{"query": "mutation($in: DepositInput!) { deposit(input: $in) { replayed } }",
		  "variables": {"in": {"accountId": "%s", "amount": {"value": "1", "currency": "EUR"}, "idempotencyKey": "%s"}}}`
		for _, half := range []string{`pay-\ud800`, `pay-\udc01`, `\ud83d`} {
			for _, body := range []string{fmt.Sprintf(inVariables, account, half), `{"query": "` + pay(half) + `"}`,
				`{"query": "` + pay(strings.ReplaceAll(half, `\`, `\\`)) + `"}`} {
				if got := raw(t, b, "", body); !strings.Contains(got, "surrogate") {
					t.Errorf("%s is answered with %s", body, got)
				}
			}
		}
		// In the document, its escapes or those of JSON around it.
		different := []string{`\\ud83d\\ude00`, `\\ud83d\\ude01`, `\\u{1F602}`, `\ud83d\ude03`, "😄"}
		for i, key := range different {
			if got := raw(t, b, "", `{"query": "`+pay(key)+`"}`); got != `{"data":{"deposit":{"replayed":false}}}` {
				t.Errorf("payment %d with %s is answered with %s", i, key, got)
			}
		}
		for _, key := range []string{"😀", `\ud83d\ude01`, "😂", "😃", `\ud83d\ude04`} {
			got := raw(t, b, "", fmt.Sprintf(inVariables, account, key))
			if got != `{"data":{"deposit":{"replayed":true}}}` {
				t.Errorf("%s, sent again in variables, is answered with %s", key, got)
			}
		}
		if got, _ := b.Balance(account, 1+len(different)); got != "5.00" {
			t.Errorf("five payments make %s", got)
		}
		once := fmt.Sprintf(inVariables, account, `k", "idempotencyKey": "l`)
		if got := raw(t, b, "", once); !strings.Contains(got, "twice") {
			t.Errorf("a request with two keys is answered with %s", got)
		}
		const owned = `query($r: String) { accounts(filter: {owner: $r}) { nodes { id } } }`
		get := "?query=" + url.QueryEscape(owned) + "&variables="
		for _, variables := range []string{`{"r": "\ud800"}`, "{\"r\": \"\xff\"}"} {
			if got := raw(t, b, get+url.QueryEscape(variables), ""); !strings.Contains(got, "BAD_REQUEST") {
				t.Errorf("%q in a URL is answered with %s", variables, got)
			}
		}
	})
}

// TestZeroAndEmptyAreNotAbsent: what says nothing is refused, or selects nothing.
func TestZeroAndEmptyAreNotAbsent(t *testing.T) {
	b := banktest.Start(t)
	account := b.Open("account")
	b.Deposit(account, "10.00", "EUR", "wages")
	b.Settle()
	b.Do(`query($id: ID!) { history(accountId: $id, filter: {types: []}) { nodes { id } totals { count credits { value } }
	  pageInfo { hasNextPage } } }`, map[string]any{"id": account}).Answers(
		`{history: {nodes: [], totals: {count: 0, credits: {value: "0.00"}}, pageInfo: {hasNextPage: false}}}`)
	for _, filter := range []string{`reference: ""`, `externalId: ""`, `counterpartyId: ""`, `transferId: ""`,
		`until: "0001-01-01T00:00:00Z"`, `since: "0001-01-01T00:00:00.0000005Z"`, `effectiveSince: "0001-01-01T00:00:00Z"`,
		`effectiveUntil: "0001-01-01T00:00:00Z"`, `maxAmount: "0"`} {
		b.Do(`query($id: ID!) { history(accountId: $id, filter: {`+filter+`}) { nodes { id } } }`,
			map[string]any{"id": account}).Fails("BAD_USER_INPUT")
		b.Do(`query($id: ID!) { account(id: $id) { history(filter: {`+filter+`}) { nodes { id } } } }`,
			map[string]any{"id": account}).Fails("BAD_USER_INPUT")
	}
	b.Do(`{ accounts(filter: {owner: ""}) { nodes { id } } }`, nil).Fails("BAD_USER_INPUT")
	b.Do(`{ accountByExternalId(externalId: "") { id } }`, nil).Answers(`{accountByExternalId: null}`)
	for _, time := range impossible {
		for _, query := range []string{
			`mutation($id: ID!) { posted: placeHold(input: {accountId: $id, amount: {value: "1", currency: "EUR"},
			  expiresAt: "` + time + `", idempotencyKey: "hold"}) { userErrors { code } } }`,
			`mutation($id: ID!) { posted: deposit(input: {accountId: $id, amount: {value: "1", currency: "EUR"},
			  effectiveAt: "` + time + `", idempotencyKey: "pay"}) { userErrors { code } } }`,
			`mutation($id: ID!) { postBatch(input: {items: [
			  {deposit: {accountId: $id, amount: {value: "1", currency: "EUR"}, idempotencyKey: "good"}},
			  {deposit: {accountId: $id, amount: {value: "1", currency: "EUR"}, idempotencyKey: "bad", effectiveAt: "` + time +
				`"}}]}) { failedIndex } }`,
			`query($id: ID!) { balance(accountId: $id, asOf: {time: "` + time + `"}) { version } }`,
			`query($id: ID!) { statement(accountId: $id, from: "` + time + `", to: "2026-01-01T00:00:00Z") { document } }`,
		} {
			b.Do(query, map[string]any{"id": account}).Fails("BAD_USER_INPUT")
		}
	}
	if got, _ := b.Balance(account, 2); got != "10.00" {
		t.Errorf("what was refused made the balance %s", got)
	}
	socket := b.Dial()
	socket.Ask("1", `subscription { transactionFeed(accountId: "", after: "`+banktest.FromStart+`", heartbeatSeconds: 1) {
	  transaction { id } } }`, nil)
	socket.Hears(`{transactionFeed: {transaction: null}}`) // of no account, and not of all
}

// impossible are times that cannot be stored or written, or that programs write for none.
var impossible = []string{"0000-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "0001-06-01T00:00:00.0000001Z",
	"9999-12-31T23:59:59.999-00:01", "0000-12-31T23:59:59Z"}
