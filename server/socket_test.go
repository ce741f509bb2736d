package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/server"
)

// patienceOfTests limits every wait for the other side.
const patienceOfTests = time.Minute

// raw is a websocket client without a GraphQL protocol.
type raw struct {
	*websocket.Conn
	t *testing.T
}

func dial(t *testing.T, gateway *httptest.Server, protocols ...string) raw {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: patienceOfTests}
	conn, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(gateway.URL, "http")+"/graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patienceOfTests)); err != nil {
		t.Fatal(err)
	}
	return raw{conn, t}
}

func (r raw) say(text string) {
	r.t.Helper()
	if err := r.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		r.t.Fatal(err)
	}
}

// hear reads the next message, which must contain this JSON text.
func (r raw) hear(want string) map[string]any {
	r.t.Helper()
	_, text, err := r.ReadMessage()
	if err != nil {
		r.t.Fatalf("want %s: %v", want, err)
	}
	if !strings.Contains(string(text), want) {
		r.t.Fatalf("got %s, want %s", text, want)
	}
	var message map[string]any
	if err := json.Unmarshal(text, &message); err != nil {
		r.t.Fatal(err)
	}
	return message
}

// ended checks that the gateway closes the connection with a code and a reason
// that contains a text, and sends no message before.
func (r raw) ended(code int, reason string) {
	r.t.Helper()
	_, text, err := r.ReadMessage()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != code || !strings.Contains(closed.Text, reason) {
		r.t.Fatalf("got %s, %v; want the close code %d, %q", text, err, code, reason)
	}
}

const (
	modernProtocol = "graphql-transport-ws"
	legacyProtocol = "graphql-ws"

	begin     = `{"type":"connection_init"}`
	ack       = `{"type":"connection_ack"}`
	ask1      = `{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}`
	listen1   = `{"id":"1","type":"subscribe","payload":{"query":"subscription { transactions { cursor } }"}}`
	complete1 = `{"type":"complete","id":"1"}`
	next1     = `{"type":"next","id":"1","payload":{"data":{"__typename":"Query"}}}`

	legacyAsk    = `{"id":"1","type":"start","payload":{"query":"{ __typename }"}}`
	legacyListen = `{"id":"1","type":"start","payload":{"query":"subscription { transactions { cursor } }"}}`
)

// talk plays a conversation over a websocket. A line "> text" is sent; for "< text"
// the next message must contain the text; for "x code text" the gateway must close
// the connection with this code and a reason that contains the text.
func talk(t *testing.T, gateway *httptest.Server, protocol string, lines ...string) {
	t.Helper()
	r := dial(t, gateway, protocol)
	for _, line := range lines {
		switch rest := line[2:]; line[:2] {
		case "> ":
			r.say(rest)
		case "< ":
			r.hear(rest)
		case "x ":
			var code int
			if err := json.Unmarshal([]byte(rest[:4]), &code); err != nil {
				t.Fatal(err)
			}
			r.ended(code, strings.TrimSpace(rest[4:]))
		}
	}
}

// session is a conversation that begins with a modern init and its answer.
func session(lines ...string) []string { return append([]string{"> " + begin, "< " + ack}, lines...) }

// legacySession is a conversation that begins with a legacy init and its answers.
func legacySession(lines ...string) []string {
	return append([]string{"> " + begin, "< " + ack, `< {"type":"ka"}`}, lines...)
}

// subscribing is the line that sends a document as operation 1.
func subscribing(document string) string {
	return fmt.Sprintf(`> {"id":"1","type":"subscribe","payload":{"query":%q}}`, document)
}

// failure is the line that receives an error of operation 1, up to the beginning
// of its message.
func failure(message string) string {
	return `< {"type":"error","id":"1","payload":[{"message":"` + message
}

func TestWebsocketsToTheLetter(t *testing.T) {
	gateway := counterWith(t, server.Transports{})
	const ping, pong = `> {"type":"ping"}`, `< {"type":"pong"}`
	for name, lines := range map[string][]string{
		"a query": session("> "+ask1, "< "+next1, "< "+complete1),
		"an id may be used again": session("> "+ask1, "< "+next1, "< "+complete1,
			"> "+ask1, "< "+next1, "< "+complete1),
		"an init with a payload": {`> {"type":"connection_init","payload":{"token":"x"}}`, "< " + ack},
		"an init with null":      {`> {"type":"connection_init","payload":null}`, "< " + ack},
		"ping before init":       {ping, pong, "> " + begin, "< " + ack},
		"ping with a payload":    session(`> {"type":"ping","payload":{"a":1}}`, `< {"type":"pong","payload":{"a":1}}`),
		"an unexpected pong": {`> {"type":"pong"}`, "> " + begin, "< " + ack,
			`> {"type":"pong","payload":{}}`, ping, pong},
		"stopping what is not": session(`> {"type":"complete","id":"7"}`, ping, pong),
		"a stopped stream is mute": session("> "+listen1, `> {"type":"complete","id":"1"}`, ping, pong,
			"> "+ask1, "< "+next1),
		"a validation error ends it without a complete": session(subscribing(`{ nothing }`),
			failure(`Cannot query field`), ping, pong),
		"a syntax error": session(subscribing(`{`), failure(`Expected Name`), "> "+ask1, "< "+next1),
		"a variable that is missing": session(subscribing(`query($id: ID!) { account(id: $id) { id } }`),
			failure(`Variable \"$id\": must be defined"`), "> "+ask1, "< "+next1),
		"a stream that cannot begin": session(subscribing(`subscription { transactions(after: "x") { cursor } }`),
			failure(``), ping, pong),
		"a field that fails": session(subscribing(`{ account(id: "x", waitMs: -1) { id } }`),
			`< {"type":"next","id":"1","payload":{"errors":[{"message":"waitMs`, "< "+complete1),
		"4400: no JSON":                  {"> hello", "x 4400 not a JSON object"},
		"4400: an array":                 {"> [" + begin + "]", "x 4400 not a JSON object"},
		"4400: no type":                  {`> {"id":"1"}`, "x 4400 not a JSON object"},
		"4400: an unknown type":          session(`> {"type":"hello"}`, "x 4400 unknown type"),
		"4400: a legacy type":            session("> "+legacyAsk, "x 4400 unknown type"),
		"4400: an unknown type at first": {`> {"type":"hello"}`, "x 4400 unknown type"},
		"4400: init with a list":         {`> {"type":"connection_init","payload":[1]}`, "x 4400 must be an object"},
		"4400: init with a string":       {`> {"type":"connection_init","payload":"token"}`, "x 4400 must be an object"},
		"4400: ping with a string":       {`> {"type":"ping","payload":"x"}`, "x 4400 must be an object"},
		"4400: subscribe without id": session(`> {"type":"subscribe","payload":{"query":"{ __typename }"}}`,
			"x 4400 id is missing"),
		"4400: subscribe without payload": session(`> {"type":"subscribe","id":"1"}`, "x 4400 payload is missing"),
		"4400: subscribe without query":   session(`> {"type":"subscribe","id":"1","payload":{}}`, "x 4400 no query"),
		"4400: subscribe with a string":   session(`> {"type":"subscribe","id":"1","payload":"{ __typename }"}`, "x 4400"),
		"4400: complete without id":       session(`> {"type":"complete"}`, "x 4400 id is missing"),
		"4401: subscribe before init":     {"> " + ask1, "x 4401 Unauthorized"},
		"4409: an id twice":               session("> "+listen1, "> "+listen1, "x 4409 Subscriber for 1 already exists"),
		"4429: init twice":                session("> "+begin, "x 4429 Too many initialisation requests"),
		"1009: a message too long": session(`> {"type":"ping","payload":{"x":"`+strings.Repeat("x", 70<<10)+`"}}`,
			"x 1009"),
	} {
		t.Run(name, func(t *testing.T) { talk(t, gateway, modernProtocol, lines...) })
	}
}

func TestLegacyWebsockets(t *testing.T) {
	gateway := counterWith(t, server.Transports{})
	for name, lines := range map[string][]string{
		"a query": legacySession("> "+legacyAsk,
			`< {"type":"data","id":"1","payload":{"data":{"__typename":"Query"}}}`, "< "+complete1),
		"an error": legacySession(`> {"id":"1","type":"start","payload":{"query":"{ nothing }"}}`,
			failure(`Cannot query field`), "> "+legacyAsk, `< {"type":"data"`, "< "+complete1),
		"a stream that is stopped": legacySession("> "+legacyListen, `> {"type":"stop","id":"1"}`, "< "+complete1,
			"> "+legacyAsk, `< {"type":"data"`),
		"1000: the client goes": legacySession(`> {"type":"connection_terminate"}`, "x 1000"),
		"4400: no JSON": {"> hello", `< {"type":"connection_error","payload":{"message":"Invalid message`,
			"x 4400"},
		"4400: an unknown type": legacySession(`> {"type":"subscribe","id":"1"}`, `< {"type":"connection_error"`,
			"x 4400 unknown type"),
		"4400: no ping": {`> {"type":"ping"}`, `< {"type":"connection_error"`, "x 4400 unknown type"},
		"4400: init with a list": {`> {"type":"connection_init","payload":[1]}`, `< {"type":"connection_error"`,
			"x 4400 must be an object"},
		"4400: start without id": legacySession(`> {"type":"start","payload":{"query":"{ __typename }"}}`,
			"x 4400 id is missing"),
		"4401: start before init": {"> " + legacyAsk, "x 4401 Unauthorized"},
		"4409: an id twice":       legacySession("> "+legacyListen, "> "+legacyListen, "x 4409 already exists"),
		"4429: init twice":        legacySession("> "+begin, "x 4429 Too many initialisation requests"),
		"1009: a message too long": {`> {"type":"connection_init","payload":{"x":"` + strings.Repeat("x", 70<<10) + `"}}`,
			"x 1009"},
	} {
		t.Run(name, func(t *testing.T) { talk(t, gateway, legacyProtocol, lines...) })
	}
}

func TestBinaryMessagesAreNone(t *testing.T) {
	r := dial(t, counter(t), modernProtocol)
	if err := r.WriteMessage(websocket.BinaryMessage, []byte(begin)); err != nil {
		t.Fatal(err)
	}
	r.ended(4400, "")
}

func TestTheModernSubprotocolIsPreferred(t *testing.T) {
	gateway := counter(t)
	for _, test := range []struct {
		offered []string
		chosen  string
	}{
		{[]string{legacyProtocol, modernProtocol}, modernProtocol},
		{[]string{modernProtocol, legacyProtocol}, modernProtocol},
		{[]string{legacyProtocol}, legacyProtocol},
		{[]string{"soap", legacyProtocol}, legacyProtocol},
	} {
		if r := dial(t, gateway, test.offered...); r.Subprotocol() != test.chosen {
			t.Errorf("%v: chose %q, want %q", test.offered, r.Subprotocol(), test.chosen)
		}
	}
	dial(t, gateway, "soap").ended(4406, "Subprotocol not acceptable")
	dial(t, gateway).ended(4406, "Subprotocol not acceptable")
}

func TestPagesFromElsewhereGetNoWebsocket(t *testing.T) {
	gateway := counter(t)
	own := gateway.URL
	for origin, allowed := range map[string]bool{
		own:                                      true,
		"":                                       true,
		strings.Replace(own, "http", "https", 1): false,
		"https://evil.example":                   false,
		"null":                                   false,
		own + ".evil.example":                    false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		dialer := websocket.Dialer{Subprotocols: []string{modernProtocol}}
		conn, response, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(own, "http")+"/graphql", header)
		if (err == nil) != allowed {
			t.Errorf("origin %q: %v; want allowed %t", origin, err, allowed)
		}
		if !allowed && response.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q got %v, want 403", origin, response)
		}
		if conn != nil {
			conn.Close()
		}
	}
}
