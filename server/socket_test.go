package server_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/server"
)

// patienceOfTests bounds every wait for the other side.
const patienceOfTests = time.Minute

// raw is a websocket client that knows nothing of GraphQL.
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

// hear reads messages until one is not of a type to leave out, and wants it to
// be this JSON, as far as it goes.
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

// ended wants the connection to be closed with a code, and no message before.
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

// step is a line of a talk: "> " is said, "< " is heard, and "x " is how it
// ends: the code and a part of the reason.
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

func TestWebsocketsToTheLetter(t *testing.T) {
	gateway := counterWith(t, server.Transports{})
	for name, lines := range map[string][]string{
		"a query":                  {"> " + begin, "< " + ack, "> " + ask1, "< " + next1, "< " + complete1},
		"an id may be used again":  {"> " + begin, "< " + ack, "> " + ask1, "< " + next1, "< " + complete1, "> " + ask1, "< " + next1, "< " + complete1},
		"an init with a payload":   {`> {"type":"connection_init","payload":{"token":"x"}}`, "< " + ack},
		"an init with null":        {`> {"type":"connection_init","payload":null}`, "< " + ack},
		"ping before init":         {`> {"type":"ping"}`, `< {"type":"pong"}`, "> " + begin, "< " + ack},
		"ping with a payload":      {"> " + begin, "< " + ack, `> {"type":"ping","payload":{"a":1}}`, `< {"type":"pong","payload":{"a":1}}`},
		"an unexpected pong":       {`> {"type":"pong"}`, "> " + begin, "< " + ack, `> {"type":"pong","payload":{}}`, `> {"type":"ping"}`, `< {"type":"pong"}`},
		"stopping what is not":     {"> " + begin, "< " + ack, `> {"type":"complete","id":"7"}`, `> {"type":"ping"}`, `< {"type":"pong"}`},
		"a stopped stream is mute": {"> " + begin, "< " + ack, "> " + listen1, `> {"type":"complete","id":"1"}`, `> {"type":"ping"}`, `< {"type":"pong"}`, "> " + ask1, "< " + next1},
		"a validation error ends it without a complete": {"> " + begin, "< " + ack, `> {"id":"1","type":"subscribe","payload":{"query":"{ nothing }"}}`,
			`< {"type":"error","id":"1","payload":[{"message":"Cannot query field`, `> {"type":"ping"}`, `< {"type":"pong"}`},
		"a syntax error": {"> " + begin, "< " + ack, `> {"id":"1","type":"subscribe","payload":{"query":"{"}}`, `< {"type":"error","id":"1","payload":[{"message":"Expected Name`, "> " + ask1, "< " + next1},
		"a variable that is missing": {"> " + begin, "< " + ack, `> {"id":"1","type":"subscribe","payload":{"query":"query($id: ID!) { account(id: $id) { id } }"}}`,
			`< {"type":"error","id":"1","payload":[{"message":"must be defined"`, "> " + ask1, "< " + next1},
		"a stream that cannot begin": {"> " + begin, "< " + ack, `> {"id":"1","type":"subscribe","payload":{"query":"subscription { transactions(after: \"x\") { cursor } }"}}`,
			`< {"type":"error","id":"1","payload":[{"message":"`, `> {"type":"ping"}`, `< {"type":"pong"}`},
		"a field that fails": {"> " + begin, "< " + ack, `> {"id":"1","type":"subscribe","payload":{"query":"{ account(id: \"x\", waitMs: -1) { id } }"}}`,
			`< {"type":"next","id":"1","payload":{"errors":[{"message":"waitMs`, "< " + complete1},
		"4400: no JSON":                   {"> hello", "x 4400 not a JSON object"},
		"4400: an array":                  {"> [" + begin + "]", "x 4400 not a JSON object"},
		"4400: no type":                   {`> {"id":"1"}`, "x 4400 not a JSON object"},
		"4400: an unknown type":           {"> " + begin, "< " + ack, `> {"type":"hello"}`, "x 4400 unknown type"},
		"4400: a legacy type":             {"> " + begin, "< " + ack, "> " + legacyAsk, "x 4400 unknown type"},
		"4400: an unknown type at first":  {`> {"type":"hello"}`, "x 4400 unknown type"},
		"4400: init with a list":          {`> {"type":"connection_init","payload":[1]}`, "x 4400 must be an object"},
		"4400: init with a string":        {`> {"type":"connection_init","payload":"token"}`, "x 4400 must be an object"},
		"4400: ping with a string":        {`> {"type":"ping","payload":"x"}`, "x 4400 must be an object"},
		"4400: subscribe without id":      {"> " + begin, "< " + ack, `> {"type":"subscribe","payload":{"query":"{ __typename }"}}`, "x 4400 id is missing"},
		"4400: subscribe without payload": {"> " + begin, "< " + ack, `> {"type":"subscribe","id":"1"}`, "x 4400 payload is missing"},
		"4400: subscribe without query":   {"> " + begin, "< " + ack, `> {"type":"subscribe","id":"1","payload":{}}`, "x 4400 no query"},
		"4400: subscribe with a string":   {"> " + begin, "< " + ack, `> {"type":"subscribe","id":"1","payload":"{ __typename }"}`, "x 4400"},
		"4400: complete without id":       {"> " + begin, "< " + ack, `> {"type":"complete"}`, "x 4400 id is missing"},
		"4401: subscribe before init":     {"> " + ask1, "x 4401 Unauthorized"},
		"4409: an id twice":               {"> " + begin, "< " + ack, "> " + listen1, "> " + listen1, "x 4409 Subscriber for 1 already exists"},
		"4429: init twice":                {"> " + begin, "< " + ack, "> " + begin, "x 4429 Too many initialisation requests"},
		"1009: a message too long":        {"> " + begin, "< " + ack, `> {"type":"ping","payload":{"x":"` + strings.Repeat("x", 70<<10) + `"}}`, "x 1009"},
	} {
		t.Run(name, func(t *testing.T) { talk(t, gateway, modernProtocol, lines...) })
	}
}

func TestLegacyWebsockets(t *testing.T) {
	gateway := counterWith(t, server.Transports{})
	alive := `< {"type":"ka"}`
	for name, lines := range map[string][]string{
		"a query": {"> " + begin, "< " + ack, alive, "> " + legacyAsk, `< {"type":"data","id":"1","payload":{"data":{"__typename":"Query"}}}`, "< " + complete1},
		"an error": {"> " + begin, "< " + ack, alive, `> {"id":"1","type":"start","payload":{"query":"{ nothing }"}}`,
			`< {"type":"error","id":"1","payload":[{"message":"Cannot query field`, "> " + legacyAsk, `< {"type":"data"`, "< " + complete1},
		"a stream that is stopped": {"> " + begin, "< " + ack, alive, "> " + legacyListen, `> {"type":"stop","id":"1"}`, "< " + complete1, "> " + legacyAsk, `< {"type":"data"`},
		"1000: the client goes":    {"> " + begin, "< " + ack, alive, `> {"type":"connection_terminate"}`, "x 1000"},
		"4400: no JSON":            {"> hello", `< {"type":"connection_error","payload":{"message":"Invalid message`, "x 4400"},
		"4400: an unknown type":    {"> " + begin, "< " + ack, alive, `> {"type":"subscribe","id":"1"}`, `< {"type":"connection_error"`, "x 4400 unknown type"},
		"4400: no ping":            {`> {"type":"ping"}`, `< {"type":"connection_error"`, "x 4400 unknown type"},
		"4400: init with a list":   {`> {"type":"connection_init","payload":[1]}`, `< {"type":"connection_error"`, "x 4400 must be an object"},
		"4400: start without id":   {"> " + begin, "< " + ack, alive, `> {"type":"start","payload":{"query":"{ __typename }"}}`, "x 4400 id is missing"},
		"4401: start before init":  {"> " + legacyAsk, "x 4401 Unauthorized"},
		"4409: an id twice":        {"> " + begin, "< " + ack, alive, "> " + legacyListen, "> " + legacyListen, "x 4409 already exists"},
		"4429: init twice":         {"> " + begin, "< " + ack, alive, "> " + begin, "x 4429 Too many initialisation requests"},
		"1009: a message too long": {`> {"type":"connection_init","payload":{"x":"` + strings.Repeat("x", 70<<10) + `"}}`, "x 1009"},
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
	for origin, allowed := range map[string]bool{own: true, "": true, "https://evil.example": false, "null": false, own + ".evil.example": false,
		strings.Replace(own, "http", "https", 1): true /* behind something that ends TLS */} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		dialer := websocket.Dialer{Subprotocols: []string{modernProtocol}}
		conn, response, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(own, "http")+"/graphql", header)
		if (err == nil) != allowed || !allowed && response.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q: %v, %v; want allowed %t", origin, err, response, allowed)
		}
		if conn != nil {
			conn.Close()
		}
	}
}
