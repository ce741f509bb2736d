package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Bounds of a websocket, and how many are opened at the same time.
const (
	socketTimeout = 30 * time.Second
	socketsAtOnce = 32
	socketBuffer  = 1024
)

// socket is one websocket with one subscription.
type socket struct{ conn *websocket.Conn }

// subscribed is what one is told: as much as a list of transactions shows.
const subscribed = `{ cursor transaction { id type amount { value } balanceAfter { value } version occurredAt reference } }`

// subscriptionTo is a subscription to an account, or to all.
func subscriptionTo(account string) string {
	if account == "" {
		return `subscription { transactions ` + subscribed + ` }`
	}
	return fmt.Sprintf(`subscription { transactions(accountId: %q) %s }`, account, subscribed)
}

// dial opens a websocket and subscribes. It returns when the gateway has read
// both.
func (g gateway) dial(ctx context.Context, query string) (*socket, error) {
	dialer := websocket.Dialer{HandshakeTimeout: socketTimeout, Subprotocols: []string{"graphql-transport-ws"},
		ReadBufferSize: socketBuffer, WriteBufferSize: socketBuffer}
	address := "ws" + strings.TrimPrefix(g.url, "http")
	conn, answer, err := dialer.DialContext(ctx, address, http.Header{})
	if err != nil {
		if answer != nil {
			err = fmt.Errorf("%w: the gateway answers %s", err, answer.Status)
		}
		return nil, fmt.Errorf("open a websocket: %w", err)
	}
	s := &socket{conn}
	if err := s.begin(g.token, query); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

func (s *socket) begin(token, query string) error {
	deadline := time.Now().Add(socketTimeout)
	err := errors.Join(s.conn.SetReadDeadline(deadline), s.conn.SetWriteDeadline(deadline),
		s.write("connection_init", "", map[string]string{"authorization": "Bearer " + token}), s.expect("connection_ack"),
		s.write("subscribe", "1", map[string]string{"query": query}),
		s.write("ping", "", nil), s.expect("pong"))
	return errors.Join(err, s.conn.SetReadDeadline(time.Time{}))
}

type socketMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (s *socket) write(kind, id string, payload any) error {
	message := map[string]any{"type": kind}
	if id != "" {
		message["id"] = id
	}
	if payload != nil {
		message["payload"] = payload
	}
	return s.conn.WriteJSON(message)
}

func (s *socket) expect(kind string) error {
	for {
		var got socketMessage
		if err := s.conn.ReadJSON(&got); err != nil {
			return fmt.Errorf("waiting for %s: %w", kind, err)
		}
		switch got.Type {
		case kind:
			return nil
		case "error", "complete":
			return fmt.Errorf("waiting for %s: %s %s", kind, got.Type, got.Payload)
		}
	}
}

// read hands on the text of what arrives until the websocket ends. It answers
// the gateway's pings, so that it stays.
func (s *socket) read(take func(text []byte)) error {
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			return err
		}
		if isNext(text) {
			take(text)
			continue
		}
		var got socketMessage
		if err := json.Unmarshal(text, &got); err != nil {
			return err
		}
		switch got.Type {
		case "ping":
			if err := errors.Join(s.conn.SetWriteDeadline(time.Now().Add(socketTimeout)), s.write("pong", "", nil)); err != nil {
				return err
			}
		case "error", "complete":
			return fmt.Errorf("the gateway ends the subscription: %s %s", got.Type, got.Payload)
		}
	}
}

// isNext reports whether a message has what one has subscribed to.
func isNext(text []byte) bool { return bytes.Contains(text, []byte(`"type":"next"`)) }

// sockets are many, each read by somebody.
type sockets struct {
	all   []*socket
	ended atomic.Int64 // by themselves
	first atomic.Pointer[string]
	over  atomic.Bool
	read  sync.WaitGroup
}

// openSockets opens n websockets; the i-th asks query(i), and what it is told
// goes to take.
func (g gateway) openSockets(ctx context.Context, n int, query func(i int) string, take func(text []byte)) (*sockets, error) {
	s := &sockets{all: make([]*socket, n)}
	failures := make([]error, min(socketsAtOnce, n))
	var next atomic.Int64
	var opening sync.WaitGroup
	for k := range failures {
		opening.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failures[k] == nil; i = int(next.Add(1)) - 1 {
				s.all[i], failures[k] = g.dial(ctx, query(i))
			}
		})
	}
	opening.Wait()
	for _, one := range s.all {
		if one == nil {
			continue
		}
		s.read.Go(func() {
			if err := one.read(take); !s.over.Load() {
				text := err.Error()
				s.first.CompareAndSwap(nil, &text)
				s.ended.Add(1)
			}
		})
	}
	if err := errors.Join(failures...); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// end closes all and waits until nobody reads.
func (s *sockets) end() {
	s.over.Store(true)
	for _, one := range s.all {
		if one != nil {
			_ = one.conn.Close() // it may have ended
		}
	}
	s.read.Wait()
}

// whole fails if some have ended by themselves.
func (s *sockets) whole() error {
	if n := s.ended.Load(); n > 0 {
		return fmt.Errorf("%d of %d websockets have ended: %s", n, len(s.all), *s.first.Load())
	}
	return nil
}
