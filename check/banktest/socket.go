package banktest

import (
	"context"
	"encoding/json"
	"testing"

	"corebank/check/graphqlclient"
)

// Socket is a raw graphql-transport-ws client.
type Socket struct {
	socket *graphqlclient.Socket
	t      testing.TB
}

// Dial opens a websocket and waits until the bank has acknowledged it.
func (c *Client) Dial() *Socket {
	c.t.Helper()
	socket, err := c.Client.Dial(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	s := &Socket{socket, c.t}
	c.t.Cleanup(s.Close)
	return s
}

// Close ends the connection without notice, as a lost one would.
func (s *Socket) Close() { _ = s.socket.Close() }

func (s *Socket) next() graphqlclient.Message {
	s.t.Helper()
	m, err := s.socket.Next()
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// FromStart is the cursor before the first transaction of all: "position:0".
const FromStart = "cG9zaXRpb246MA"

// Ask begins an operation under an id.
func (s *Socket) Ask(id, query string, variables map[string]any) {
	s.t.Helper()
	if err := s.socket.Subscribe(id, query, variables); err != nil {
		s.t.Fatal(err)
	}
}

// Subscribe asks for an account's transactions after a cursor (nil for none).
func (s *Socket) Subscribe(id string, after any) { s.SubscribeAs("1", id, after) }

// SubscribeAs is Subscribe under an operation's id. Received only accepts messages
// of operation "1". account is nil for all accounts.
func (s *Socket) SubscribeAs(operation string, account, after any) {
	s.t.Helper()
	s.Ask(operation, `subscription($id: ID, $after: String) {
	  transactions(accountId: $id, after: $after) { cursor transaction { version } }
	}`, map[string]any{"id": account, "after": after})
}

// Next waits for the next message and returns its type and its operation. It
// decodes the payload into out unless that is nil.
func (s *Socket) Next(out any) (kind, id string) {
	s.t.Helper()
	m := s.next()
	if out != nil && len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, out); err != nil {
			s.t.Fatalf("%s %s: %v", m.Type, m.Payload, err)
		}
	}
	return m.Type, m.ID
}

// Received waits for the next transaction.
func (s *Socket) Received() (cursor string, version int) {
	s.t.Helper()
	var got struct {
		Data struct {
			Transactions struct {
				Cursor      string
				Transaction struct{ Version int }
			}
		}
	}
	if kind, id := s.Next(&got); kind != "next" || id != "1" {
		s.t.Fatalf("%s of operation %s", kind, id)
	}
	return got.Data.Transactions.Cursor, got.Data.Transactions.Transaction.Version
}
