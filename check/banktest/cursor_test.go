package banktest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/identity"
)

const feedOf = `subscription($id: ID, $after: String) {
	transactionFeed(accountId: $id, after: $after, heartbeatSeconds: 1) { cursor position transaction { version } } }`

// fed is an event of a feed, or the error that it ended with.
type fed struct {
	Cursor, Position string
	Transaction      *struct{ Version int }
	Code             string
}

// listenTo starts a feed and returns what gives its next event.
func listenTo(t *testing.T, c *banktest.Client, id, after any) (next func() fed) {
	t.Helper()
	s := c.Dial()
	s.Ask("1", feedOf, map[string]any{"id": id, "after": after})
	return func() fed {
		t.Helper()
		var payload json.RawMessage
		s.Next(&payload)
		var got struct {
			Data   struct{ TransactionFeed fed }
			Errors []struct{ Extensions struct{ Code string } }
		}
		if payload[0] == '[' { // of the message "error"
			payload = fmt.Appendf(nil, `{"errors":%s}`, payload)
		}
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		for _, e := range got.Errors {
			got.Data.TransactionFeed.Code = e.Extensions.Code
		}
		return got.Data.TransactionFeed
	}
}

// openOwn opens an account of a customer.
func openOwn(c *banktest.Client, name string) string {
	return c.Must("openAccount", map[string]any{"owner": name, "currency": "EUR", "idempotencyKey": "own"}).Account.ID
}

func oldCursor(position int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "position:%d", position))
}

func TestACursorBeyondTheEndIsRefused(t *testing.T) { banktest.Tell(t, aCursorBeyondTheEndIsRefused) }

func aCursorBeyondTheEndIsRefused(t *testing.T, b *banktest.Bank) {
	ada := b.As("ada", identity.Customer)
	id := openOwn(ada, "ada")
	b.Deposit(id, "100.00", "EUR", "d1")
	b.Settle()
	beyond := []string{oldCursor(999_999),
		base64.RawURLEncoding.EncodeToString([]byte("stream:999999")),
		base64.RawURLEncoding.EncodeToString([]byte("stream:2:0102030405060708"))}
	for who, c := range map[string]*banktest.Client{"the owner": ada, "a teller": b.Client} {
		for _, cursor := range beyond {
			if got := listenTo(t, c, id, cursor)(); got.Code != "CURSOR_INVALID" {
				t.Errorf("%s with %s: %+v, want CURSOR_INVALID", who, cursor, got)
			}
		}
		if got := listenTo(t, c, id, oldCursor(1))(); got.Transaction == nil || got.Transaction.Version != 2 {
			t.Errorf("%s with a cursor of an earlier build: %+v, want the deposit", who, got)
		}
	}
	for _, cursor := range []string{oldCursor(999_999),
		base64.RawURLEncoding.EncodeToString([]byte("position:2:0102030405060708"))} {
		if got := listenTo(t, b.Client, nil, cursor)(); got.Code != "CURSOR_INVALID" {
			t.Errorf("all accounts after %s: %+v, want CURSOR_INVALID", cursor, got)
		}
	}
	version := base64.RawURLEncoding.EncodeToString([]byte("version:999999"))
	for _, page := range []string{"history(accountId: $id, after: $c) { nodes { id } }",
		"history(accountId: $id, last: 1, before: $c) { nodes { id } }",
		"account(id: $id) { events(after: $c) { nodes { version } } }"} {
		b.Do("query($id: ID!, $c: String) { "+page+" }", map[string]any{"id": id, "c": version}).Fails("CURSOR_INVALID")
	}
	for _, wrong := range []string{version, base64.RawURLEncoding.EncodeToString([]byte("version:3"))} {
		b.Do(`query($id: ID!, $c: String, $to: DateTime!) {
			statement(accountId: $id, from: "2020-01-01T00:00:00Z", to: $to) { lines(after: $c) { nodes { id } } } }`,
			map[string]any{"id": id, "c": wrong, "to": time.Now().UTC().Format(time.RFC3339Nano)}).Fails("CURSOR_INVALID")
	}
	b.Do("query($c: String) { accounts(after: $c) { nodes { id } } }", map[string]any{"c": oldCursor(999_999)}).
		Fails("CURSOR_INVALID")
}

// Every cursor that is given out leads on from where it was given out.
func TestCursorsLeadOn(t *testing.T) { banktest.Tell(t, cursorsLeadOn) }

func cursorsLeadOn(t *testing.T, b *banktest.Bank) {
	ada := b.As("ada", identity.Customer)
	id, other := openOwn(ada, "ada"), b.Open("b")
	b.Deposit(id, "1.00", "EUR", "d2")
	b.Settle()
	for who, c := range map[string]*banktest.Client{"the owner": ada, "a teller": b.Client} {
		for _, of := range []any{id, nil} {
			if of == nil && c == ada {
				continue // it sees its own only
			}
			next := listenTo(t, c, of, nil)
			beat := next() // a heartbeat
			paid := b.Deposit(id, "1.00", "EUR", fmt.Sprint("d", who, of))
			b.Deposit(other, "1.00", "EUR", fmt.Sprint("o", who, of)) // which the account says nothing of
			b.Must("updateAccount", map[string]any{"accountId": id, "name": fmt.Sprint(who, of),
				"idempotencyKey": fmt.Sprint("n", who, of)})
			event := next()
			for event.Transaction == nil {
				beat, event = event, next()
			}
			if event.Transaction.Version != paid.Transaction.Version {
				t.Errorf("%s: %+v, want version %d", who, event, paid.Transaction.Version)
			}
			got := listenTo(t, c, of, beat.Cursor)()
			if got.Transaction == nil || got.Transaction.Version != paid.Transaction.Version {
				t.Errorf("%s after the heartbeat %s: %+v, want version %d", who, beat.Cursor, got, paid.Transaction.Version)
			}
			later := b.Deposit(id, "1.00", "EUR", fmt.Sprint("l", who, of))
			after := listenTo(t, c, of, event.Cursor)
			got = after()
			for got.Transaction == nil || of == nil && got.Transaction.Version != later.Transaction.Version {
				got = after()
			}
			if got.Transaction.Version != later.Transaction.Version {
				t.Errorf("%s after the event %s: %+v, want version %d", who, event.Cursor, got, later.Transaction.Version)
			}
		}
	}
}

// What a customer is given does not depend on what others do.
func TestACustomerLearnsNothingOfOthers(t *testing.T) {
	banktest.Tell(t, aCustomerLearnsNothingOfOthers)
}

func aCustomerLearnsNothingOfOthers(t *testing.T, b *banktest.Bank) {
	type seen struct {
		Beat, BeatPosition, Position string
		Events                       []string
	}
	watch := func(name string, others int) seen {
		for i := range others {
			b.Deposit(b.Open(fmt.Sprint(name, i)), "1.00", "EUR", "d")
		}
		c := b.As(name, identity.Customer)
		id := openOwn(c, name)
		b.Deposit(id, "1.00", "EUR", "d")
		b.Settle()
		next := listenTo(t, c, id, nil)
		var s seen
		beat := next()
		s.Beat, s.BeatPosition = beat.Cursor, beat.Position
		b.Deposit(id, "2.00", "EUR", "d2")
		event := next()
		for event.Transaction == nil {
			event = next()
		}
		s.Position = event.Position
		var got struct {
			Accounts struct{ PageInfo struct{ EndCursor string } }
			Account  struct {
				Events struct{ Nodes []struct{ Position string } }
			}
		}
		b.Settle()
		c.Get(`query($id: ID!) { accounts { pageInfo { endCursor } } account(id: $id) { events { nodes { position } } } }`,
			map[string]any{"id": id}, &got)
		plain, err := base64.RawURLEncoding.DecodeString(got.Accounts.PageInfo.EndCursor)
		if err != nil || string(plain) != "account:"+id {
			t.Errorf("the cursor of the account is %q (%v)", plain, err)
		}
		for _, node := range got.Account.Events.Nodes {
			s.Events = append(s.Events, node.Position)
		}
		if plain, err := base64.RawURLEncoding.DecodeString(event.Cursor); err != nil ||
			!strings.HasPrefix(string(plain), "stream:3:") {
			t.Errorf("the cursor of the event is %q (%v)", plain, err)
		}
		// A made-up cursor does not tell how far the log is either.
		for position := range 30 {
			if got := listenTo(t, c, id, oldCursor(1_000+position))(); got.Code != "CURSOR_INVALID" {
				t.Errorf("with a made-up cursor: %+v", got)
				break
			}
		}
		return s
	}
	quiet, busy := watch("ada", 0), watch("bob", 9)
	if fmt.Sprint(quiet) != fmt.Sprint(busy) {
		t.Errorf("beside few others a customer sees %+v\nbeside many %+v", quiet, busy)
	}
}
