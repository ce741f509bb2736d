package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
	"corebank/server"
)

// counter is a gateway without a bank behind it: enough for what the gateway
// refuses by itself.
func counter(t *testing.T) *httptest.Server {
	t.Helper()
	return counterWith(t, server.Transports{})
}

// counterWith is a counter with transports other than the default ones.
func counterWith(t *testing.T, transports server.Transports) *httptest.Server {
	t.Helper()
	return serve(t, server.NewSubscriptionHub(&history{}), transports)
}

// serve is a gateway over a subscription hub, which accepts every token.
func serve(t *testing.T, hub *server.SubscriptionHub, transports server.Transports) *httptest.Server {
	t.Helper()
	gateway := httptest.NewServer(handler(hub, transports))
	t.Cleanup(gateway.Close)
	return gateway
}

// handler is that of serve.
func handler(hub *server.SubscriptionHub, transports server.Transports) http.Handler {
	parts := server.Parts{Subscriptions: hub, Verify: trustAny, Transports: transports}
	return signedIn(server.Handler(parts, func(context.Context) contract.Readiness {
		return contract.Readiness{Ready: true}
	}))
}

// trustAny is a verifier that accepts every token.
func trustAny(context.Context, string) (identity.Principal, error) {
	return identitytest.Person("ada", identity.Teller), nil
}

// signedIn gives a token to every request that has none.
func signedIn(gateway http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			r.Header.Set("Authorization", "Bearer x")
		}
		gateway.ServeHTTP(w, r)
	})
}

// ask sends a query and returns what came back.
func ask(t *testing.T, gateway *httptest.Server, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(gateway.URL+"/graphql", "application/json", strings.NewReader(string(body)))
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

func TestRequestsHaveABound(t *testing.T) {
	gateway := counter(t)
	for name, test := range map[string]struct{ query, contains string }{
		"a request":      {"{ __typename }", `"Query"`},
		"a long request": {"{ __typename } #" + strings.Repeat("x", 99<<10), `"Query"`},
		"a longer document": {"{ __typename } #" + strings.Repeat("x", 100<<10),
			`"limit":"documentBytes","most":102400`},
		"a request beyond 1 MiB":  {"{ __typename } #" + strings.Repeat("x", 1<<20), `"limit":"bodyBytes","most":1048576`},
		"one word many times":     {"{" + strings.Repeat(" __typename", 31) + " }", `"Query"`},
		"one word too many times": {"{" + strings.Repeat(" __typename", 32) + " }", `"limit":"repeats","most":30`},
		"more than 500 words":     {"{" + strings.Repeat(" __typename", 501) + " }", `"asked":501`},
		"more than 2000 tokens":   {"{" + strings.Repeat(" __typename", 2001) + " }", `"limit":"tokens","most":2000`},
		"a query that is deepest": {strings.Repeat("{ a ", 1000) + strings.Repeat("}", 1000), `"limit":"tokens","most":2000`},
	} {
		if got := ask(t, gateway, test.query); !strings.Contains(got, test.contains) {
			t.Errorf("%s is answered with %.300s, want %q", name, got, test.contains)
		}
	}
}

func TestWebsocketMessagesHaveABound(t *testing.T) {
	gateway := counter(t)
	for size, taken := range map[int]bool{60 << 10: true, 65 << 10: false} {
		dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
		socket, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(gateway.URL, "http")+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		payload := map[string]string{"x": strings.Repeat("x", size)}
		if err := socket.WriteJSON(map[string]any{"type": "connection_init", "payload": payload}); err != nil {
			t.Fatal(err)
		}
		var answer struct{ Type string }
		err = socket.ReadJSON(&answer)
		if is := err == nil && answer.Type == "connection_ack"; is != taken {
			t.Errorf("a message of %d bytes is answered with %+v (%v), taken: %t", size, answer, err, taken)
		}
	}
}

func TestCommandsForTooManyAccountsAreRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		commands := commandsTo(func(_ bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
			<-release
			return echo(batch), nil
		})
		var group sync.WaitGroup
		defer group.Wait()
		defer close(release)
		const limit = 10_000
		for i := range limit {
			group.Go(func() {
				id := bank.NewAccountID("crowd", fmt.Sprint(i))
				if outcome := execute(t, commands, id, "k"); outcome.Status != contract.Applied {
					t.Errorf("account %d: %+v", i, outcome)
				}
			})
		}
		synctest.Wait()
		outcome := execute(t, commands, ada, "k")
		if outcome.Status != contract.Unavailable || !strings.Contains(outcome.Reason, "too many actors") {
			t.Errorf("one more got %+v, want %s because of too many actors", outcome, contract.Unavailable)
		}
	})
}

func TestTooManySubscribersAreRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 2))
		const limit = 20_000
		accepted := make([]*listener, limit)
		for i := range accepted {
			accepted[i] = listen(t, feed, ada, -1, nil)
		}
		synctest.Wait()
		if fault := listen(t, feed, ada, -1, nil).fails(t, graph.CodeUnavailable); !fault.Retryable {
			t.Errorf("one more got %+v, want that it may try again", fault)
		}
		accepted[0].cancel() // frees one place
		synctest.Wait()
		late := listen(t, feed, ada, -1, nil)
		synctest.Wait()
		handle(t, feed, h.grow(t, 1))
		late.expect(t, 3)
		for _, l := range append(accepted, late) {
			l.cancel()
		}
		synctest.Wait()
	})
}

// slowLog blocks every read until release is closed; reading has a value for each.
type slowLog struct {
	*history
	reading chan struct{}
	release chan struct{}
}

func (l *slowLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	l.reading <- struct{}{}
	<-l.release
	return l.history.ReadStream(ctx, r)
}

func TestSubscribersReadTheirPastInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &slowLog{history: &history{}, reading: make(chan struct{}, 1000), release: make(chan struct{})}
		feed := server.NewSubscriptionHub(l)
		handle(t, feed, l.grow(t, 4))
		var all []*listener
		for range 50 {
			all = append(all, listen(t, feed, ada, 0, nil))
		}
		synctest.Wait()
		if n := len(l.reading); n != 16 {
			t.Errorf("%d subscribers read the log at once, want 16", n)
		}
		close(l.release)
		for _, one := range all {
			one.expect(t, 3)
			one.cancel()
		}
		synctest.Wait()
	})
}
