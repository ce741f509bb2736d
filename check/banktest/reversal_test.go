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
	c := &counter{Bank: b}
	ada, bob := c.rich("100.00"), c.open(nil)
	sent := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("60"), "idempotencyKey": "t", "waitMs": 10_000})
	if sent.Transfer.Status != "COMPLETED" || sent.Transaction.Type != "TRANSFER_OUT" {
		t.Fatalf("%+v", sent)
	}
	received := "txn_" + strings.TrimPrefix(bob, "acc_") + "_2"
	reverse := func(line, value, key string) banktest.Posted {
		return c.Post("reverse", map[string]any{"transactionId": line, "amount": banktest.EUR(value), "reason": "too much", "idempotencyKey": key, "waitMs": 10_000})
	}
	first, second := reverse(sent.Transaction.ID, "10", "r1"), reverse(received, "15", "r2")
	for _, p := range []banktest.Posted{first, second} {
		if len(p.UserErrors) > 0 || p.Transfer.Status != "COMPLETED" || p.Account.ID != bob || p.Transaction.AccountID != bob {
			t.Fatalf("%+v", p)
		}
	}
	if again := reverse(sent.Transaction.ID, "10", "r1"); !again.Replayed || again.Transfer.ID != first.Transfer.ID {
		t.Errorf("sent again: %+v", again)
	}
	if more := reverse(sent.Transaction.ID, "35.01", "r3"); fmt.Sprint(more.Codes()) != "[AMOUNT_EXCEEDS_REMAINING]" || more.UserErrors[0].Remaining.Value != "35.00" {
		t.Errorf("too much: %+v", more)
	}
	if back := reverse(first.Transaction.ID, "1", "r4"); fmt.Sprint(back.Codes()) != "[NOT_REVERSIBLE]" {
		t.Errorf("a reversal of a reversal: %+v", back)
	}
	c.Settle()
	var got struct {
		Sent, Received, Back struct {
			ReversedAmount banktest.Money
			Reversals      []struct{ ID string }
			Reverses       *struct{ ID string }
			Transfer       struct {
				ID        string
				Reversals []struct{ ID string }
				Reverses  *struct{ ID string }
			}
		}
	}
	const fields = `... on Transaction { reversedAmount { value } reversals { id } reverses { id } transfer { id reversals { id } reverses { id } } }`
	c.Get(`query($sent: ID!, $received: ID!, $back: ID!) { sent: node(id: $sent) { `+fields+` } received: node(id: $received) { `+fields+` } back: node(id: $back) { `+fields+` } }`,
		map[string]any{"sent": sent.Transaction.ID, "received": received, "back": first.Transaction.ID}, &got)
	undoing := fmt.Sprintf("[{%s} {%s}]", first.Transaction.ID, second.Transaction.ID)
	transfers := fmt.Sprintf("[{%s} {%s}]", first.Transfer.ID, second.Transfer.ID)
	for name, side := range map[string]any{"sent": got.Sent, "received": got.Received} {
		if text := fmt.Sprintf("%+v", side); !strings.Contains(text, "25.00") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if fmt.Sprint(got.Sent.Reversals) != undoing || fmt.Sprint(got.Received.Reversals) != undoing || fmt.Sprint(got.Sent.Transfer.Reversals) != transfers {
		t.Errorf("undone by %v and %v, %v; want %s, %s", got.Sent.Reversals, got.Received.Reversals, got.Sent.Transfer.Reversals, undoing, transfers)
	}
	if got.Back.Reverses == nil || got.Back.Reverses.ID != received || got.Back.Transfer.Reverses == nil || got.Back.Transfer.Reverses.ID != sent.Transfer.ID {
		t.Errorf("the way back: %+v", got.Back)
	}
	if value, _ := c.Balance(ada, 2); value != "65.00" {
		t.Errorf("ada has %s", value)
	}
}

// TestWhatCameBackIsNotUndone, and a transfer back that is not taken undoes
// nothing.
func TestWhatCameBackIsNotUndone(t *testing.T) {
	c := &counter{Bank: banktest.Start(t)}
	ada, bob := c.rich("100.00"), c.open(nil)
	lost := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "amount": banktest.EUR("1"), "idempotencyKey": "lost", "waitMs": 10_000})
	if lost.Transfer.Status != "RETURNED" || lost.Transfer.Rejection.Code != "ACCOUNT_NOT_FOUND" {
		t.Fatalf("%+v", lost.Transfer)
	}
	undo := map[string]any{"transactionId": lost.Transaction.ID, "reason": "r", "idempotencyKey": "u"}
	if got := c.Post("reverse", undo); fmt.Sprint(got.Codes()) != "[NOT_REVERSIBLE]" || !strings.Contains(got.UserErrors[0].Message, "came back") {
		t.Errorf("%+v", got)
	}
	sent := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("5"), "idempotencyKey": "t", "waitMs": 10_000})
	c.Must("freezeAccount", map[string]any{"accountId": ada, "scope": "CREDITS", "reason": "r", "idempotencyKey": "f"})
	back := map[string]any{"transactionId": sent.Transaction.ID, "reason": "r", "idempotencyKey": "back"}
	if tried := c.Post("reverse", with(back, "dryRun", true)); len(tried.UserErrors) != 1 || tried.UserErrors[0].Typename != "DestinationRefusal" || tried.UserErrors[0].Code != "ACCOUNT_FROZEN" {
		t.Errorf("tried: %+v", tried.UserErrors)
	}
	refused := c.Must("reverse", with(with(back, "dryRun", false), "waitMs", 10_000))
	if refused.Transfer.Status != "RETURNED" {
		t.Errorf("%+v", refused.Transfer)
	}
	c.Must("unfreezeAccount", map[string]any{"accountId": ada, "idempotencyKey": "u"})
	if again := c.Must("reverse", with(with(back, "idempotencyKey", "again"), "waitMs", 10_000)); again.Transfer.Status != "COMPLETED" || again.Transaction.Amount.Value != "5.00" {
		t.Errorf("%+v", again)
	}
}
