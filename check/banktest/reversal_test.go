package banktest_test

import (
	"fmt"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// TestATransferIsUndoneFromEitherSide: named by the line of the sender or of
// the receiver, in parts, and never twice.
func TestATransferIsUndoneFromEitherSide(t *testing.T) {
	banktest.Tell(t, aTransferIsUndoneFromEitherSide)
}

func aTransferIsUndoneFromEitherSide(t *testing.T, b *banktest.Bank) {
	c := given(t, b)
	ada, bob := c.rich("100.00"), c.open(nil)
	sent := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("60"),
		"idempotencyKey": "t", "waitMs": 10_000})
	sent.Answers(`{transfer: {status: COMPLETED}, transaction: {type: TRANSFER_OUT}}`)
	received := "txn_" + strings.TrimPrefix(bob, "acc_") + "_2"
	reverse := func(line, value, key string) banktest.Posted {
		return c.Mutate("reverse", map[string]any{"transactionId": line, "amount": banktest.EUR(value), "reason": "too much",
			"idempotencyKey": key, "waitMs": 10_000})
	}
	first, second := reverse(sent.Transaction.ID, "10", "r1"), reverse(received, "15", "r2")
	for _, p := range []banktest.Posted{first, second} {
		p.Answers(`{userErrors: [], transfer: {status: COMPLETED}, account: {id: %[1]s}, transaction: {accountId: %[1]s}}`,
			bob)
	}
	reverse(sent.Transaction.ID, "10", "r1").Answers(`{replayed: true, transfer: {id: %s}}`, first.Transfer.ID)
	reverse(sent.Transaction.ID, "35.01", "r3").Answers(
		`{userErrors: [{code: AMOUNT_EXCEEDS_REMAINING, remaining: {value: "35.00"}}]}`)
	reverse(first.Transaction.ID, "1", "r4").Refused("NOT_REVERSIBLE")

	c.Settle()
	const fields = `... on Transaction { reversedAmount { value } reversals { id } reverses { id }
	  transfer { id reversals { id } reverses { id } } }`
	undone := fmt.Sprintf(`reversedAmount: {value: "25.00"}, reversals: [{id: %s}, {id: %s}]`,
		first.Transaction.ID, second.Transaction.ID)
	c.Do(`query($sent: ID!, $received: ID!, $back: ID!) {
	  sent: node(id: $sent) { `+fields+` }
	  received: node(id: $received) { `+fields+` }
	  back: node(id: $back) { `+fields+` }
	}`, map[string]any{"sent": sent.Transaction.ID, "received": received, "back": first.Transaction.ID}).Answers(`{
	  sent: {%[1]s, transfer: {reversals: [{id: %[2]s}, {id: %[3]s}]}},
	  received: {%[1]s},
	  back: {reverses: {id: %[4]s}, transfer: {reverses: {id: %[5]s}}},
	}`, undone, first.Transfer.ID, second.Transfer.ID, received, sent.Transfer.ID)
	if value, _ := c.Balance(ada, 2); value != "65.00" {
		t.Errorf("ada has %s", value)
	}
}

// TestWhatCameBackIsNotUndone, and a transfer back that is not taken undoes
// nothing.
func TestWhatCameBackIsNotUndone(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("100.00"), c.open(nil)
	lost := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"amount": banktest.EUR("1"), "idempotencyKey": "lost", "waitMs": 10_000})
	lost.Answers(`{transfer: {status: RETURNED, rejection: {code: ACCOUNT_NOT_FOUND}}}`)
	undo := map[string]any{"transactionId": lost.Transaction.ID, "reason": "r", "idempotencyKey": "u"}
	if got := c.Mutate("reverse", undo).Refused("NOT_REVERSIBLE"); !strings.Contains(fmt.Sprint(got.UserErrors),
		"came back") {
		t.Errorf("%+v", got)
	}
	sent := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("5"),
		"idempotencyKey": "t", "waitMs": 10_000})
	c.Must("freezeAccount", map[string]any{"accountId": ada, "scope": "CREDITS", "reason": "r", "idempotencyKey": "f"})
	back := map[string]any{"transactionId": sent.Transaction.ID, "reason": "r", "idempotencyKey": "back"}
	c.Mutate("reverse", with(back, "dryRun", true)).Answers(
		`{userErrors: [{__typename: DestinationRefusal, code: ACCOUNT_FROZEN}]}`)
	c.Must("reverse", with(with(back, "dryRun", false), "waitMs", 10_000)).Answers(`{transfer: {status: RETURNED}}`)
	c.Must("unfreezeAccount", map[string]any{"accountId": ada, "idempotencyKey": "u"})
	c.Must("reverse", with(with(back, "idempotencyKey", "again"), "waitMs", 10_000)).Answers(
		`{transfer: {status: COMPLETED}, transaction: {amount: {value: "5.00"}}}`)
}
