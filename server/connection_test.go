package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/server"
)

func TestASilentWebsocketIsClosed(t *testing.T) {
	gateway := counterWith(t, server.Transports{InitTime: 20 * time.Millisecond})
	for _, protocol := range []string{modernProtocol, legacyProtocol} {
		dial(t, gateway, protocol).ended(4408, "Connection initialisation timeout")
	}
	r := dial(t, gateway, modernProtocol)
	r.say(`{"type":"ping"}`) // does not count as an init
	r.hear(`{"type":"pong"}`)
	r.ended(4408, "")
}

func TestClientsAreAskedWhetherTheyAreThere(t *testing.T) {
	gateway := counterWith(t, server.Transports{Ping: 500 * time.Millisecond})
	r := dial(t, gateway, modernProtocol)
	r.say(begin)
	r.hear(ack)
	for range 4 { // a client that answers stays connected beyond the time-out
		r.hear(`{"type":"ping"}`)
		r.say(`{"type":"pong"}`)
	}
	if _, _, err := r.ReadMessage(); err != nil { // a ping, which gets no answer from here on
		t.Fatal(err)
	}
	for {
		if _, _, err := r.ReadMessage(); err != nil {
			if !websocket.IsUnexpectedCloseError(err) {
				t.Errorf("the connection ended with %v", err)
			}
			break
		}
	}

	old := dial(t, gateway, legacyProtocol)
	old.say(begin)
	old.hear(ack)
	for range 4 { // the client's library answers the pings of the websocket itself
		old.hear(`{"type":"ka"}`)
	}
}

func TestOneConnectionRunsSoManyOperations(t *testing.T) {
	r := dial(t, counter(t), modernProtocol)
	r.say(begin)
	r.hear(ack)
	const limit = 100
	for i := range limit {
		r.say(strings.Replace(listen1, `"id":"1"`, fmt.Sprintf(`"id":"s%d"`, i), 1))
	}
	r.say(ask1)
	r.hear(`{"type":"error","id":"1","payload":[{"message":` +
		`"A connection runs at most 100 operations at a time; complete another first.",` +
		`"extensions":{"code":"TOO_MANY_OPERATIONS","requestId":"`)
	r.say(`{"type":"complete","id":"s7"}`)
	// Its place is free as soon as it has ended, which takes a moment.
	deadline := time.Now().Add(patienceOfTests)
	for served := false; !served; {
		r.say(ask1)
		_, text, err := r.ReadMessage()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%s, %v", text, err)
		}
		served = strings.Contains(string(text), `"type":"next"`)
	}
	r.hear(complete1)
}

func TestConnectionsHaveABound(t *testing.T) {
	gateway := counterWith(t, server.Transports{MaxConnections: 2})
	first, second := dial(t, gateway, modernProtocol), dial(t, gateway, modernProtocol)
	dialer := websocket.Dialer{Subprotocols: []string{modernProtocol}}
	address := "ws" + strings.TrimPrefix(gateway.URL, "http") + "/graphql"
	_, response, err := dialer.DialContext(t.Context(), address, nil)
	if err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("a third got %v, %v; want 503", response, err)
	}
	if response.Header.Get("Retry-After") == "" {
		t.Error("a third is not asked to retry")
	}
	stream := exchange{header: accepting("text/event-stream"), body: subscribeAll,
		status: 503, media: jsonMedia, contains: "TOO_MANY_CONNECTIONS"}
	stream.run(t, gateway.URL)
	// The limit counts open connections only, not requests that end at once.
	exchange{body: askName, status: 200, contains: named}.run(t, gateway.URL)

	first.Close() // frees one place
	deadline := time.Now().Add(patienceOfTests)
	for {
		third, _, err := dialer.DialContext(t.Context(), address, nil)
		if err == nil {
			third.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	second.say(begin)
	second.hear(ack)
}

func TestConnectionsOfOneCallerHaveABound(t *testing.T) {
	gateway := counterWith(t, server.Transports{MaxConnectionsPerCaller: 1})
	first := dial(t, gateway, modernProtocol)
	first.say(begin)
	first.hear(ack)
	second := dial(t, gateway, modernProtocol)
	second.say(begin)
	second.ended(1013, "Too many connections")
	old := dial(t, gateway, legacyProtocol)
	old.say(begin)
	old.hear(`{"type":"connection_error","payload":{"message":"Too many connections","extensions":{"requestId":"`)
	old.ended(1013, "Too many connections")
	stream := exchange{header: accepting("text/event-stream"), body: subscribeAll,
		status: 429, media: jsonMedia, contains: "TOO_MANY_CONNECTIONS"}
	stream.run(t, gateway.URL)
}
