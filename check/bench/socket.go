package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"corebank/check/graphqlclient"
)

// socketClients open websockets at the same time.
const socketClients = 32

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
func (g gateway) connect(ctx context.Context, query string) (*graphqlclient.Socket, error) {
	s, err := g.Dial(ctx)
	if err != nil {
		return nil, err
	}
	err = errors.Join(s.Subscribe("1", query, nil), s.Send("", "ping", nil), s.Expect("pong"))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// readAll passes on the text of each event until the websocket ends.
func readAll(s *graphqlclient.Socket, receive func(text []byte)) error {
	for {
		text, err := s.Text()
		if err != nil {
			return err
		}
		if isNext(text) { // most are, and reading them would cost the measured machine
			receive(text)
			continue
		}
		m, err := s.Read(text)
		if m.Type == "error" || m.Type == "complete" {
			err = fmt.Errorf("the gateway ended the subscription: %s %s", m.Type, m.Payload)
		}
		if err != nil {
			return err
		}
	}
}

// isNext reports whether a message carries an event of the subscription.
func isNext(text []byte) bool { return bytes.Contains(text, []byte(`"type":"next"`)) }

// sockets are many websockets, each with its reader.
type sockets struct {
	all     []*graphqlclient.Socket
	lost    atomic.Int64 // that ended by themselves
	first   atomic.Pointer[string]
	closing atomic.Bool
	readers sync.WaitGroup
}

// openSockets opens n websockets. The i-th subscribes to query(i); receive gets
// all events.
func (g gateway) openSockets(ctx context.Context, n int, query func(i int) string, receive func(text []byte)) (*sockets,
	error) {
	s := &sockets{all: make([]*graphqlclient.Socket, n)}
	err := inParallel(socketClients, n, func(i int) (err error) {
		if s.all[i], err = g.connect(ctx, query(i)); err != nil {
			return err
		}
		s.readers.Go(func() {
			if err := readAll(s.all[i], receive); !s.closing.Load() {
				text := err.Error()
				s.first.CompareAndSwap(nil, &text)
				s.lost.Add(1)
			}
		})
		return nil
	})
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
			_ = one.Close() // it may have ended
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
