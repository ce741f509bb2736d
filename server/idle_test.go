package server_test

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
	"corebank/server"
)

// lobby is a gateway with idle websockets, each with one subscription.
type lobby struct {
	gateway *httptest.Server
	feed    *server.SubscriptionHub
	log     *sharedLog
	token   string
	open    []net.Conn
}

func newLobby(tb testing.TB) *lobby {
	people := identitytest.NewIssuer(tb)
	l := &lobby{log: &sharedLog{}, token: people.TokenFor("ada", identity.Teller)}
	l.feed = server.NewSubscriptionHub(l.log)
	transports := server.Transports{Ping: time.Hour}
	parts := server.Parts{Subscriptions: l.feed, Verify: people.Verifier().Verify, Transports: transports}
	ready := func(context.Context) contract.Readiness { return contract.Readiness{} }
	l.gateway = httptest.NewServer(server.Handler(parts, ready))
	tb.Cleanup(l.end)
	return l
}

// end closes it; it may be closed already.
func (l *lobby) end() {
	for _, conn := range l.open {
		conn.Close()
	}
	l.open = nil
	l.gateway.Close()
}

// subscribed selects what a list of transactions shows.
const subscribed = "{ cursor transaction {" +
	" id type amount { value } balanceAfter { value } version occurredAt reference } }"

// come opens a websocket, subscribes to what happens after the first transaction,
// and receives it. The client keeps only the connection, so that what grows is
// the gateway.
func (l *lobby) come(tb testing.TB, account string) net.Conn {
	tb.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{modernProtocol}, ReadBufferSize: 512, WriteBufferSize: 512}
	conn, _, err := dialer.DialContext(tb.Context(), "ws"+strings.TrimPrefix(l.gateway.URL, "http")+"/graphql", nil)
	if err != nil {
		tb.Fatal(err)
	}
	query := fmt.Sprintf("subscription { transactions(%s after: %q) %s }", account, cursorAt("0"), subscribed)
	signIn := fmt.Sprintf(`{"type":"connection_init","payload":{"authorization":"Bearer %s"}}`, l.token)
	subscribe := fmt.Sprintf(`{"id":"1","type":"subscribe","payload":{"query":%q}}`, query)
	for _, text := range []string{signIn, subscribe} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			tb.Fatal(err)
		}
	}
	for _, want := range []string{ack, `"type":"next"`} {
		if _, text, err := conn.ReadMessage(); err != nil || !strings.Contains(string(text), want) {
			tb.Fatalf("%s, %v; want %s", text, err, want)
		}
	}
	l.open = append(l.open, conn.NetConn())
	return conn.NetConn()
}

// TestASubscriptionThatWaitsHasNoGoroutine: a websocket has one, to read, and
// its subscription none.
func TestASubscriptionThatWaitsHasNoGoroutine(t *testing.T) {
	l := newLobby(t)
	handle(t, l.feed, l.log.pay(t, 1, 10))
	l.come(t, "")
	const more = 50
	before := runtime.NumGoroutine()
	for range more {
		l.come(t, "")
	}
	deadline := time.Now().Add(patienceOfTests)
	for runtime.NumGoroutine() > before+more {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines for %d more websockets", runtime.NumGoroutine()-before, more)
		}
		runtime.Gosched() // some have not begun yet
	}
}

// BenchmarkIdleSockets measures what a websocket with one subscription costs that
// receives nothing: the memory in use, the client's connection included, and the
// goroutines.
func BenchmarkIdleSockets(b *testing.B) {
	const sockets = 2000
	for b.Loop() {
		l := newLobby(b)
		handle(b, l.feed, l.log.pay(b, 1, 10))
		l.come(b, "")
		inUse := func() (bytes, stacks uint64) {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc, m.StackInuse
		}
		heap, stacks := inUse()
		goroutines := runtime.NumGoroutine()
		for range sockets {
			l.come(b, fmt.Sprintf("accountId: %q", ada))
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse+m.StackInuse-heap-stacks)/sockets, "uncollected-B/socket")
		heapNow, stacksNow := inUse()
		b.ReportMetric(float64(heapNow-heap)/sockets, "heap-B/socket")
		b.ReportMetric(float64(stacksNow-stacks)/sockets, "stack-B/socket")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/sockets, "goroutines/socket")
		l.end()
	}
}
