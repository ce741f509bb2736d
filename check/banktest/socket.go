package banktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Socket is a raw graphql-transport-ws client.
type Socket struct {
	client *Client
	conn   *websocket.Conn
}

// Dial opens a websocket and waits until the bank has acknowledged it.
func (c *Client) Dial() *Socket {
	c.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, _, err := dialer.Dial(strings.Replace(c.URL, "http", "ws", 1)+"/graphql", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	s := &Socket{c, conn}
	c.t.Cleanup(s.Close)
	s.send(map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + c.Token}})
	if got := s.next(); got.Type != "connection_ack" {
		c.t.Fatalf("%+v", got)
	}
	return s
}

// Close ends the connection without notice, as a lost one would.
func (s *Socket) Close() { _ = s.conn.Close() }

type message struct {
	Type, ID string
	Payload  json.RawMessage
}

func (s *Socket) send(v any) {
	s.client.t.Helper()
	if err := s.conn.WriteJSON(v); err != nil {
		s.client.t.Fatal(err)
	}
}

func (s *Socket) next() (m message) {
	s.client.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(settleTimeout)); err != nil {
		s.client.t.Fatal(err)
	}
	for m.Type == "" || m.Type == "ping" {
		if err := s.conn.ReadJSON(&m); err != nil {
			s.client.t.Fatal(err)
		}
	}
	return m
}

// FromStart is the cursor before the first transaction of all: "position:0".
const FromStart = "cG9zaXRpb246MA"

// Ask begins an operation under an id.
func (s *Socket) Ask(id, query string, variables map[string]any) {
	s.client.t.Helper()
	s.send(map[string]any{"type": "subscribe", "id": id,
		"payload": map[string]any{"query": query, "variables": variables}})
}

// Subscribe asks for an account's transactions after a cursor (nil for none).
func (s *Socket) Subscribe(id string, after any) { s.SubscribeAs("1", id, after) }

// SubscribeAs is Subscribe under an operation's id. Received only accepts messages
// of operation "1". account is nil for all accounts.
func (s *Socket) SubscribeAs(operation string, account, after any) {
	s.client.t.Helper()
	s.Ask(operation, `subscription($id: ID, $after: String) {
	  transactions(accountId: $id, after: $after) { cursor transaction { version } }
	}`, map[string]any{"id": account, "after": after})
}

// Next waits for the next message and returns its type and its operation. It
// decodes the payload into out unless that is nil.
func (s *Socket) Next(out any) (kind, id string) {
	s.client.t.Helper()
	m := s.next()
	if out != nil && len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, out); err != nil {
			s.client.t.Fatalf("%s %s: %v", m.Type, m.Payload, err)
		}
	}
	return m.Type, m.ID
}

// Hears waits for the next message, which must bring data that matches want: see
// Match. want is a format for arguments.
func (s *Socket) Hears(want string, arguments ...any) {
	s.client.t.Helper()
	m := s.next()
	if m.Type != "next" {
		s.client.t.Fatalf("%s %s", m.Type, m.Payload)
	}
	match(s.client.t, "subscription "+m.ID, m.Payload, "{data: "+fmt.Sprintf(want, arguments...)+"}")
}

// Received waits for the next transaction.
func (s *Socket) Received() (cursor string, version int) {
	s.client.t.Helper()
	var got struct {
		Data struct {
			Transactions struct {
				Cursor      string
				Transaction struct{ Version int }
			}
		}
	}
	if kind, id := s.Next(&got); kind != "next" || id != "1" {
		s.client.t.Fatalf("%s of operation %s", kind, id)
	}
	return got.Data.Transactions.Cursor, got.Data.Transactions.Transaction.Version
}

// First returns the type and the payload of a subscription's first message.
func (s *Socket) First(query string) string {
	s.client.t.Helper()
	s.Ask("1", query, nil)
	m := s.next()
	return m.Type + " " + string(m.Payload)
}

// Refused waits for the error that a subscription ends with.
func (s *Socket) Refused() string {
	s.client.t.Helper()
	m := s.next()
	if m.Type != "error" && !strings.Contains(string(m.Payload), `"errors"`) {
		s.client.t.Fatalf("%s %s", m.Type, m.Payload)
	}
	return string(m.Payload)
}
