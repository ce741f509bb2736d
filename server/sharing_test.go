package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/server"
)

// anySelection selects some fields of a transaction, at random.
func anySelection(random *rand.Rand) string {
	fields := []string{"id", "accountId", "type", "direction",
		"amount { value currency }", "m: amount { currency }", "balanceAfter { ... on Money { value } }",
		"occurredAt", "effectiveAt", "reference", "memo", "note: memo", "caller", "reason", "__typename",
		"memo @include(if: true)", "caller @skip(if: true)"}
	random.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return "cursor position transaction { version " + strings.Join(fields[:random.IntN(len(fields))], " ") + " }"
}

// payAnything adds deposits to Ada's account with texts that JSON may have to
// escape.
func (l *sharedLog) payAnything(t *testing.T, random *rand.Rand, n int) contract.Batch {
	t.Helper()
	batch := l.pay(t, n, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range batch.Records {
		r := &batch.Records[i]
		amount := bank.Money{Minor: 1 + random.Int64N(1e9), Currency: "EUR"}
		memo := make([]rune, random.IntN(40))
		for j := range memo {
			memo[j] = []rune("<>&\"\\\u2028\n\t/é😀$x")[random.IntN(13)]
		}
		details := bank.Details{Memo: string(memo), Reference: strings.Repeat("r", random.IntN(80))}
		movement := bank.Movement{Amount: amount, Balance: amount}
		if err := r.SetEvent(bank.MoneyDeposited{Movement: movement, Details: details}); err != nil {
			t.Fatal(err)
		}
		l.records[r.Position-1] = *r
	}
	return batch
}

// sharer is a client with one subscription for each of many selections. The index of
// the selection is the id of the subscription.
type sharer struct {
	raw
	start, next string
}

func join(t *testing.T, gateway *httptest.Server, protocol string) sharer {
	t.Helper()
	s := sharer{dial(t, gateway, protocol), "subscribe", "next"}
	if protocol == legacyProtocol {
		s.start, s.next = "start", "data"
	}
	s.say(begin)
	s.hear(ack)
	return s
}

func (s sharer) follow(id int, selection, after string) {
	s.t.Helper()
	s.say(fmt.Sprintf(`{"id":"%d","type":%q,"payload":{"query":%q,"variables":{"after":%s}}}`, id, s.start,
		"subscription($after: String) { transactionFeed(after: $after, heartbeatSeconds: 1) { "+selection+" } }", after))
}

// event is the next event: the id of its subscription and its payload. A heartbeat
// has no line.
func (s sharer) event() (id int, payload string, line bool) {
	s.t.Helper()
	for {
		var m feedMessage
		if err := s.ReadJSON(&m); err != nil {
			s.t.Fatal(err)
		}
		if m.Type != s.next {
			continue // a ping
		}
		if _, err := fmt.Sscan(m.ID, &id); err != nil {
			s.t.Fatal(err)
		}
		var event struct {
			Data struct {
				TransactionFeed struct{ Transaction json.RawMessage }
			}
		}
		if err := json.Unmarshal(m.Payload, &event); err != nil {
			s.t.Fatalf("%s: %v", m.Payload, err)
		}
		return id, string(m.Payload), string(event.Data.TransactionFeed.Transaction) != "null"
	}
}

// begun waits until n subscriptions are live: each has received a heartbeat.
func (s sharer) begun(n int) {
	s.t.Helper()
	for live := make(map[int]bool); len(live) < n; {
		id, payload, line := s.event()
		if line {
			s.t.Fatalf("a line before there was one: %s", payload)
		}
		live[id] = true
	}
}

// lines are the next lines of n subscriptions, a number of lines (each) for every one.
func (s sharer) lines(n, each int) []string {
	s.t.Helper()
	received, heard := make([]string, n), make([]int, n)
	for missing := n * each; missing > 0; {
		id, payload, line := s.event()
		if !line {
			continue
		}
		if heard[id]++; heard[id] > each {
			s.t.Fatalf("one line too many: %s", payload)
		}
		received[id] += payload + "\n"
		missing--
	}
	return received
}

// TestSharedAnswersAreLikeOthers: the bytes that many subscriptions share are the
// bytes that each would receive alone, as a backfill from the log does: over each
// protocol, for all selections and all texts.
func TestSharedAnswersAreLikeOthers(t *testing.T) {
	const selections, each = 25, 40
	random := rand.New(rand.NewPCG(rand.Uint64(), 1))
	log := &sharedLog{}
	feed := server.NewSubscriptionHub(log)
	handle(t, feed, log.pay(t, 1, 1))
	gateway := serve(t, feed, server.Transports{})
	asked := make([]string, selections)
	var clients []sharer
	for _, protocol := range []string{modernProtocol, modernProtocol, legacyProtocol} {
		clients = append(clients, join(t, gateway, protocol))
	}
	for id := range asked {
		asked[id] = anySelection(random)
		for _, c := range clients {
			c.follow(id, asked[id], "null")
		}
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	query := "subscription { transactionFeed(heartbeatSeconds: 1) { " + asked[0] + " } }"
	stream := openEvents(t, ctx, gateway.URL, fmt.Sprintf(`{"query":%q}`, query), "")
	stream.expect(opened, "event: next\n")
	for _, c := range clients {
		c.begun(selections)
	}
	for rest := each; rest > 0; {
		n := 1 + random.IntN(rest)
		handle(t, feed, log.payAnything(t, random, n))
		rest -= n
	}
	alone := join(t, gateway, modernProtocol)
	for id := range asked {
		alone.follow(id, asked[id], `"`+cursorAt("1")+`"`)
	}
	want := alone.lines(selections, each)
	for i, c := range clients {
		for id, got := range c.lines(selections, each) {
			if got != want[id] {
				t.Fatalf("client %d, which selects %s, received\n%swhereas a client alone received\n%s",
					i, asked[id], got, want[id])
			}
		}
	}
	for line := range strings.Lines(want[0]) {
		event := stream.next()
		for strings.Contains(event, `"transaction":null`) || strings.HasPrefix(event, ": ping") {
			event = stream.next()
		}
		if event != "event: next\ndata: "+line {
			t.Fatalf("a stream received %s, want %s", event, line)
		}
	}
}
