package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/server"
)

// sharedLog is a history that grows while it is read.
type sharedLog struct {
	mu sync.Mutex
	history
}

func (l *sharedLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.history.ReadAll(ctx, r)
}

func (l *sharedLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.history.ReadStream(ctx, r)
}

// pay adds deposits to Ada's account with memos of so many characters.
func (l *sharedLog) pay(t testing.TB, n, characters int) (batch contract.Batch) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	batch.Previous = int64(len(l.records))
	for range n {
		position := int64(len(l.records) + 1)
		amount := bank.Money{Minor: position, Currency: "EUR"}
		r := contract.Record{Position: position, Account: ada, Version: position, Key: fmt.Sprint(position)}
		event := bank.MoneyDeposited{
			Movement: bank.Movement{Amount: amount, Balance: amount},
			Details:  bank.Details{Memo: strings.Repeat("x", characters)},
		}
		if err := r.SetEvent(event); err != nil {
			t.Fatal(err)
		}
		l.records = append(l.records, r)
		batch.Records = append(batch.Records, r)
	}
	batch.First, batch.Last = batch.Previous+1, int64(len(l.records))
	return batch
}

// feedMessage is one of a transactionFeed's.
type feedMessage struct {
	ID, Type string
	Payload  json.RawMessage
}

func (m feedMessage) event(t *testing.T) (position string, line bool) {
	t.Helper()
	var got struct {
		Data struct {
			TransactionFeed struct {
				Cursor, Position string
				Transaction      *struct{ Version int }
			}
		}
	}
	if err := json.Unmarshal(m.Payload, &got); err != nil || m.Type != "next" {
		t.Fatalf("%+v: %v", m, err)
	}
	return got.Data.TransactionFeed.Position, got.Data.TransactionFeed.Transaction != nil
}

func (r raw) follow(id, after, fields string) {
	r.t.Helper()
	query := fmt.Sprintf(`subscription($a: String) {`+
		` transactionFeed(after: $a, heartbeatSeconds: 1) { cursor position transaction { version %s } } }`, fields)
	r.say(fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q,"variables":{"a":%s}}}`, id, query, after))
}

// cursorAt is the cursor at a position.
func cursorAt(position string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("position:" + position))
}

// nextOf is the next message that is not a ping.
func (r raw) nextOf() (m feedMessage) {
	r.t.Helper()
	for m.Type == "" || m.Type == "ping" {
		if err := r.ReadJSON(&m); err != nil {
			r.t.Fatal(err)
		}
	}
	return m
}

// TestASlowSocketGetsAnErrorAndCanResume: a client that does not read learns that
// it lagged as soon as it reads on, and misses nothing when it resumes;
// meanwhile another client receives everything at once.
func TestASlowSocketGetsAnErrorAndCanResume(t *testing.T) {
	log := &sharedLog{}
	feed := server.NewSubscriptionHub(log)
	handle(t, feed, log.pay(t, 1, 10))
	gateway := serve(t, feed, server.Transports{WriteTime: time.Minute})
	slow, quick := dial(t, gateway, modernProtocol), dial(t, gateway, modernProtocol)
	for r, fields := range map[raw]string{slow: "memo", quick: ""} {
		r.say(begin)
		r.hear(ack)
		r.follow("1", "null", fields)
		if _, line := r.nextOf().event(t); line { // a heartbeat: it is live
			t.Fatal("a line before there was one")
		}
	}
	// More than the kernel and the hub buffer for a client that does not read.
	const batches, each, characters = 30, 100, 8000
	for range batches {
		handle(t, feed, log.pay(t, each, characters))
		for heard := 0; heard < each; {
			if _, line := quick.nextOf().event(t); line {
				heard++
			}
		}
	}
	var last string
	message := slow.nextOf()
	heard := 0
	for ; message.Type == "next"; message = slow.nextOf() {
		position, line := message.event(t)
		if last = position; line {
			heard++
		}
	}
	if message.Type != "error" || !strings.Contains(string(message.Payload), `"code":"LAGGED"`) {
		t.Fatalf("the slow client got %s %s, want an error LAGGED", message.Type, message.Payload)
	}
	if heard >= batches*each {
		t.Fatalf("the slow client got all %d lines before the error", heard)
	}
	slow.follow("1", `"`+cursorAt(last)+`"`, "") // on the same connection, under the same id
	for heard < batches*each {
		position, line := slow.nextOf().event(t)
		if line {
			heard++
			if want := fmt.Sprint(heard + 1); position != want {
				t.Fatalf("line %d is at %s, want %s", heard, position, want)
			}
		}
	}
}

func TestHeartbeatsCarryThePositionOfTheFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 4))
		ctx, leave := context.WithCancel(t.Context())
		var received []string
		go func() {
			for one, err := range feed.Each(ctx, ada, &graph.FeedCursor{}, time.Minute) {
				received = append(received, fmt.Sprint(one.Position, one.Transaction != nil, err))
			}
		}()
		synctest.Wait()
		handle(t, feed, h.grow(t, 4)) // 5 and 7 are hers, 8 is the head
		time.Sleep(time.Minute)       // virtual
		synctest.Wait()
		h.grow(t, 2) // 9 and 10, in the log and not in the topic yet
		time.Sleep(time.Minute)
		synctest.Wait()
		leave()
		synctest.Wait()
		want := []string{"3 true <nil>", "5 true <nil>", "7 true <nil>", "8 false <nil>", "8 false <nil>"}
		if fmt.Sprint(received) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", received, want)
		}
	})
}

func TestAWatcherHearsOfTheNewestVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 4))
		ctx, leave := context.WithCancel(t.Context())
		var received []int64
		step := make(chan struct{})
		go func() {
			for version, err := range feed.Changes(ctx, ada) {
				if err != nil {
					t.Error(err)
				}
				received = append(received, version)
				<-step
			}
		}()
		synctest.Wait()
		handle(t, feed, h.grow(t, 1000)) // while it is busy with the first
		step <- struct{}{}
		synctest.Wait()
		handle(t, feed, h.grow(t, 1)) // Ada's, 503
		handle(t, feed, h.grow(t, 1)) // Bob's
		close(step)
		synctest.Wait()
		leave()
		synctest.Wait()
		if fmt.Sprint(received) != "[0 502 503]" {
			t.Errorf("got %v, want the newest only", received)
		}
	})
}

// TestWatchersAreSubscribersToo: they count towards the same limit.
func TestWatchersAreSubscribersToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 2))
		ctx, leave := context.WithCancel(t.Context())
		for range 20_000 {
			go func() {
				for range feed.Changes(ctx, ada) {
				}
			}()
		}
		synctest.Wait()
		for _, err := range feed.Changes(ctx, bob) {
			if fault := (*graph.Fault)(nil); !errors.As(err, &fault) || fault.Code != graph.CodeUnavailable {
				t.Errorf("one more got %v", err)
			}
		}
		leave()
		synctest.Wait()
	})
}
