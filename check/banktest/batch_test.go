package banktest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// posted is the answer to a batch.
type posted struct {
	DryRun      bool
	FailedIndex *int
	UserErrors  []banktest.UserError
	Results     []struct {
		Index       int
		Status      string
		Account     *banktest.Account
		Transaction *banktest.Transaction
		UserErrors  []banktest.UserError
	}

	t      testing.TB
	answer banktest.Answer
}

// expect checks the status of each item, and which one failed first; -1 for none.
func (p posted) expect(statuses string, failed int) {
	p.t.Helper()
	var got []string
	for _, r := range p.Results {
		got = append(got, r.Status)
	}
	index := -1
	if p.FailedIndex != nil {
		index = *p.FailedIndex
	}
	if strings.Join(got, " ") != statuses || index != failed {
		p.t.Errorf("the items are %s and %d failed, want %s and %d: %s", got, index, statuses, failed, p.answer.Data)
	}
}

func (c *scenario) batch(input map[string]any) posted {
	answer := c.Do(`mutation($input: PostBatchInput!) { postBatch(input: $input) {
		dryRun failedIndex userErrors { code message path }
		results {
		  index status account { `+banktest.AccountFields+` } transaction { `+banktest.TransactionFields+` }
		  userErrors { code message path }
		}
	} }`, map[string]any{"input": input})
	got := struct{ PostBatch posted }{posted{t: c.t, answer: answer}}
	if err := json.Unmarshal(answer.Data, &got); err != nil || len(answer.Errors) > 0 {
		c.t.Fatalf("%s %+v: %v", answer.Data, answer.Errors, err)
	}
	return got.PostBatch
}

func TestABatchNamesWhatFailed(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("10.00"), c.rich("10.00")
	items := func() []any {
		return []any{
			map[string]any{"deposit": with(c.pay(ada, "5.00"), "idempotencyKey", "b1")},
			map[string]any{"withdraw": with(c.pay(ada, "16.00"), "idempotencyKey", "b2")},
			map[string]any{"withdraw": with(c.pay(bob, "9.00"), "idempotencyKey", "b1")},
			map[string]any{"withdraw": with(c.pay(ada, "15.00"), "idempotencyKey", "b3")},
			map[string]any{"deposit": with(c.pay(ada, "0.001"), "idempotencyKey", "b4")},
		}
	}
	tried := c.batch(map[string]any{"items": items(), "dryRun": true})
	got := c.batch(map[string]any{"items": items()})
	for name, answer := range map[string]posted{"tried": tried, "posted": got} {
		answer.expect("APPLIED REFUSED APPLIED APPLIED REFUSED", 1)
		t.Run(name, func(*testing.T) {
			answer.answer.Answers(`{postBatch: {results: [
			  {}, {userErrors: [{code: INSUFFICIENT_FUNDS, path: [input, items, "1", withdraw, amount]}]},
			  {}, {transaction: {balanceAfter: {value: "0.00"}}},
			  {userErrors: [{code: AMOUNT_INVALID, path: [input, items, "4", deposit, amount, value]}]},
			]}}`)
		})
	}
	c.batch(map[string]any{"items": items()}).expect("REPLAYED REFUSED REPLAYED REPLAYED REFUSED", 1)
}

func TestAnAtomicBatchIsAllOrNothing(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("10.00"), c.rich("10.00")
	items := func(last string) []any {
		return []any{
			map[string]any{"deposit": c.pay(ada, "5.00")},
			map[string]any{"placeHold": c.pay(ada, "5.00")},
			map[string]any{"withdraw": c.pay(ada, last)},
		}
	}
	c.batch(map[string]any{"items": items("10.01"), "atomic": true}).expect("NOT_TRIED NOT_TRIED REFUSED", 2)
	malformed := append(items("1"), map[string]any{"deposit": c.pay(ada, "0")})
	c.batch(map[string]any{"items": malformed, "atomic": true}).expect("NOT_TRIED NOT_TRIED NOT_TRIED REFUSED", 3)
	if value, version := c.Balance(ada, 2); value != "10.00" || version != 2 {
		t.Errorf("after that the balance is %s at version %d", value, version)
	}
	c.batch(map[string]any{"items": items("10.00"), "atomic": true}).expect("APPLIED APPLIED APPLIED", -1)
	for name, batch := range map[string]map[string]any{
		"input items 0 deposit dryRun": {"items": []any{map[string]any{"deposit": with(c.pay(ada, "1"), "dryRun", true)}}},
		"input items 0": {"items": []any{map[string]any{"transfer": map[string]any{"fromAccountId": ada,
			"toAccountId": bob, "amount": banktest.EUR("1"), "idempotencyKey": "k", "waitMs": 1}}}},
		"input items": {"items": []any{}},
	} {
		got := c.batch(batch)
		got.expect("", -1)
		if len(got.UserErrors) != 1 || !slices.Equal(got.UserErrors[0].Path, strings.Fields(name)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAnAtomicBatchIsForAnyAccounts: what an item does is there for the next one, on
// whichever account, and one refusal is the end of all.
func TestAnAtomicBatchIsForAnyAccounts(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob, cat := c.rich("10.00"), c.open(nil), c.open(nil)
	send := func(from, to, value string) map[string]any {
		return map[string]any{"transfer": map[string]any{"fromAccountId": from, "toAccountId": to,
			"amount": banktest.EUR(value), "idempotencyKey": c.key()}}
	}
	items := func(last string) []any {
		return []any{send(ada, bob, "10.00"), send(bob, cat, "9.00"), map[string]any{"withdraw": c.pay(cat, last)},
			map[string]any{"postTransaction": c.posting(leg(bob, "-1.00"), leg(ada, "1.00"))}}
	}
	c.batch(map[string]any{"items": items("9.01"), "atomic": true}).expect("NOT_TRIED NOT_TRIED REFUSED NOT_TRIED", 2)
	c.batch(map[string]any{"items": items("9.01"), "atomic": true, "dryRun": true}).expect(
		"NOT_TRIED NOT_TRIED REFUSED NOT_TRIED", 2)
	malformed := append(items("1"), map[string]any{"deposit": c.pay(bob, "0")})
	c.batch(map[string]any{"items": malformed, "atomic": true}).expect(
		"NOT_TRIED NOT_TRIED NOT_TRIED NOT_TRIED REFUSED", 4)
	c.has(map[string]string{ada: "10.00", bob: "0.00", cat: "0.00"})

	good := items("8.00")
	tried := c.batch(map[string]any{"items": good, "atomic": true, "dryRun": true})
	done := c.batch(map[string]any{"items": good, "atomic": true})
	for _, got := range []posted{tried, done} {
		got.expect("APPLIED APPLIED APPLIED APPLIED", -1)
		if got.Results[2].Account.Balance.Current.Value != "1.00" {
			t.Errorf("Cat has %+v", got.Results[2].Account)
		}
	}
	c.batch(map[string]any{"items": good, "atomic": true}).expect("REPLAYED REPLAYED REPLAYED REPLAYED", -1)
	c.has(map[string]string{ada: "1.00", bob: "0.00", cat: "1.00"})
}

// TestABatchOverAHundredAccounts is one step, in its order: the money of one account
// passes through all of them.
func TestABatchOverAHundredAccounts(t *testing.T) {
	c := given(t, banktest.Start(t))
	ids := []string{c.rich("100.00")}
	for range 100 {
		ids = append(ids, c.open(nil))
	}
	for _, atomic := range []bool{true, false} {
		var items []any
		for i := range 100 {
			items = append(items, map[string]any{"transfer": map[string]any{"fromAccountId": ids[i], "toAccountId": ids[i+1],
				"amount": banktest.EUR("50.00"), "idempotencyKey": fmt.Sprint("pass on ", atomic)}})
		}
		c.batch(map[string]any{"items": items, "atomic": atomic}).expect(
			strings.TrimSpace(strings.Repeat("APPLIED ", 100)), -1)
	}
	c.has(map[string]string{ids[0]: "0.00", ids[50]: "0.00", ids[100]: "100.00"})
}

// TestADryRunOfABatchKnowsEveryAccount: an account that an earlier item pays is shown as
// predicted, and explains its balance.
func TestADryRunOfABatchKnowsEveryAccount(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, bob := c.rich("10.00"), c.rich("1.00")
	c.Settle()
	send := map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("4.00"), "idempotencyKey": "t"}
	c.Do(`mutation($in: PostBatchInput!) { postBatch(input: $in) { results { status account { id balance {
	  current { value } explanation(since: {version: 0}) { transactions { id type } } } } } } }`,
		map[string]any{"in": map[string]any{"dryRun": true, "items": []any{map[string]any{"transfer": send},
			map[string]any{"placeHold": c.pay(bob, "5.00")}, map[string]any{"withdraw": c.pay(bob, "9.00")},
			map[string]any{"adjustHold": map[string]any{"holdId": "hld_" + strings.TrimPrefix(bob, "acc_") + "_4",
				"amount": banktest.EUR("4.50"), "idempotencyKey": "a"}}}}}).Answers(`{postBatch: {results: [
	  {status: APPLIED}, {status: APPLIED, account: {balance: {current: {value: "5.00"}, explanation: {transactions: [
	    {type: DEPOSIT}, {type: TRANSFER_IN}]}}}}, {status: REFUSED, account: {balance: {current: {value: "5.00"}}}},
	  {status: APPLIED, account: {balance: {current: {value: "5.00"}}}}]}}`)
}

// TestTheLargestBatches: what is asked at once is posted in as many appends as it takes. An atomic batch for which one
// append has no room is refused as such: too many events, too many of one account, or too long ones.
func TestTheLargestBatches(t *testing.T) {
	c := given(t, banktest.Start(t))
	company, people := c.rich("100000.00"), []string{c.open(nil), c.open(nil), c.open(nil)}
	items := func(n int, long bool, to ...string) (items []any) {
		for range n {
			all := []map[string]any{leg(company, "-49.00")}
			for i := range 49 {
				all = append(all, leg(to[i%len(to)], "1.00"))
			}
			for _, one := range all {
				if long { // and longer still where it is stored, with each < as \u003c
					one["reference"], one["memo"] = strings.Repeat("<", 140), strings.Repeat("<", 500)
				}
			}
			items = append(items, map[string]any{"postTransaction": c.posting(all...)})
		}
		return items
	}
	for reason, tooMany := range map[string][]any{
		"550 events; the limit is 500":                items(11, false, people...),
		"490 events of one account; the limit is 256": items(10, false, people[0]),
		"bytes; the limit is 2097152":                 items(10, true, people...),
	} {
		for _, dry := range []bool{true, false} {
			got := c.batch(map[string]any{"items": tooMany, "atomic": true, "dryRun": dry})
			got.expect("REFUSED"+strings.Repeat(" NOT_TRIED", len(tooMany)-1), 0)
			if errs := got.Results[0].UserErrors; len(errs) != 1 || errs[0].Code != "INPUT_INVALID" ||
				!strings.Contains(errs[0].Message, reason) || strings.Join(errs[0].Path, ".") != "input.items" {
				t.Errorf("%s: %+v", reason, errs)
			}
		}
	}
	c.has(map[string]string{company: "100000.00"})
	many := c.batch(map[string]any{"items": items(15, false, people[0])})
	many.expect("APPLIED"+strings.Repeat(" APPLIED", 14), -1)
	c.has(map[string]string{company: "99265.00", people[0]: "735.00"})
}
