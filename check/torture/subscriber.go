package torture

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"corebank/check/graphqlclient"
	"corebank/check/laws"
	"corebank/internal/app"
	"corebank/internal/bank"
)

// Bounds of a subscriber.
const (
	subscribePause = 200 * time.Millisecond
	cutLeast       = 3 * time.Second
	cutMost        = 20 * time.Second
)

const querySubscribe = `subscription($id: ID, $after: String) { transactions(accountId: $id, after: $after) {
  cursor transaction { accountId version type amount { value } balanceAfter { value } } } }`

// subscriber follows the bank, and resumes after each cut.
type subscriber struct {
	client *gateway
	random *rand.Rand
	heard  func(laws.Seen) // receives everything

	mu     sync.Mutex
	watch  laws.Watch
	cursor string
}

// newSubscriber follows from a position of the log on.
func newSubscriber(g *gateway, name string, account bank.AccountID, position int, seed uint64) *subscriber {
	return &subscriber{client: g, random: rand.New(rand.NewPCG(seed, seed)), heard: func(laws.Seen) {},
		watch:  laws.Watch{Name: name, Account: account, After: int64(position)},
		cursor: base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "position:%d", position))}
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

// follow subscribes once, after the last cursor, until something ends it.
func (s *subscriber) follow(ctx context.Context) error {
	socket, err := s.client.Dial(ctx)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = socket.Close() })() // without a word, as a lost connection ends
	defer socket.Close()
	variables := map[string]any{"after": s.cursor}
	if s.watch.Account != "" {
		variables["id"] = s.watch.Account
	}
	s.mu.Lock()
	s.watch.Subscribed++
	s.mu.Unlock()
	err = socket.Subscribe("1", querySubscribe, variables)
	for err == nil {
		var m graphqlclient.Message
		switch m, err = socket.Next(); {
		case err != nil:
		case m.Type == "next":
			err = s.saw(m.Payload)
		case m.Type == "error" || m.Type == "complete":
			err = fmt.Errorf("%s: %s", m.Type, m.Payload)
		}
	}
	return err
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
	seen := laws.Seen{Account: t.AccountID, Version: t.Version, Type: t.Type, Amount: minor(t.Amount),
		Balance: minor(t.BalanceAfter)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursor = got.Data.Transactions.Cursor
	s.watch.Seen = append(s.watch.Seen, seen)
	s.heard(seen)
	return nil
}

func (s *subscriber) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watch.Seen)
}

func (s *subscriber) result() laws.Watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch
}
