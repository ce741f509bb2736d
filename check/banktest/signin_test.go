package banktest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/check/banktest"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
)

// post sends a query with a header, "" for none, and returns the answer and its
// text.
func post(t *testing.T, bank *banktest.Bank, query, authorization string) (*http.Response, string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, bank.URL+"/graphql",
		strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// TestNobodyIsLetIn: without a token there is the schema, and with a bad one
// nothing.
func TestNobodyIsLetIn(t *testing.T) {
	bank := banktest.Start(t)
	forged := identitytest.NewIssuer(t).TokenFor("tess", identity.Admin)
	const money = `{ accounts { nodes { id } } }`
	for name, test := range map[string]struct {
		query, authorization string
		status               int
		challenge, says      string
	}{
		"the schema": {`{ __schema { queryType { name } } __typename }`, "", 200, "", `"Query"`},
		"money":      {money, "", 401, `Bearer realm="corebank"`, "UNAUTHENTICATED"},
		"money beside the schema": {`{ __typename accounts { nodes { id } } }`, "", 401, `Bearer realm="corebank"`,
			"UNAUTHENTICATED"},
		"money in a fragment": {`{ ...f } fragment f on Query { ... { accounts { nodes { id } } } }`, "", 401,
			`Bearer realm="corebank"`, "UNAUTHENTICATED"},
		"money with a password": {money, "Basic dGVzczp0ZXNz", 401, `Bearer realm="corebank", error="invalid_token"`,
			"UNAUTHENTICATED"},
		"money with nothing": {money, "Bearer ", 401, `Bearer realm="corebank", error="invalid_token"`,
			"UNAUTHENTICATED"},
		"money with a forged token": {money, "Bearer " + forged, 401, `Bearer realm="corebank", error="invalid_token"`,
			"UNAUTHENTICATED"},
		"the schema with a forged token": {`{ __typename }`, "Bearer " + forged, 401,
			`Bearer realm="corebank", error="invalid_token"`, "refused"},
		"money with a token": {money, "bearer " + bank.Token, 200, "", `"accounts"`},
	} {
		response, text := post(t, bank, test.query, test.authorization)
		if response.StatusCode != test.status || response.Header.Get("WWW-Authenticate") != test.challenge ||
			!strings.Contains(text, test.says) {
			t.Errorf("%s: %s, %q: %s", name, response.Status, response.Header.Get("WWW-Authenticate"), text)
		}
		if test.authorization != "" && strings.Contains(text, strings.TrimPrefix(test.authorization, "Bearer ")) &&
			test.status != 200 && len(test.authorization) > 10 {
			t.Errorf("%s: the answer repeats the token: %s", name, text)
		}
	}
}

// TestRolesThatMayNot: an auditor changes nothing, and a customer has no desk.
func TestRolesThatMayNot(t *testing.T) {
	bank := banktest.Start(t)
	account := bank.Open("ada")
	deposit := `mutation { deposit(input: {accountId: "` + account +
		`", amount: {value: "1", currency: "EUR"}, idempotencyKey: "k"}) { replayed } }`
	batch := `mutation { postBatch(input: {items: [{reverse: {transactionId: "x", reason: "r", idempotencyKey: "k"}}]}) {
		failedIndex } }`
	for name, test := range map[string]struct {
		role  identity.Role
		query string
	}{
		"an auditor pays in":             {identity.Auditor, deposit},
		"somebody without a role does":   {"gardener", deposit},
		"a customer audits":              {identity.Customer, `{ trialBalance { balanced } }`},
		"a customer looks at the system": {identity.Customer, `{ systemStatus { head } }`},
		"a customer reverses in a batch": {identity.Customer, batch},
	} {
		t.Run(name, func(*testing.T) { bank.As("somebody", test.role).Do(test.query, nil).Fails("FORBIDDEN") })
	}
	bank.As("audrey", identity.Auditor).Do(`query($id: ID!) {
	  account(id: $id) { owner events { nodes { caller callerRole } } } trialBalance { balanced } systemStatus { head }
	}`, map[string]any{"id": account}).Answers(`{account: {events: {nodes: [{caller: tess, callerRole: teller}]}}}`)
	bank.As("somebody", identity.Customer).Do(`subscription { transactions { cursor } }`, nil).Fails() // by POST
}

// closeOf is the code that a websocket with a payload for connection_init is
// closed with, and how long that took.
func closeOf(t *testing.T, bank *banktest.Bank, payload any) (code int) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, _, err := dialer.DialContext(t.Context(), strings.Replace(bank.URL, "http", "ws", 1)+"/graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := errors.Join(conn.WriteJSON(map[string]any{"type": "connection_init", "payload": payload}),
		conn.SetReadDeadline(time.Now().Add(20*time.Second))); err != nil {
		t.Fatal(err)
	}
	for {
		var closed *websocket.CloseError
		if _, _, err := conn.ReadMessage(); errors.As(err, &closed) {
			return closed.Code
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWebsocketsOfThoseWhoMayNot(t *testing.T) {
	bank := banktest.Start(t)
	soon, err := bank.People.Token("tess", identity.Teller, time.Now(), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	forged := identitytest.NewIssuer(t).TokenFor("tess", identity.Teller)
	for name, test := range map[string]struct {
		payload any
		code    int
	}{
		"nothing":            {nil, 4401},
		"an empty payload":   {map[string]any{}, 4401},
		"a forged token":     {map[string]any{"authorization": "Bearer " + forged}, 4401},
		"no Bearer":          {map[string]any{"authorization": bank.Token}, 4401},
		"no role":            {map[string]any{"authorization": "Bearer " + bank.People.TokenFor("sam", "gardener")}, 4403},
		"one that ends soon": {map[string]any{"Authorization": "Bearer " + soon}, 4403}, // it had been good
	} {
		if code := closeOf(t, bank, test.payload); code != test.code {
			t.Errorf("%s: closed with %d, want %d", name, code, test.code)
		}
	}
}
