package banktest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
)

// TestADryRunAnswersAtOnceAndAlike, where it used to differ from the earnest.
func TestADryRunAnswersAtOnceAndAlike(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("10.00"), c.open(nil)
	send := func(value, key string, dry bool) map[string]any {
		return map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR(value),
			"idempotencyKey": key, "dryRun": dry}
	}
	for _, value := range []string{"0", "-1.00", "0.00"} {
		for _, dry := range []bool{true, false} {
			c.Mutate("transfer", send(value, "nothing", dry)).Refused("AMOUNT_INVALID")
		}
	}
	for _, last := range []map[string]any{c.pay(ada, "0"), c.pay(ada, "0.001"), with(c.pay(ada, "1"), "memo",
		strings.Repeat("x", 501))} {
		items := []any{map[string]any{"deposit": c.pay(ada, "1.00")}, map[string]any{"withdraw": c.pay(ada, "11.01")},
			map[string]any{"deposit": last}, map[string]any{"deposit": c.pay(ada, "1.00")}}
		for _, dry := range []bool{true, false} {
			got := c.batch(map[string]any{"items": items, "atomic": true, "dryRun": dry})
			got.expect("NOT_TRIED REFUSED NOT_TRIED NOT_TRIED", 1)
		}
	}
	sent := c.Must("transfer", with(send("4.00", "rent", false), "waitMs", 10_000))
	for _, dry := range []bool{true, false} {
		c.Mutate("transfer", send("4.00", "rent", dry)).Answers(
			`{replayed: true, transfer: {status: COMPLETED}, userErrors: []}`)
		c.Do(`mutation($in: PostBatchInput!) { postBatch(input: $in) { results { status transfer { status } } } }`,
			map[string]any{"in": map[string]any{"dryRun": dry, "items": []any{
				map[string]any{"transfer": send("4.00", "rent", false)}}}},
		).Answers(`{postBatch: {results: [{status: REPLAYED, transfer: {status: COMPLETED}}]}}`)
	}
	deposit := c.Must("deposit", c.pay(ada, "3.00")).Transaction.ID
	c.Must("withdraw", c.pay(ada, "8.00"))
	undo := map[string]any{"transactionId": deposit, "amount": banktest.EUR("9.00"), "reason": "r", "idempotencyKey": "u",
		"dryRun": true}
	c.Mutate("reverse", undo).Refused("AMOUNT_EXCEEDS_REMAINING", "INSUFFICIENT_FUNDS")
	c.Mutate("reverse", with(undo, "dryRun", false)).Refused("AMOUNT_EXCEEDS_REMAINING")
	limits := map[string]any{"accountId": ada, "overdraft": banktest.EUR("1.001"), "debitPerDay": banktest.EUR("0"),
		"idempotencyKey": "l", "dryRun": true}
	c.Mutate("setLimits", limits).Refused("AMOUNT_INVALID", "AMOUNT_INVALID")
	if sent.Transfer == nil {
		t.Error("the transfer was not sent")
	}
}

// TestAnAmountThatCannotBeReadHidesNothing: a dry run names every other rule beside it, alone and in a batch, after the
// one that the earnest names.
func TestAnAmountThatCannotBeReadHidesNothing(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada := c.rich("10.00")
	c.Must("freezeAccount", map[string]any{"accountId": ada, "scope": "BOTH", "reason": "lost", "idempotencyKey": "f"})
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	for _, value := range []string{"0", "0.001", "99999999999999999999"} {
		late := func() map[string]any { return with(c.pay(ada, value), "effectiveAt", tomorrow) }
		c.Mutate("withdraw", late()).Refused("AMOUNT_INVALID")
		c.Mutate("withdraw", with(late(), "dryRun", true)).Refused("AMOUNT_INVALID", "INPUT_INVALID", "ACCOUNT_FROZEN")
		for _, atomic := range []bool{true, false} {
			for _, dry := range []bool{true, false} {
				c.Do(`mutation($in: PostBatchInput!) { postBatch(input: $in) {
				  failedIndex results { status userErrors { code path } } } }`,
					map[string]any{"in": map[string]any{"atomic": atomic, "dryRun": dry, "items": []any{
						map[string]any{"withdraw": late()}}}},
				).Answers("%s", map[bool]string{
					false: `{postBatch: {failedIndex: 0, results: [{status: REFUSED, userErrors: [{code: AMOUNT_INVALID}]}]}}`,
					true: `{postBatch: {failedIndex: 0, results: [{status: REFUSED, userErrors: [{code: AMOUNT_INVALID},
					  {code: INPUT_INVALID, path: [input, items, "0", withdraw, effectiveAt]}, {code: ACCOUNT_FROZEN}]}]}}`,
				}[dry])
			}
		}
	}
}

// TestWhatComesBackSaysWhatItIs: a filter by reference shows the money leaving and coming back, and the day's limit
// has it again.
func TestWhatComesBackSaysWhatItIs(t *testing.T) {
	banktest.Tell(t, func(t *testing.T, b *banktest.Bank) {
		c := given(t, b)
		ada := c.rich("10.00")
		c.Must("setLimits", map[string]any{"accountId": ada, "debitPerDay": banktest.EUR("10"), "idempotencyKey": "l"})
		lost := map[string]any{"fromAccountId": ada, "toAccountId": "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa",
			"reference": "invoice 7", "memo": "March", "externalId": "x-7", "amount": banktest.EUR("8"),
			"idempotencyKey": "lost", "waitMs": 10_000}
		c.Must("transfer", lost).Answers(`{transfer: {status: RETURNED}}`)
		c.Settle()
		c.Do(`query($id: ID!) { history(accountId: $id, filter: {reference: "invoice 7"}) {
		  nodes { type reference memo externalId } totals { credits { value } debits { value } } }
		  account(id: $id) { limits { spentToday { value } remainingToday { value } } } }`,
			map[string]any{"id": ada}).Answers(
			`{history: {nodes: [{type: TRANSFER_RETURNED, reference: invoice 7, memo: March, externalId: x-7},
			  {type: TRANSFER_OUT, reference: invoice 7, memo: March, externalId: x-7}],
			  totals: {credits: {value: "8.00"}, debits: {value: "8.00"}}},
			 account: {limits: {spentToday: {value: "0.00"}, remainingToday: {value: "10.00"}}}}`)
		c.Must("withdraw", c.pay(ada, "10.00"))
	})
}

// TestSumsAreWide: a balance may come and go more often than an amount can hold.
func TestSumsAreWide(t *testing.T) {
	b := banktest.Start(t)
	yen := b.Must("openAccount", map[string]any{"owner": "Ada", "currency": "JPY", "idempotencyKey": "yen"}).Account.ID
	const most, twice, thrice = "9223372036854775807", "18446744073709551614", "27670116110564327421"
	b.Deposit(yen, most, "JPY", "1")
	b.Withdraw(yen, most, "JPY", "2")
	b.Deposit(yen, most, "JPY", "3")
	b.Withdraw(yen, most, "JPY", "4")
	b.Deposit(yen, most, "JPY", "5")
	b.Settle()
	b.Do(`query($id: ID!) {
	  balance(accountId: $id) { current { value } explanation(since: {version: 0}) { credits { value } debits { value } } }
	  history(accountId: $id) { totals { credits { value } debits { value } } }
	  account(id: $id) { limits { spentToday { value } } }
	}`, map[string]any{"id": yen}).Answers(`{
	  balance: {current: {value: "%[1]s"}, explanation: {credits: {value: "%[3]s"}, debits: {value: "%[2]s"}}},
	  history: {totals: {credits: {value: "%[3]s"}, debits: {value: "%[2]s"}}},
	  account: {limits: {spentToday: {value: "%[2]s"}}}}`, most, twice, thrice)
}

// TestReadsAgree about an account before it was opened, after it was closed, and about what has ended.
func TestReadsAgree(t *testing.T) {
	b := banktest.Start(t)
	c := given(t, b)
	ada := c.rich("5.00")
	c.Must("setLimits", map[string]any{"accountId": ada, "overdraft": banktest.EUR("875.20"), "idempotencyKey": "l"})
	hold := c.Must("placeHold", with(c.pay(ada, "1.00"), "expiresAt",
		time.Now().Add(400*time.Millisecond).UTC().Format(time.RFC3339Nano))).Hold.ID
	captured := c.Must("placeHold", with(c.pay(ada, "1.00"), "expiresAt",
		time.Now().Add(400*time.Millisecond).UTC().Format(time.RFC3339Nano))).Hold.ID
	c.Must("captureHold", map[string]any{"holdId": captured, "idempotencyKey": "capture"})
	c.Mutate("captureHold", map[string]any{"holdId": hold, "idempotencyKey": "capture"}).Answers(
		`{userErrors: [{code: IDEMPOTENCY_CONFLICT, fields: [holdId]}]}`)
	c.until(t, "the expiry to be noted", `query($id: ID!) { account(id: $id) { events { nodes { type } } } }`, ada,
		"HOLD_EXPIRED")
	c.Mutate("captureHold", map[string]any{"holdId": captured, "idempotencyKey": "k"}).Refused("HOLD_ENDED")
	c.Mutate("releaseHold", map[string]any{"holdId": captured, "idempotencyKey": "k"}).Refused("HOLD_ENDED")
	late := c.Mutate("captureHold", map[string]any{"holdId": hold, "idempotencyKey": "k"}).Refused("HOLD_EXPIRED")
	var got struct{ Hold struct{ ExpiresAt time.Time } }
	c.Get(`query($id: ID!) { hold(id: $id) { expiresAt } }`, map[string]any{"id": hold}, &got)
	if since := late.UserErrors; since[0].Since == nil || !since[0].Since.Equal(got.Hold.ExpiresAt) {
		t.Errorf("it expired at %v, and the refusal says %+v", got.Hold.ExpiresAt, since)
	}
	c.Must("withdraw", c.pay(ada, "4.00"))
	c.Must("closeAccount", map[string]any{"accountId": ada, "idempotencyKey": "close"}).Answers(
		`{account: {status: CLOSED, balance: {current: {value: "0.00"}, available: {value: "0.00"}}}}`)
	c.Settle()
	c.Do(`query($id: ID!) { account(id: $id) {
	    balance { available { value } overdraft { value } } limits { overdraft { value } } }
	  statement(accountId: $id, from: "2020-01-01T00:00:00Z", to: "2020-02-01T00:00:00Z", format: CSV) {
	    owner currency opening { value } openingVersion closing { value } closingVersion document
	    lines { nodes { id } } } }`,
		map[string]any{"id": ada}).Answers(`{
		  account: {balance: {available: {value: "0.00"}, overdraft: {value: "0.00"}}, limits: {overdraft: {value: "0.00"}}},
		  statement: {owner: Ada, currency: EUR, opening: {value: "0.00"}, openingVersion: 0, closing: {value: "0.00"},
		    closingVersion: 0, lines: {nodes: []}}}`)
	c.Do(`{ statement(accountId: "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", from: "2020-01-01T00:00:00Z",
	  to: "2020-02-01T00:00:00Z") { owner } }`, nil).Answers(`{statement: null}`)
	first := c.Mutate("deposit", with(c.pay(ada, "1.00"), "idempotencyKey", "setup 1")).UserErrors
	if len(first) != 1 || !slices.Equal(first[0].Fields, []string{"mutation"}) {
		t.Errorf("the key of the opening is answered with %+v", first)
	}
}

// TestATransferOnItsWayIsReversedLater: the refusal does not say to pay it back in another way. Only between partitions
// of the log is a transfer ever on its way.
func TestATransferOnItsWayIsReversedLater(t *testing.T) {
	banktest.Tell(t, func(t *testing.T, b *banktest.Bank) {
		c := given(t, b)
		ada := c.rich("10.00")
		bob := c.open(nil)
		if b.Partitions() == 1 {
			return
		}
		for c.together(ada, bob) {
			bob = c.open(nil)
		}
		resume := c.Stall()
		sent := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("4.00"),
			"idempotencyKey": "rent"})
		back := map[string]any{"transactionId": sent.Transaction.ID, "reason": "mistake", "idempotencyKey": "back"}
		for _, dry := range []bool{true, false} {
			got := c.Mutate("reverse", with(back, "dryRun", dry)).Refused("TRANSFER_PENDING")
			if e := got.UserErrors[0]; !e.Retryable || e.Typename != "TransferPending" ||
				strings.Contains(e.Message, "opposite") {
				t.Errorf("the refusal is %+v", e)
			}
		}
		resume()
		c.Settle()
		c.Must("reverse", with(back, "waitMs", 10_000)).Answers(`{replayed: false, transfer: {status: COMPLETED}}`)
		c.Settle()
		c.Do(`query($id: ID!) { balance(accountId: $id) { current { value } } }`, map[string]any{"id": ada}).Answers(
			`{balance: {current: {value: "10.00"}}}`)
	})
}
