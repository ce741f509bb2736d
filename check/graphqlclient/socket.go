package graphqlclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// silence is how long a socket waits for the next message, or for one of its own
// to leave. The gateway sends something at least every 20 s.
const silence = 30 * time.Second

// Socket is a websocket of the protocol graphql-transport-ws.
type Socket struct{ conn *websocket.Conn }

// Message is one message of that protocol.
type Message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Dial opens a websocket and waits until the gateway has accepted the token.
func (c Client) Dial(ctx context.Context) (*Socket, error) {
	const buffer = 1024 // a check may have thousands of them
	dialer := websocket.Dialer{HandshakeTimeout: silence, Subprotocols: []string{"graphql-transport-ws"},
		ReadBufferSize: buffer, WriteBufferSize: buffer}
	conn, answer, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(c.URL, "http")+"/graphql", nil)
	if answer != nil && err != nil {
		err = fmt.Errorf("%w: the gateway answers %s", err, answer.Status)
	}
	if err != nil {
		return nil, fmt.Errorf("open a websocket: %w", err)
	}
	s := &Socket{conn}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	err = s.Send("", "connection_init", map[string]any{"authorization": "Bearer " + c.Token})
	if err = errors.Join(err, s.Expect("connection_ack")); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the connection without notice, as a lost one would end.
func (s *Socket) Close() error { return s.conn.Close() }

// Subscribe begins an operation under an id.
func (s *Socket) Subscribe(id, query string, variables map[string]any) error {
	return s.Send(id, "subscribe", map[string]any{"query": query, "variables": variables})
}

// Send sends a message. A nil payload is left out.
func (s *Socket) Send(id, kind string, payload any) error {
	m := Message{ID: id, Type: kind}
	if payload != nil {
		text, err := json.Marshal(payload)
		if err != nil {
			return err
		}
		m.Payload = text
	}
	return errors.Join(s.conn.SetWriteDeadline(time.Now().Add(silence)), s.conn.WriteJSON(m))
}

// Text is the next message as it comes.
func (s *Socket) Text() ([]byte, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return nil, err
	}
	_, text, err := s.conn.ReadMessage()
	return text, err
}

// Read reads a message. It answers a ping, so that the websocket stays open.
func (s *Socket) Read(text []byte) (m Message, err error) {
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%.200q is no message: %w", text, err)
	}
	if m.Type == "ping" {
		err = s.Send("", "pong", nil)
	}
	return m, err
}

// Next waits for the next message that is not a ping.
func (s *Socket) Next() (m Message, err error) {
	for m.Type == "" || m.Type == "ping" {
		text, err := s.Text()
		if err != nil {
			return m, err
		}
		if m, err = s.Read(text); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Expect waits for a message of a kind, and fails if an operation ends before it.
func (s *Socket) Expect(kind string) error {
	for {
		m, err := s.Next()
		if err == nil && (m.Type == "error" || m.Type == "complete") {
			err = fmt.Errorf("%s %s", m.Type, m.Payload)
		}
		if err != nil {
			return fmt.Errorf("wait for %s: %w", kind, err)
		}
		if m.Type == kind {
			return nil
		}
	}
}
