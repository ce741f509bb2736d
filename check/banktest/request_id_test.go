package banktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// wrong is a request that is answered with an error of a code.
type wrong struct{ query, code string }

// Cursors that the log cannot have: no cursor at all, and "position:999".
const (
	noCursor   = "bm90aGluZw"
	farCursor  = "cG9zaXRpb246OTk5"
	noAccount  = `(id: "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa")`
	noTransfer = `(id: "trf_aaaaaaaaaaaaaaaaaaaaaaaaaa")`
)

// wrongAnywhere fail on every transport, and wrongStreams on those of subscriptions: before they begin, and at their
// ends.
var (
	wrongAnywhere = []wrong{
		{`{`, "GRAPHQL_PARSE_FAILED"}, {`{ nonsense }`, "GRAPHQL_VALIDATION_FAILED"},
		{`query($id: ID!) { account(id: $id) { id } }`, "GRAPHQL_VALIDATION_FAILED"},
		{`{ transactions(first: -1) { pageInfo { endCursor } } }`, "GRAPHQL_VALIDATION_FAILED"},
		{`{ exchangeRate }`, "GRAPHQL_VALIDATION_FAILED"},
		{`{ accounts(first: 1000000) { edges { cursor } } }`, "BAD_USER_INPUT"}, // in an answer that has data as well
	}
	wrongStreams = []wrong{
		{`subscription { accountUpdated` + noAccount + ` { id } }`, "NOT_FOUND"},
		{`subscription { transferUpdated` + noTransfer + ` { id } }`, "NOT_FOUND"},
		{`subscription { transactionFeed(heartbeatSeconds: 0) { cursor } }`, "BAD_USER_INPUT"},
		{`subscription { transactions(after: "` + noCursor + `") { cursor } }`, "BAD_USER_INPUT"},
		{`subscription { transactions(after: "` + farCursor + `") { cursor } }`, "CURSOR_INVALID"},
	}
)

// named fails unless there are errors of the code, each with the id of the request; "" for any id.
func named(t *testing.T, what string, errs json.RawMessage, code, id string) {
	t.Helper()
	var all []struct {
		Message    string
		Extensions struct{ Code, RequestID string }
	}
	if err := json.Unmarshal(errs, &all); err != nil || len(all) == 0 {
		t.Fatalf("%s: %v: %s", what, err, errs)
	}
	for _, e := range all {
		if e.Extensions.Code != code || e.Extensions.RequestID == "" || id != "" && e.Extensions.RequestID != id {
			t.Errorf("%s is answered with %s, want %s of the request %q", what, errs, code, id)
		}
	}
}

// errorsIn is the member errors of an answer.
func errorsIn(t *testing.T, what string, answer []byte) json.RawMessage {
	t.Helper()
	var parts struct{ Errors json.RawMessage }
	if err := json.Unmarshal(answer, &parts); err != nil {
		t.Fatalf("%s: %v: %s", what, err, answer)
	}
	return parts.Errors
}

// TestEveryErrorNamesItsRequest, on every transport, so that an operator finds what a client tells of.
func TestEveryErrorNamesItsRequest(t *testing.T) {
	b := banktest.Start(t)
	for _, one := range wrongAnywhere {
		answer := send(t, b.Client, nil, one.query, nil)
		named(t, one.query, errorsIn(t, one.query, []byte(answer.body)), one.code, answer.request())
	}
	for _, one := range append(wrongAnywhere, wrongStreams...) {
		answer := send(t, b.Client, http.Header{"Accept": {"text/event-stream"}}, one.query, nil)
		_, data, _ := strings.Cut(answer.body, "event: next\ndata: ")
		data, _, _ = strings.Cut(data, "\n")
		named(t, "event stream: "+one.query, errorsIn(t, one.query, []byte(data)), one.code, answer.request())
	}
	socket := b.Dial()
	for _, one := range append(wrongAnywhere, wrongStreams...) {
		socket.Ask("1", one.query, nil)
		hearsError(t, socket, "websocket: "+one.query, one.code)
	}
}

func hearsError(t *testing.T, socket *banktest.Socket, what, code string) {
	t.Helper()
	var errs json.RawMessage
	kind, _ := socket.Next(&errs)
	if kind == "next" {
		errs = errorsIn(t, what, errs)
		kind, _ = socket.Next(nil)
	}
	if kind != "error" && kind != "complete" {
		t.Fatalf("%s is answered with %s", what, kind)
	}
	named(t, what, errs, code, "")
}

// TestWhatAGatewayRefusesByItselfNamesItsRequest as well: what a websocket has too much of, and what is no GraphQL over
// HTTP.
func TestWhatAGatewayRefusesByItselfNamesItsRequest(t *testing.T) {
	b := banktest.Start(t)
	socket := b.Dial()
	const most = 100
	for i := range most {
		socket.Ask("feed "+string(rune('a'+i)), `subscription { transactions { cursor } }`, nil)
	}
	socket.Ask("1", `{ caller { subject } }`, nil)
	hearsError(t, socket, "one operation more", "TOO_MANY_OPERATIONS")

	reading, answered := b.Dial(), false // of the schema, which is bounded for an address
	for i := 0; i < 500 && !answered; i++ {
		var payload json.RawMessage
		reading.Ask("1", `query($deep: Boolean = true) { __type(name: "Account") { name @include(if: $deep) } }`, nil)
		kind, _ := reading.Next(&payload)
		if answered = kind == "error"; answered {
			named(t, "the schema once more", payload, "RATE_LIMITED", "")
			continue
		}
		reading.Next(nil) // complete
	}
	if !answered {
		t.Error("the schema is read without a bound")
	}
	for what, one := range map[string]struct {
		method, query, body, code string
		header                    http.Header
	}{
		"a mutation by GET": {method: "GET", code: "METHOD_NOT_ALLOWED",
			query: url.Values{"query": {`mutation { closeAccount(input: {accountId: "x", idempotencyKey: "1"}) {
				replayed } }`}}.Encode()},
		"a PUT":   {method: "PUT", code: "METHOD_NOT_ALLOWED"},
		"no JSON": {method: "POST", body: "{", code: "BAD_REQUEST"},
		"a form": {method: "POST", header: http.Header{"Content-Type": {"text/plain"}},
			code: "UNSUPPORTED_MEDIA_TYPE"},
		"only pictures": {method: "POST", header: http.Header{"Accept": {"image/png"}}, code: "NOT_ACCEPTABLE"},
		"a subscription by POST": {method: "POST", body: `{"query":"subscription { transactions { cursor } }"}`,
			code: "BAD_REQUEST"},
		"half a handshake": {method: "GET", code: "BAD_REQUEST", header: http.Header{"Connection": {"Upgrade"},
			"Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}}},
	} {
		request, err := http.NewRequestWithContext(t.Context(), one.method, b.URL+"/graphql?"+one.query,
			strings.NewReader(one.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+b.Token)
		for name, values := range one.header {
			request.Header[name] = values
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		named(t, what, errorsIn(t, what, text), one.code, answer.Header.Get("X-Request-Id"))
	}
}
