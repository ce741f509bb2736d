package banktest

import (
	"strings"
	"time"
)

// Month lives one customer's month at the bank and checks every step, to the
// cent: salary, rent, a card hold that is captured in part, a transfer to a
// closed account that comes back, a reversal, a frozen day, and the statement
// at the end. It returns the account and the period for further checks. key
// keeps several months at one bank apart.
func (c *Client) Month(key string) (account string, from, to time.Time) {
	c.t.Helper()
	from = time.Now().Add(-time.Second)
	ada := c.opened(key+"-ada", "Ada Lovelace")
	landlord := c.opened(key+"-landlord", "Charles Babbage")
	gone := c.opened(key+"-gone", "No one")
	c.Must("closeAccount", map[string]any{"accountId": gone, "reason": "moved away", "idempotencyKey": "close"})

	c.Must("deposit", c.paid(ada, "2500.00", "salary")).hasBalance("2500.00", "2500.00")
	c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": landlord, "amount": EUR("900.50"),
		"reference": "rent", "idempotencyKey": "rent", "waitMs": 10_000}).Answers(`{transfer: {status: COMPLETED}}`)

	hold := c.Must("placeHold", map[string]any{"accountId": ada, "amount": EUR("100.00"), "reference": "hotel",
		"idempotencyKey": "card"}).hasBalance("1599.50", "1499.50")
	c.Must("captureHold", map[string]any{"holdId": hold.Hold.ID, "amount": EUR("64.95"), "releaseRest": true,
		"idempotencyKey": "hotel"}).hasBalance("1534.55", "1534.55").
		Answers(`{hold: {status: CAPTURED, captured: {value: "64.95"}}}`)

	c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": gone, "amount": EUR("300.00"),
		"idempotencyKey": "lost", "waitMs": 10_000}).
		Answers(`{transfer: {status: RETURNED, rejection: {code: ACCOUNT_CLOSED}}}`)

	mistake := c.Must("withdraw", c.paid(ada, "20.00", "mistake"))
	reversal := map[string]any{"transactionId": mistake.Transaction.ID, "reason": "booked twice", "idempotencyKey": "undo"}
	undone := c.Must("reverse", reversal).hasBalance("1534.55", "1534.55")
	reversal["idempotencyKey"] = "undo again"
	c.Mutate("reverse", reversal).Answers(`{userErrors: [{code: ALREADY_REVERSED, by: %s}]}`, undone.Transaction.ID)

	c.Must("freezeAccount", map[string]any{"accountId": ada, "scope": "DEBITS", "reason": "the card was lost",
		"idempotencyKey": "freeze"})
	c.Mutate("withdraw", c.paid(ada, "10.00", "cash")).Answers(`{userErrors: [{code: ACCOUNT_FROZEN}]}`)
	c.Must("deposit", c.paid(ada, "0.45", "interest"))
	c.Must("unfreezeAccount", map[string]any{"accountId": ada, "idempotencyKey": "unfreeze"})
	last := c.Must("withdraw", c.paid(ada, "10.00", "cash")).hasBalance("1525.00", "1525.00")

	to = last.Transaction.OccurredAt.Add(time.Millisecond) // the API rounds down to milliseconds
	for time.Now().Before(to) {
		<-time.After(time.Millisecond)
	}
	c.statement(ada, from, to)
	return ada, from, to
}

func (c *Client) statement(id string, from, to time.Time) {
	c.t.Helper()
	answer := c.Do(`query($id: ID!, $from: DateTime!, $to: DateTime!) {
	  statement(accountId: $id, from: $from, to: $to, format: CSV) {
	    opening { value } closing { value } document lines { nodes { type amount { value } balanceAfter { value } } }
	  }
	}`, map[string]any{"id": id, "from": from.UTC().Format(time.RFC3339Nano), "to": to.UTC().Format(time.RFC3339Nano)})
	answer.Answers(`{statement: {opening: {value: "0.00"}, closing: {value: "1525.00"}, lines: {nodes: [
	  {type: DEPOSIT, amount: {value: "2500.00"}, balanceAfter: {value: "2500.00"}},
	  {type: TRANSFER_OUT, amount: {value: "900.50"}, balanceAfter: {value: "1599.50"}},
	  {type: HOLD_CAPTURE, amount: {value: "64.95"}, balanceAfter: {value: "1534.55"}},
	  {type: TRANSFER_OUT, amount: {value: "300.00"}, balanceAfter: {value: "1234.55"}},
	  {type: TRANSFER_RETURNED, amount: {value: "300.00"}, balanceAfter: {value: "1534.55"}},
	  {type: WITHDRAWAL, amount: {value: "20.00"}, balanceAfter: {value: "1514.55"}},
	  {type: REVERSAL, amount: {value: "20.00"}, balanceAfter: {value: "1534.55"}},
	  {type: DEPOSIT, amount: {value: "0.45"}, balanceAfter: {value: "1535.00"}},
	  {type: WITHDRAWAL, amount: {value: "10.00"}, balanceAfter: {value: "1525.00"}},
	]}}}`)
	var got struct{ Statement struct{ Document string } }
	if answer.Decode(&got); strings.Count(got.Statement.Document, "\r\n") != 12 {
		c.t.Errorf("the CSV has not 12 lines:\n%s", got.Statement.Document)
	}
}

func (c *Client) opened(key, owner string) string {
	c.t.Helper()
	return c.Must("openAccount", map[string]any{"owner": owner, "currency": "EUR", "idempotencyKey": key}).Account.ID
}

func (c *Client) paid(id, value, key string) map[string]any {
	return map[string]any{"accountId": id, "amount": EUR(value), "idempotencyKey": key, "reference": key}
}

func (p Posted) hasBalance(current, available string) Posted {
	p.t.Helper()
	return p.Answers(`{account: {balance: {current: {value: "%s"}, available: {value: "%s"}}}}`, current, available)
}
