package server_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"corebank/server"
)

// eventStream reads server-sent events.
type eventStream struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Reader
}

// openEvents sends a request by POST, or by GET when there is no body.
func openEvents(t *testing.T, ctx context.Context, gateway, body, query string) eventStream {
	t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, gateway+"/graphql"+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	if body != "" {
		request.Header.Set("Content-Type", jsonMedia)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return eventStream{t, response, bufio.NewReader(response.Body)}
}

// next is the next event: everything up to an empty line. It ends with "!" and the
// error when the stream ends.
func (e eventStream) next() string {
	e.t.Helper()
	var event strings.Builder
	for {
		line, err := e.lines.ReadString('\n')
		if err != nil {
			return event.String() + "!" + err.Error()
		}
		if line == "\n" {
			return event.String()
		}
		event.WriteString(line)
	}
}

// expect reads the next events, which must begin with these texts.
func (e eventStream) expect(wanted ...string) {
	e.t.Helper()
	for _, want := range wanted {
		if got := e.next(); !strings.HasPrefix(got, want) {
			e.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

const (
	opened    = ":\n"
	completed = "event: complete\ndata:\n"
	next      = "event: next\ndata: "
	failing   = `{"errors":[{"message":` // a response without data, up to its first message
)

func TestServerSentEvents(t *testing.T) {
	gateway := counter(t).URL
	byGET := func(document string) string { return "?query=" + url.QueryEscape(document) }
	for name, test := range map[string]struct {
		body, query string
		data        string // of the one event, as it begins
	}{
		"a query":        {body: askName, data: named + "\n"},
		"a query by GET": {query: byGET("{ __typename }"), data: named + "\n"},
		"a mutation": {body: `{"query":"mutation { __typename }"}`,
			data: `{"data":{"__typename":"Mutation"}}` + "\n"},
		"a mutation by GET":  {query: byGET("mutation { __typename }"), data: failing + `"Send mutations by POST."`},
		"a validation error": {body: `{"query":"{ nothing }"}`, data: failing + `"Cannot query field`},
		"a stream that can't begin": {
			body: `{"query":"subscription { transactions(after: \"x\") { cursor } }"}`,
			data: failing},
		"@defer": {body: `{"query":"{ ... @defer { __typename } }"}`, data: failing + `"@defer is not supported: leave`},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEvents(t, t.Context(), gateway, test.body, test.query)
			if e.response.StatusCode != http.StatusOK {
				t.Errorf("status %s", e.response.Status)
			}
			for header, want := range map[string]string{
				"Content-Type":      "text/event-stream; charset=utf-8",
				"X-Accel-Buffering": "no",
				"Cache-Control":     "no-cache",
			} {
				if got := e.response.Header.Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			e.expect(opened, next+test.data, completed, "!EOF")
		})
	}
	for name, test := range map[string]exchange{ // an invalid request gets no stream
		"no JSON":  {body: "{", status: 400, media: jsonMedia, contains: "not JSON"},
		"no query": {body: "{}", status: 400, media: jsonMedia, contains: "no query"},
		"a form": {header: typed("application/x-www-form-urlencoded"), body: "query=x",
			status: 415, media: jsonMedia},
	} {
		t.Run(name, func(t *testing.T) { test.accepting("text/event-stream").run(t, gateway) })
	}
}

// TestAQuietStreamStaysOpen: comments show that it is alive, for longer than the
// time in which a request must arrive.
func TestAQuietStreamStaysOpen(t *testing.T) {
	feed := server.NewSubscriptionHub(&history{})
	transports := server.Transports{KeepAlive: 20 * time.Millisecond}
	gateway := httptest.NewUnstartedServer(handler(feed, transports))
	gateway.Config.ReadTimeout = 100 * time.Millisecond
	gateway.Start()
	defer gateway.Close()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	e := openEvents(t, ctx, gateway.URL, subscribeAll, "")
	e.expect(opened)
	for range 15 { // three times the read timeout
		e.expect(": ping\n")
	}
}

// TestAStreamHearsTheFeed: when the feed fails, its error is the last event. Here
// the account's history cannot be read.
func TestAStreamHearsTheFeed(t *testing.T) {
	log := &sharedLog{}
	feed := server.NewSubscriptionHub(log)
	handle(t, feed, log.pay(t, 2, 1))
	log.pay(t, 1, 1)
	log.records[2].Type = "money-printed"
	gateway := serve(t, feed, server.Transports{})
	query := fmt.Sprintf("subscription { transactions(accountId: %q, after: %q) { transaction { version } } }",
		ada, cursorAt("1"))
	e := openEvents(t, t.Context(), gateway.URL, fmt.Sprintf(`{"query":%q}`, query), "")
	e.expect(opened, next+`{"data":{"transactions":{"transaction":{"version":2}}}}`)
	e.expect(next+failing+`"Version 3 of account`, completed, "!EOF")
}

func TestStreamsEndWithTheGateway(t *testing.T) {
	ending, end := context.WithCancel(t.Context())
	gateway := counterWith(t, server.Transports{Ending: ending})
	e := openEvents(t, t.Context(), gateway.URL, subscribeAll, "")
	e.expect(opened)
	end()
	e.expect("!") // no complete event before the connection ends
}
