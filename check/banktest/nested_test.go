package banktest_test

import (
	"fmt"
	"strings"
	"testing"

	"corebank/check/banktest"
	"corebank/internal/identity"
)

// TestBothSidesOfATransfer: each sees the transfer and its own line of it, and
// nothing else of the other's account, however it is asked for.
func TestBothSidesOfATransfer(t *testing.T) { banktest.Tell(t, bothSidesOfATransfer) }

func bothSidesOfATransfer(t *testing.T, bank *banktest.Bank) {
	ada, bob := bank.As("ada", identity.Customer), bank.As("bob", identity.Customer)
	open := func(c *banktest.Client, owner string) string {
		return c.Must("openAccount", map[string]any{"owner": owner, "currency": "EUR", "idempotencyKey": "a"}).Account.ID
	}
	hers, his := open(ada, "ada"), open(bob, "bob")
	ada.Must("deposit", map[string]any{"accountId": hers, "amount": banktest.EUR("100"), "idempotencyKey": "d"})
	sent := ada.Must("transfer", map[string]any{"fromAccountId": hers, "toAccountId": his, "amount": banktest.EUR("60"),
		"idempotencyKey": "t", "waitMs": 10_000})
	bank.Must("reverse", map[string]any{"transactionId": sent.Transaction.ID, "amount": banktest.EUR("10"),
		"reason": "too much", "idempotencyKey": "r", "waitMs": 10_000})
	bank.Settle()
	const ask = `query($id: ID!) { history(accountId: $id, filter: {types: [TRANSFER_OUT, TRANSFER_IN]}) { nodes {
		accountId type
		transfer { id status reversals { id } reverses { id } } reversedAmount { value } reversals { accountId } reverses {
			accountId } hold { id } counterpartyId } } }`
	for name, test := range map[string]struct {
		client      *banktest.Client
		own, others string
		want        string
	}{
		"the sender":   {ada, hers, his, "TRANSFER_IN of 0.00 by 0, reverses 1; TRANSFER_OUT of 10.00 by 0, reverses 0"},
		"the receiver": {bob, his, hers, "TRANSFER_OUT of 0.00 by 0, reverses 1; TRANSFER_IN of 10.00 by 1, reverses 0"},
	} {
		var got struct {
			History struct{ Nodes []nested }
		}
		test.client.Get(ask, map[string]any{"id": test.own}, &got)
		var lines []string
		for _, n := range got.History.Nodes {
			lines = append(lines, n.String())
			for _, line := range append(n.Reversals, n.lines()...) {
				if line.AccountID != test.own {
					t.Errorf("%s is shown a line of %s", name, line.AccountID)
				}
			}
			if n.Transfer == nil || n.CounterpartyID != test.others {
				t.Errorf("%s is shown %+v", name, n)
			}
		}
		if text := strings.Join(lines, "; "); text != test.want {
			t.Errorf("%s is shown %s, want %s", name, text, test.want)
		}
		test.client.Do(`query($id: ID!) { account(id: $id) { id } history(accountId: $id) { nodes { id } } }`,
			map[string]any{"id": test.others}).Answers(`{account: null, history: null}`)
	}
}

// nested is a line of history with what hangs on it.
type nested struct {
	AccountID, Type, CounterpartyID string
	Transfer                        *struct{ ID string }
	ReversedAmount                  banktest.Money
	Reversals                       []line
	Reverses                        *line
}

type line struct{ AccountID string }

func (n nested) lines() []line {
	if n.Reverses == nil {
		return nil
	}
	return []line{*n.Reverses}
}

func (n nested) String() string {
	return fmt.Sprintf("%s of %s by %d, reverses %d", n.Type, n.ReversedAmount.Value, len(n.Reversals), len(n.lines()))
}

// TestAStrangerHearsNothing: a subscription to an account of others is as quiet
// as one to an account that does not exist.
func TestAStrangerHearsNothing(t *testing.T) {
	bank, mallory, own, hers := adas(t)
	socket := mallory.Dial()
	for _, id := range []string{hers.account, nothing.account} {
		socket.SubscribeAs("not-hers-"+id, id, banktest.FromStart)
	}
	socket.SubscribeAs("1", own, banktest.FromStart)
	if _, version := socket.Received(); version != 2 { // anything of the others would fail it
		t.Errorf("received version %d", version)
	}
	for i := range 20 {
		bank.Deposit(hers.account, "1.00", "EUR", string(rune('a'+i)))
		mallory.Deposit(own, "1.00", "EUR", string(rune('a'+i)))
		if _, version := socket.Received(); version != 3+i {
			t.Errorf("received version %d, want %d", version, 3+i)
		}
	}
	for _, query := range []string{
		`subscription { accountUpdated(id: "ACCOUNT") { version owner } }`,
		`subscription { transferUpdated(id: "TRANSFER") { status } }`,
		`subscription { transactionFeed(accountId: "ACCOUNT", after: "` + banktest.FromStart +
			`", heartbeatSeconds: 1) { transaction { id } } }`,
	} {
		about, without := hers.out(mallory.Dial().First(hers.in(query, own))),
			nothing.out(mallory.Dial().First(nothing.in(query, own)))
		if about != without {
			t.Errorf("%s\nabout Ada's:  %s\nabout nothing: %s", query, about, without)
		}
		if event := hers.out(bank.As("ada", identity.Customer).Dial().First(hers.in(query, own))); event == about ||
			strings.Contains(event, `"errors"`) {
			t.Errorf("%s\nAda herself receives %s", query, event)
		}
	}
	if event := bank.As("bob",
		identity.Customer).Dial().First(hers.in(`subscription { transferUpdated(id: "TRANSFER") { status } }`,
		own)); !strings.Contains(event, "COMPLETED") {
		t.Errorf("the receiver gets %s", event)
	}
	everything := mallory.Dial()
	everything.SubscribeAs("1", nil, nil)
	if refusal := everything.Refused(); !strings.Contains(refusal, "accountId") {
		t.Errorf("everybody's transactions: %s", refusal)
	}
	staff := bank.Dial()
	staff.SubscribeAs("1", hers.account, banktest.FromStart)
	if _, version := staff.Received(); version != 2 {
		t.Errorf("a teller received version %d", version)
	}
}
