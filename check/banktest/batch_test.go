package banktest_test

import (
	"encoding/json"
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
		"input items 1": {"items": []any{map[string]any{"deposit": c.pay(ada, "1")},
			map[string]any{"deposit": c.pay(bob, "1")}}, "atomic": true},
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
