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
	socketClients = 32
	socketBuffer  = 1024
)

// socket is a websocket with one subscription.
type socket struct{ conn *websocket.Conn }

// subscriptionTo is a subscription to an account, or to all. It selects what a
// list of transactions shows.
func subscriptionTo(account string) string {
	argument := ""
	if account != "" {
		argument = fmt.Sprintf("(accountId: %q)", account)
	}
	return `subscription { transactions` + argument + ` { cursor transaction ` +
		`{ id type amount { value } balanceAfter { value } version occurredAt reference } } }`
}

// connect opens a websocket and subscribes. It returns when the gateway has read
// the subscription.
func (g gateway) connect(ctx context.Context, query string) (*socket, error) {
	dialer := websocket.Dialer{HandshakeTimeout: socketTimeout, Subprotocols: []string{"graphql-transport-ws"},
		ReadBufferSize: socketBuffer, WriteBufferSize: socketBuffer}
	conn, answer, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(g.url, "http"), http.Header{})
	if err != nil {
		if answer != nil {
			err = fmt.Errorf("%w: the gateway answers %s", err, answer.Status)
		}
		return nil, fmt.Errorf("open a websocket: %w", err)
	}
	s := &socket{conn}
	if err := s.subscribe(g.token, query); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

func (s *socket) subscribe(token, query string) error {
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

func (s *socket) write(kind, id string, payload map[string]string) error {
	message := socketMessage{ID: id, Type: kind}
	if payload != nil {
		text, err := json.Marshal(payload)
		if err != nil {
			return err
		}
		message.Payload = text
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

// read passes on the text of each event until the websocket ends. It answers the
// gateway's pings, so that the websocket stays open.
func (s *socket) read(receive func(text []byte)) error {
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			return err
		}
		if isNext(text) {
			receive(text)
			continue
		}
		var got socketMessage
		if err := json.Unmarshal(text, &got); err != nil {
			return err
		}
		switch got.Type {
		case "ping":
			deadline := time.Now().Add(socketTimeout)
			if err := errors.Join(s.conn.SetWriteDeadline(deadline), s.write("pong", "", nil)); err != nil {
				return err
			}
		case "error", "complete":
			return fmt.Errorf("the gateway ended the subscription: %s %s", got.Type, got.Payload)
		}
	}
}

// isNext reports whether a message carries an event of the subscription.
func isNext(text []byte) bool { return bytes.Contains(text, []byte(`"type":"next"`)) }

// sockets are many websockets, each with its reader.
type sockets struct {
	all     []*socket
	lost    atomic.Int64 // that ended by themselves
	first   atomic.Pointer[string]
	closing atomic.Bool
	readers sync.WaitGroup
}

// openSockets opens n websockets. The i-th subscribes to query(i); receive gets
// all events.
func (g gateway) openSockets(ctx context.Context, n int, query func(i int) string, receive func(text []byte)) (*sockets,
	error) {
	s := &sockets{all: make([]*socket, n)}
	err := inParallel(socketClients, n, func(i int) (err error) {
		s.all[i], err = g.connect(ctx, query(i))
		return err
	})
	for _, one := range s.all {
		if one == nil {
			continue
		}
		s.readers.Go(func() {
			if err := one.read(receive); !s.closing.Load() {
				text := err.Error()
				s.first.CompareAndSwap(nil, &text)
				s.lost.Add(1)
			}
		})
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close closes all websockets and waits for their readers.
func (s *sockets) close() {
	s.closing.Store(true)
	for _, one := range s.all {
		if one != nil {
			_ = one.conn.Close() // it may have ended
		}
	}
	s.readers.Wait()
}

// check fails if some have ended by themselves.
func (s *sockets) check() error {
	if n := s.lost.Load(); n > 0 {
		return fmt.Errorf("%d of %d websockets have ended: %s", n, len(s.all), *s.first.Load())
	}
	return nil
}
