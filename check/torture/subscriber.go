package torture

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"corebank/check/laws"
	"corebank/internal/app"
	"corebank/internal/bank"
)

// Bounds of a subscriber.
const (
	// quietMost is how long a subscriber listens to silence before it calls
	// again: the gateway sends something at least every 20 s.
	quietMost      = 30 * time.Second
	subscribePause = 200 * time.Millisecond
	cutLeast       = 3 * time.Second
	cutMost        = 20 * time.Second
)

const querySubscribe = `subscription($id: ID, $after: String) { transactions(accountId: $id, after: $after) {
  cursor transaction { accountId version type amount { value } balanceAfter { value } } } }`

// subscriber follows the bank, and resumes after each cut.
type subscriber struct {
	url    string
	token  string
	random *rand.Rand
	heard  func(laws.Seen) // receives everything

	mu     sync.Mutex
	watch  laws.Watch
	cursor string
}

// newSubscriber follows from a position of the log on.
func newSubscriber(g *gateway, name string, account bank.AccountID, position int, seed uint64) *subscriber {
	return &subscriber{
		url:    g.url,
		token:  g.token,
		random: rand.New(rand.NewPCG(seed, seed)),
		heard:  func(laws.Seen) {},
		watch:  laws.Watch{Name: name, Account: account, After: int64(position)},
		cursor: base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "position:%d", position)),
	}
}

// run follows until ctx ends. Now and then it cuts its own connection.
func (s *subscriber) run(ctx context.Context) {
	for ctx.Err() == nil {
		cut := cutLeast + time.Duration(s.random.Int64N(int64(cutMost-cutLeast)))
		once, cancel := context.WithTimeout(ctx, cut)
		_ = s.follow(once) // however it ends, it is subscribed again
		cancel()
		app.Pause(ctx, subscribePause)
	}
}

type message struct {
	Type, ID string
	Payload  json.RawMessage
}

// follow subscribes once, after the last cursor, until something ends it.
func (s *subscriber) follow(ctx context.Context) error {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: readyTimeout}
	conn, _, err := dialer.DialContext(ctx, strings.Replace(s.url, "http", "ws", 1)+"/graphql", nil)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // without a word, as a lost connection ends
	defer conn.Close()
	if err := conn.WriteJSON(
		map[string]any{"type": "connection_init", "payload": map[string]any{"authorization": "Bearer " + s.token}},
	); err != nil {
		return err
	}
	for {
		if err := conn.SetReadDeadline(time.Now().Add(quietMost)); err != nil {
			return err
		}
		var m message
		if err := conn.ReadJSON(&m); err != nil {
			return err
		}
		if err := s.answer(conn, m); err != nil {
			return err
		}
	}
}

// answer does what a message asks for.
func (s *subscriber) answer(conn *websocket.Conn, m message) error {
	switch m.Type {
	case "connection_ack":
		s.mu.Lock()
		s.watch.Subscribed++
		s.mu.Unlock()
		variables := map[string]any{"after": s.cursor}
		if s.watch.Account != "" {
			variables["id"] = s.watch.Account
		}
		return conn.WriteJSON(map[string]any{"type": "subscribe", "id": "1",
			"payload": map[string]any{"query": querySubscribe, "variables": variables}})
	case "ping":
		return conn.WriteJSON(map[string]any{"type": "pong"})
	case "next":
		return s.saw(m.Payload)
	case "error", "complete":
		return fmt.Errorf("%s: %s", m.Type, m.Payload)
	default:
		return nil
	}
}

func (s *subscriber) saw(payload []byte) error {
	var got struct {
		Data struct {
			Transactions *struct {
				Cursor      string
				Transaction struct {
					AccountID            bank.AccountID
					Version              int64
					Type                 string
					Amount, BalanceAfter amount
				}
			}
		}
	}
	if err := json.Unmarshal(payload, &got); err != nil {
		return err
	}
	if got.Data.Transactions == nil {
		return errors.New("a message without a transaction") // an error of the gateway, followed by its end
	}
	t := got.Data.Transactions.Transaction
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursor = got.Data.Transactions.Cursor
	seen := laws.Seen{
		Account: t.AccountID,
		Version: t.Version,
		Type:    t.Type,
		Amount:  minor(t.Amount),
		Balance: minor(t.BalanceAfter),
	}
	s.watch.Seen = append(s.watch.Seen, seen)
	s.heard(seen)
	return nil
}

// seen is how much it saw.
func (s *subscriber) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watch.Seen)
}

// result is what it saw; it has ended.
func (s *subscriber) result() laws.Watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch
}
