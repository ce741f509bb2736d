package banktest

import (
	"fmt"
	"strings"
	"time"
)

// Month lives one customer's month at the bank and checks every step, to the
// cent: salary, rent, a card hold that is captured in part, a transfer to a
// closed account that comes back, a reversal, a frozen day, and the statement
// at the end. It returns the account and the period, so that a caller can look
// closer. key keeps stories of one bank apart.
func (c *Client) Month(key string) (account string, from, to time.Time) {
	c.t.Helper()
	from = time.Now().Add(-time.Second)
	ada := c.opened(key+"-ada", "Ada Lovelace")
	landlord := c.opened(key+"-landlord", "Charles Babbage")
	gone := c.opened(key+"-gone", "Nobody")
	c.Must("closeAccount", map[string]any{"accountId": gone, "reason": "moved away", "idempotencyKey": "close"})

	c.expect("salary", c.Must("deposit", c.paid(ada, "2500.00", "salary")), "2500.00", "2500.00")
	rent := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": landlord, "amount": EUR("900.50"),
		"reference": "rent", "idempotencyKey": "rent", "waitMs": 10_000})
	c.is("the rent", rent.Transfer.Status, "COMPLETED")

	hold := c.Must("placeHold", map[string]any{"accountId": ada, "amount": EUR("100.00"), "reference": "hotel", "idempotencyKey": "card"})
	c.expect("card", hold, "1599.50", "1499.50")
	captured := c.Must("captureHold", map[string]any{"holdId": hold.Hold.ID, "amount": EUR("64.95"), "releaseRest": true, "idempotencyKey": "hotel"})
	c.expect("hotel", captured, "1534.55", "1534.55")
	c.is("the hold", captured.Hold.Status+" "+captured.Hold.Captured.Value, "CAPTURED 64.95")

	lost := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": gone, "amount": EUR("300.00"), "idempotencyKey": "lost", "waitMs": 10_000})
	c.is("the transfer to a closed account", lost.Transfer.Status+" "+lost.Transfer.Rejection.Code, "RETURNED ACCOUNT_CLOSED")

	mistake := c.Must("withdraw", c.paid(ada, "20.00", "mistake"))
	undone := c.Must("reverse", map[string]any{"transactionId": mistake.Transaction.ID, "reason": "booked twice", "idempotencyKey": "undo"})
	c.expect("the reversal", undone, "1534.55", "1534.55")
	again := c.Post("reverse", map[string]any{"transactionId": mistake.Transaction.ID, "reason": "booked twice", "idempotencyKey": "undo again"})
	c.is("a second reversal", strings.Join(again.Codes(), " "), "ALREADY_REVERSED")
	c.is("what it names", again.UserErrors[0].By, undone.Transaction.ID)

	c.Must("freezeAccount", map[string]any{"accountId": ada, "scope": "DEBITS", "reason": "the card was lost", "idempotencyKey": "freeze"})
	frozen := c.Post("withdraw", c.paid(ada, "10.00", "cash"))
	c.is("a withdrawal on the frozen day", strings.Join(frozen.Codes(), " "), "ACCOUNT_FROZEN")
	c.Must("deposit", c.paid(ada, "0.45", "interest"))
	c.Must("unfreezeAccount", map[string]any{"accountId": ada, "idempotencyKey": "unfreeze"})
	last := c.Must("withdraw", c.paid(ada, "10.00", "cash"))
	c.expect("cash", last, "1525.00", "1525.00")

	to = last.Transaction.OccurredAt.Add(time.Millisecond) // told in milliseconds
	for time.Now().Before(to) {
		<-time.After(time.Millisecond)
	}
	c.statement(ada, from, to)
	return ada, from, to
}

// statement checks the month's statement.
func (c *Client) statement(id string, from, to time.Time) {
	c.t.Helper()
	var got struct {
		Statement struct {
			Opening, Closing Money
			Document         string
			Lines            struct {
				Nodes []struct {
					Type                 string
					Amount, BalanceAfter Money
				}
			}
		}
	}
	c.Get(`query($id: ID!, $from: DateTime!, $to: DateTime!) { statement(accountId: $id, from: $from, to: $to, format: CSV) {
		opening { value } closing { value } document lines { nodes { type amount { value } balanceAfter { value } } } } }`,
		map[string]any{"id": id, "from": from.UTC().Format(time.RFC3339Nano), "to": to.UTC().Format(time.RFC3339Nano)}, &got)
	var lines []string
	for _, n := range got.Statement.Lines.Nodes {
		lines = append(lines, fmt.Sprint(n.Type, " ", n.Amount.Value, " ", n.BalanceAfter.Value))
	}
	c.is("the statement", strings.Join(append(append([]string{got.Statement.Opening.Value}, lines...), got.Statement.Closing.Value), "\n"),
		strings.Join([]string{"0.00", "DEPOSIT 2500.00 2500.00", "TRANSFER_OUT 900.50 1599.50", "HOLD_CAPTURE 64.95 1534.55",
			"TRANSFER_OUT 300.00 1234.55", "TRANSFER_RETURNED 300.00 1534.55", "WITHDRAWAL 20.00 1514.55", "REVERSAL 20.00 1534.55",
			"DEPOSIT 0.45 1535.00", "WITHDRAWAL 10.00 1525.00", "1525.00"}, "\n"))
	c.is("the lines of its CSV", fmt.Sprint(strings.Count(got.Statement.Document, "\r\n")), "12")
}

func (c *Client) opened(key, owner string) string {
	c.t.Helper()
	return c.Must("openAccount", map[string]any{"owner": owner, "currency": "EUR", "idempotencyKey": key}).Account.ID
}

func (c *Client) paid(id, value, key string) map[string]any {
	return map[string]any{"accountId": id, "amount": EUR(value), "idempotencyKey": key, "reference": key}
}

// expect checks the balances that a mutation answers.
func (c *Client) expect(what string, p Posted, current, available string) {
	c.t.Helper()
	c.is(what, p.Account.Balance.Current.Value+" "+p.Account.Balance.Available.Value, current+" "+available)
}

func (c *Client) is(what, got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Fatalf("%s is\n%s\nand not\n%s", what, got, want)
	}
}
