package banktest_test

import (
	"fmt"
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
}

func (p posted) statuses() string {
	var all []string
	for _, r := range p.Results {
		all = append(all, r.Status)
	}
	return strings.Join(all, " ")
}

func (c *counter) batch(input map[string]any) posted {
	var got struct{ PostBatch posted }
	c.Get(`mutation($input: PostBatchInput!) { postBatch(input: $input) { dryRun failedIndex userErrors { code message path }
		results { index status account { `+banktest.AccountFields+` } transaction { `+banktest.TransactionFields+` } userErrors { code message path } } } }`,
		map[string]any{"input": input}, &got)
	return got.PostBatch
}

func TestABatchNamesWhatFailed(t *testing.T) {
	c := &counter{Bank: banktest.Start(t)}
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
		if answer.statuses() != "APPLIED REFUSED APPLIED APPLIED REFUSED" || answer.FailedIndex == nil || *answer.FailedIndex != 1 {
			t.Fatalf("%s: %+v", name, answer)
		}
		if e := answer.Results[1].UserErrors[0]; e.Code != "INSUFFICIENT_FUNDS" || strings.Join(e.Path, " ") != "input items 1 withdraw amount" {
			t.Errorf("%s: told %+v", name, e)
		}
		if e := answer.Results[4].UserErrors[0]; e.Code != "AMOUNT_INVALID" || strings.Join(e.Path, " ") != "input items 4 deposit amount value" {
			t.Errorf("%s: told %+v", name, e)
		}
		if value := answer.Results[3].Transaction.BalanceAfter.Value; value != "0.00" {
			t.Errorf("%s: the last balance is %s", name, value)
		}
	}
	if again := c.batch(map[string]any{"items": items()}); again.statuses() != "REPLAYED REFUSED REPLAYED REPLAYED REFUSED" {
		t.Errorf("again: %s", again.statuses())
	}
}

func TestAnAtomicBatchIsAllOrNothing(t *testing.T) {
	c := &counter{Bank: banktest.Start(t)}
	ada, bob := c.rich("10.00"), c.rich("10.00")
	items := func(last string) []any {
		return []any{
			map[string]any{"deposit": c.pay(ada, "5.00")},
			map[string]any{"placeHold": c.pay(ada, "5.00")},
			map[string]any{"withdraw": c.pay(ada, last)},
		}
	}
	if got := c.batch(map[string]any{"items": items("10.01"), "atomic": true}); got.statuses() != "NOT_TRIED NOT_TRIED REFUSED" || *got.FailedIndex != 2 {
		t.Errorf("%+v", got)
	}
	malformed := append(items("1"), map[string]any{"deposit": c.pay(ada, "0")})
	if got := c.batch(map[string]any{"items": malformed, "atomic": true}); got.statuses() != "NOT_TRIED NOT_TRIED NOT_TRIED REFUSED" || *got.FailedIndex != 3 {
		t.Errorf("%+v", got)
	}
	if value, version := c.Balance(ada, 2); value != "10.00" || version != 2 {
		t.Errorf("after that the balance is %s at version %d", value, version)
	}
	if got := c.batch(map[string]any{"items": items("10.00"), "atomic": true}); got.statuses() != "APPLIED APPLIED APPLIED" || got.FailedIndex != nil {
		t.Errorf("%+v", got)
	}
	for name, batch := range map[string]map[string]any{
		"input items 1":                {"items": []any{map[string]any{"deposit": c.pay(ada, "1")}, map[string]any{"deposit": c.pay(bob, "1")}}, "atomic": true},
		"input items 0 deposit dryRun": {"items": []any{map[string]any{"deposit": with(c.pay(ada, "1"), "dryRun", true)}}},
		"input items 0":                {"items": []any{map[string]any{"transfer": map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("1"), "idempotencyKey": "k", "waitMs": 1}}}},
		"input items":                  {"items": []any{}},
	} {
		got := c.batch(batch)
		if len(got.UserErrors) != 1 || len(got.Results) != 0 || fmt.Sprint(got.UserErrors[0].Path) != fmt.Sprint(strings.Fields(name)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
