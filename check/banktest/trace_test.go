package banktest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"corebank/check/banktest"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/tracing/tracingtest"
	"corebank/server"
)

// sent is an answer with its headers.
type sent struct {
	status int
	header http.Header
	body   string
}

// request is the id of the request, as it comes back.
func (s sent) request() string { return s.header.Get("X-Request-Id") }

// send sends a GraphQL request with headers of its own.
func send(t *testing.T, c *banktest.Client, header http.Header, query string, variables map[string]any) sent {
	t.Helper()
	text, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/graphql",
		strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.Token)
	for name, values := range header {
		request.Header[name] = values
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return sent{answer.StatusCode, answer.Header, string(body)}
}

const deposit = `mutation($in: DepositInput!) { deposit(input: $in) { transaction { id } userErrors { message } } }`

// watched is an account whose owner's phone has had its first payments, and so the
// next one as it happens.
func watched(b *banktest.Bank) (id string, phone *banktest.Socket) {
	id = b.Open("ada")
	b.Deposit(id, "1.00", "EUR", "first")
	phone = b.Dial()
	phone.Subscribe(id, banktest.FromStart)
	phone.Received()
	b.Deposit(id, "1.00", "EUR", "second")
	phone.Received()
	b.Until("the phone to have read the log", func() bool { return b.Subscribers() == 1 })
	b.Settle()
	return id, phone
}

// isTrace waits until the trace of an append by an actor of a type is what it has to be. Spans end in the order of
// the apps' own work, a delivery's after what it delivered is read, so that none of them is the last.
func isTrace(t *testing.T, spans *tracingtest.Spans, trace, actor, deliveries string) {
	t.Helper()
	want := `POST /graphql (server, server)
  mutation (server, server)
    ` + actor + `/execute (server, client)
      ` + actor + `/execute (actor, server)
        decide (actor, internal)
        eventsource/append (actor, client)
          eventsource/append (eventsource, server)
            commit (eventsource, internal)
            publish corebank-events (eventsource, producer)
              project corebank-events (projector, consumer)
` + deliveries
	spans.Await(t, trace, want)
}

// TestADepositIsOneTrace from the request to the subscriber, through all four apps.
func TestADepositIsOneTrace(t *testing.T) {
	for _, partitions := range []int{1, 2} {
		spans := tracingtest.Record(t, sdktrace.AlwaysSample())
		b := banktest.StartOn(t, partitions)
		id, phone := watched(b)
		trace := send(t, b.Client, nil, deposit, map[string]any{"in": given(t, b).pay(id, "5.00")}).request()
		phone.Received()
		isTrace(t, spans, trace, "account", "              deliver corebank-events (server, consumer)\n")
		b.Stop()
	}
}

// TestATraceGoesOn from the client's, and a transfer is one as well.
func TestATraceGoesOn(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.ParentBased(sdktrace.NeverSample()))
	b := banktest.Start(t)
	ada, bob := b.Open("ada"), b.Open("bob")
	b.Deposit(ada, "9.00", "EUR", "wages")
	b.Settle()
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	send(t, b.Client, http.Header{"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}},
		`mutation($in: TransferInput!) { transfer(input: $in) { transfer { status } } }`,
		map[string]any{"in": map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("1.00"),
			"idempotencyKey": "rent"}})
	isTrace(t, spans, trace, "clearing", "")
	if all, own := len(spans.All()), len(spans.Of(trace)); all != own {
		t.Errorf("%d spans are exported, %d of them of this trace", all, own)
	}
}

// TestATransferBetweenPartitionsIsInOneTrace, with its steps on both accounts. A step that a driver read from the log
// instead of the topic has no trace, so a slow machine may need another transfer.
func TestATransferBetweenPartitionsIsInOneTrace(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.ParentBased(sdktrace.NeverSample()))
	b := banktest.StartOn(t, 2)
	ada := b.Open("ada")
	bob := ada
	for n := 0; contract.PartitionOf(bank.AccountID(bob), 2) == contract.PartitionOf(bank.AccountID(ada), 2); n++ {
		bob = b.Open(fmt.Sprint("bob ", n))
	}
	b.Deposit(ada, "900.00", "EUR", "wages")
	b.Settle()
	sent := 0
	b.Until("a transfer whose trace has its steps", func() bool {
		sent++
		trace := fmt.Sprintf("4bf92f3577b34da6a3ce929d0e%06x", sent)
		send(t, b.Client, http.Header{"Traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"}},
			`mutation($in: TransferInput!) { transfer(input: $in) { transfer { status } } }`,
			map[string]any{"in": map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("1.00"),
				"idempotencyKey": trace}})
		b.Settle()
		tree := spans.Tree(trace)
		return strings.Count(tree, "account/execute (actor, client)") == 2 &&
			strings.Count(tree, "account/execute (actor, server)") == 2 &&
			strings.Count(tree, "commit (eventsource, internal)") == 3
	})
}

// TestAFailureIsSeenWithoutSampling, and a refusal is none.
func TestAFailureIsSeenWithoutSampling(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.NeverSample())
	b := banktest.Start(t)
	ada := b.Open("ada")
	b.Settle()
	b.Mutate("withdraw", given(t, b).pay(ada, "5.00")).Refused("INSUFFICIENT_FUNDS")
	send(t, b.Client, nil, `{ nonsense }`, nil)
	if got := spans.All(); len(got) != 0 {
		t.Fatalf("exported %v", got)
	}
	away := b.GatewayWith(func(p *server.Parts) { p.Views = noViews{p.Views, false} })
	answer := send(t, away, nil, `query($id: ID!) { account(id: $id) { id } }`, map[string]any{"id": ada})
	if !strings.Contains(answer.body, `"requestId":"`+answer.request()+`"`) {
		t.Errorf("the error does not have the id %s: %s", answer.request(), answer.body)
	}
	spans.Await(t, answer.request(), "POST /graphql (server, server)\n  query (server, server)\n")
}

// TestEveryRequestHasAnID that comes back, whatever the answer is.
func TestEveryRequestHasAnID(t *testing.T) {
	b := banktest.Start(t)
	const own = "order-4711/a.b:c"
	stranger := b.With("no-token")
	for what, answer := range map[string]func(header http.Header) sent{
		"an answer":   func(h http.Header) sent { return send(t, b.Client, h, `{ caller { subject } }`, nil) },
		"an error":    func(h http.Header) sent { return send(t, b.Client, h, `{ nonsense }`, nil) },
		"a bad token": func(h http.Header) sent { return send(t, stranger, h, `{ caller { subject } }`, nil) },
		"a bad origin": func(h http.Header) sent {
			h.Set("Origin", "http://else")
			return send(t, b.Client, h, `{ x }`, nil)
		},
	} {
		if got := answer(http.Header{"X-Request-Id": {own}}); got.request() != own {
			t.Errorf("%s: %q comes back", what, got.request())
		} else if got.status >= 400 && !strings.Contains(got.body, `"requestId":"`+own+`"`) {
			t.Errorf("%s does not name it: %s", what, got.body)
		}
		for _, bad := range [][]string{nil, {""}, {"a b"}, {strings.Repeat("x", 65)}, {own, own}, {"ä"}} {
			got := answer(http.Header{"X-Request-Id": bad}).request()
			if len(got) != 32 || strings.Trim(got, "0123456789abcdef") != "" {
				t.Errorf("%s for %q: %q", what, bad, got)
			}
		}
	}
}
