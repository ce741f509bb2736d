package server_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/server"
)

// eventStream reads server-sent events.
type eventStream struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Reader
}

// openEvents asks by POST, or by GET when there is no body.
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

// next is everything up to an empty line.
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

// expect wants these events, as they begin.
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
)

func TestServerSentEvents(t *testing.T) {
	gateway := counter(t).URL
	for name, test := range map[string]struct {
		body, query string
		events      []string
	}{
		"a query":                   {body: askName, events: []string{"event: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n"}},
		"a query by GET":            {query: "?query=" + url.QueryEscape("{ __typename }"), events: []string{"event: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n"}},
		"a mutation":                {body: `{"query":"mutation { __typename }"}`, events: []string{"event: next\ndata: {\"data\":{\"__typename\":\"Mutation\"}}\n"}},
		"a mutation by GET":         {query: "?query=" + url.QueryEscape("mutation { __typename }"), events: []string{"event: next\ndata: {\"errors\":[{\"message\":\"Send mutations by POST.\""}},
		"a validation error":        {body: `{"query":"{ nothing }"}`, events: []string{"event: next\ndata: {\"errors\":[{\"message\":\"Cannot query field"}},
		"a stream that can't begin": {body: `{"query":"subscription { transactions(after: \"x\") { cursor } }"}`, events: []string{"event: next\ndata: {\"errors\":[{\"message\":"}},
		"@defer":                    {body: `{"query":"{ ... @defer { __typename } }"}`, events: []string{"event: next\ndata: {\"errors\":[{\"message\":\"@defer is not supported: leave"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEvents(t, t.Context(), gateway, test.body, test.query)
			h := e.response.Header
			if e.response.StatusCode != http.StatusOK || h.Get("Content-Type") != "text/event-stream; charset=utf-8" || h.Get("X-Accel-Buffering") != "no" || h.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s, %v", e.response.Status, h)
			}
			e.expect(append(append([]string{opened}, test.events...), completed, "!EOF")...)
		})
	}
	for name, test := range map[string]exchange{ // what is no request has no stream
		"no JSON":  {body: "{", status: 400, media: jsonMedia, says: "not JSON"},
		"no query": {body: "{}", status: 400, media: jsonMedia, says: "no query"},
		"a form":   {header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, body: "query=x", status: 415, media: jsonMedia},
	} {
		t.Run(name, func(t *testing.T) {
			asked := test
			asked.header = accepting("text/event-stream")
			for name, value := range test.header {
				asked.header[name] = value
			}
			asked.run(t, gateway)
		})
	}
}

// TestAQuietStreamStaysOpen: comments show that it lives, for longer than a
// request may take to come in.
func TestAQuietStreamStaysOpen(t *testing.T) {
	feed := server.NewSubscriptionHub(&history{})
	gateway := httptest.NewUnstartedServer(signedIn(server.Handler(server.Parts{Subscriptions: feed, Verify: anybody, Transports: server.Transports{KeepAlive: 20 * time.Millisecond}},
		func(context.Context) contract.Readiness { return contract.Readiness{} })))
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

// TestAStreamHearsTheFeed, whose failure is the last answer: here that
// the account's history cannot be read.
func TestAStreamHearsTheFeed(t *testing.T) {
	log := &sharedLog{}
	feed := server.NewSubscriptionHub(log)
	handle(t, feed, log.pay(t, 2, 1))
	log.pay(t, 1, 1)
	log.records[2].Type = "money-printed"
	gateway := httptest.NewServer(signedIn(server.Handler(server.Parts{Subscriptions: feed, Verify: anybody}, func(context.Context) contract.Readiness { return contract.Readiness{} })))
	defer gateway.Close()
	e := openEvents(t, t.Context(), gateway.URL, `{"query":"subscription { transactions(accountId: \"`+string(ada)+`\", after: \"`+cursorAt("1")+`\") { transaction { version } } }"}`, "")
	e.expect(opened, "event: next\ndata: {\"data\":{\"transactions\":{\"transaction\":{\"version\":2}}}}")
	e.expect("event: next\ndata: {\"errors\":[{\"message\":\"Version 3 of account", completed, "!EOF")
}

func TestStreamsEndWithTheGateway(t *testing.T) {
	ending, end := context.WithCancel(t.Context())
	gateway := counterWith(t, server.Transports{Ending: ending})
	e := openEvents(t, t.Context(), gateway.URL, subscribeAll, "")
	e.expect(opened)
	end()
	e.expect("!") // and not with a complete
}
