package server_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/server"
	"corebank/server/guard"
)

// TestEventsEndWithTheirToken: a stream ends at the token's time, without the event
// "complete", so that its client connects again; one that begins after it, although
// within the leeway of clocks, is refused.
func TestEventsEndWithTheirToken(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{})
	token := f.bearer("tess", 2*time.Second)
	headers := map[string]string{"Authorization": token, "Accept": "text/event-stream"}
	began := time.Now()
	response, text := f.do("subscription { transactions { cursor } }", headers)
	if lasted := time.Since(began); response.StatusCode != http.StatusOK || lasted > 12*time.Second ||
		strings.Contains(text, "complete") {
		t.Errorf("%s after %s: %q", response.Status, lasted, text)
	}
	response, text = f.do("subscription { transactions { cursor } }", headers)
	if response.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "UNAUTHENTICATED") {
		t.Errorf("begun after its end: %s %s", response.Status, text)
	}
}

// socketWith opens a websocket with a token in its handshake and one in its
// connection_init.
func (f *front) socketWith(handshake, initial string) *websocket.Conn {
	f.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{modernProtocol}}
	header := http.Header{}
	if handshake != "" {
		header.Set("Authorization", handshake)
	}
	conn, _, err := dialer.DialContext(f.t.Context(), "ws"+strings.TrimPrefix(f.URL, "http")+"/graphql", header)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { conn.Close() })
	message := map[string]any{"type": "connection_init"}
	if initial != "" {
		message["payload"] = map[string]string{"authorization": initial}
	}
	if err := conn.WriteJSON(message); err != nil {
		f.t.Fatal(err)
	}
	return conn
}

// ends is how a websocket was closed, and after how long.
func ends(t *testing.T, conn *websocket.Conn) (code int, text string, after time.Duration) {
	t.Helper()
	began := time.Now()
	if err := conn.SetReadDeadline(began.Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, err := conn.ReadMessage()
		if closed, is := errors.AsType[*websocket.CloseError](err); is {
			return closed.Code, closed.Text, time.Since(began)
		}
		if err != nil {
			return 0, err.Error(), time.Since(began)
		}
	}
}

// TestAnExpiredTokenIsNoEnd: stock graphql-ws connects again after 4403, and never
// after 4401.
func TestAnExpiredTokenIsNoEnd(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{})
	short := f.bearer("tess", 2*time.Second)
	for name, conn := range map[string]*websocket.Conn{"in connection_init": f.socketWith("", short),
		"in the handshake": f.socketWith(short, "")} {
		if code, text, after := ends(t, conn); code != 4403 || !strings.Contains(text, "expired") ||
			after > 12*time.Second {
			t.Errorf("%s: %d %s after %s", name, code, text, after)
		}
	}
	expired, err := f.people.Token("tess", "teller", time.Now().Add(-time.Hour), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if code, text, _ := ends(t, f.socketWith("", "Bearer "+expired)); code != 4403 || !strings.Contains(text, "expired") {
		t.Errorf("one that had expired: %d %s", code, text)
	}
	for name, token := range map[string]string{"a made-up one": "Bearer x.y.z", "none": ""} {
		if code, text, _ := ends(t, f.socketWith("", token)); code != 4401 {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
}

// TestTheTokenOfConnectionInitCounts: also where that of the handshake ends first,
// or has ended.
func TestTheTokenOfConnectionInitCounts(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{Ping: 500 * time.Millisecond})
	conn := f.socketWith(f.bearer("tess", time.Second), f.bearer("tess", time.Hour))
	for pings := 0; pings < 4; { // two seconds
		var m struct{ Type string }
		if err := conn.ReadJSON(&m); err != nil {
			t.Fatal(err)
		}
		if m.Type == "ping" {
			pings++
			if err := conn.WriteJSON(map[string]string{"type": "pong"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := conn.WriteJSON(map[string]any{"type": "subscribe", "id": "1",
		"payload": map[string]string{"query": "{ __typename }"}}); err != nil {
		t.Fatal(err)
	}
	for {
		var m struct{ Type string }
		if err := conn.ReadJSON(&m); err != nil {
			t.Fatal(err)
		}
		if m.Type == "next" {
			return
		}
	}
}

// TestPingsAreCounted: those of the protocol, of websockets, and messages that ask
// for nothing end their connection.
func TestPingsAreCounted(t *testing.T) {
	f := newFront(t, guard.Config{}, server.Transports{})
	for name, send := range map[string]func(*websocket.Conn) error{
		"control frames":    func(c *websocket.Conn) error { return c.WriteControl(websocket.PingMessage, nil, time.Time{}) },
		"unasked pongs":     func(c *websocket.Conn) error { return c.WriteControl(websocket.PongMessage, nil, time.Time{}) },
		"pings as messages": func(c *websocket.Conn) error { return c.WriteJSON(map[string]string{"type": "ping"}) },
		"ends of nothing": func(c *websocket.Conn) error {
			return c.WriteJSON(map[string]string{"type": "complete", "id": "x"})
		},
	} {
		conn := f.socketWith("", f.bearer("mallory", time.Hour))
		go func() {
			for send(conn) == nil { // until it is closed
			}
		}()
		if code, text, after := ends(t, conn); code != 4429 || after > 10*time.Second {
			t.Errorf("%s: %d %s after %s", name, code, text, after)
		}
	}
	calm := f.socketWith("", f.bearer("ada", time.Hour))
	for range 100 {
		if err := calm.WriteControl(websocket.PingMessage, nil, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := calm.WriteJSON(map[string]any{"type": "subscribe", "id": "1",
		"payload": map[string]string{"query": "{ __typename }"}}); err != nil {
		t.Fatal(err)
	}
	for {
		_, text, err := calm.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"next"`) {
			return
		}
	}
}
