package banktest_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/bank"
)

// guess returns a random mutation on some accounts. Many of them are refused.
func (c *scenario) guess(random *rand.Rand, accounts, holds, lines []string) (string, map[string]any) {
	account, other := accounts[random.IntN(len(accounts))], accounts[random.IntN(len(accounts))]
	amount := banktest.EUR(fmt.Sprintf("%d.%02d", random.IntN(200), random.IntN(100)))
	key := c.key()
	on := func(more map[string]any) map[string]any {
		more["accountId"], more["idempotencyKey"] = account, key
		return more
	}
	one := func(of []string) string { return of[random.IntN(len(of))] }
	switch random.IntN(10) {
	case 0, 1:
		return "deposit", on(map[string]any{"amount": amount})
	case 2:
		return "withdraw", on(map[string]any{"amount": amount})
	case 3, 4:
		return "transfer", map[string]any{"fromAccountId": account, "toAccountId": other, "amount": amount,
			"idempotencyKey": key}
	case 5:
		return "placeHold", on(map[string]any{"amount": amount})
	case 6:
		return "captureHold", map[string]any{"holdId": one(holds), "amount": amount, "releaseRest": random.IntN(2) == 0,
			"idempotencyKey": key}
	case 7:
		return "reverse", map[string]any{"transactionId": one(lines), "amount": amount, "reason": "r", "idempotencyKey": key}
	case 8:
		return "setLimits", on(map[string]any{"overdraft": amount, "debitPerTransaction": banktest.EUR("150")})
	default:
		scope := one([]string{"DEBITS", "CREDITS", "BOTH"})
		if random.IntN(2) == 0 {
			return "unfreezeAccount", on(map[string]any{})
		}
		return "freezeAccount", on(map[string]any{"scope": scope, "reason": "a test"})
	}
}

// TestADryRunIsWhatHappens: each command has the result that its dry run
// predicted, and a dry run alone leaves no trace.
func TestADryRunIsWhatHappens(t *testing.T) {
	c := given(t, banktest.Start(t))
	random := rand.New(rand.NewPCG(4, 2026))
	closed := c.open(nil)
	c.Must("closeAccount", map[string]any{"accountId": closed, "idempotencyKey": "close"})
	accounts := []string{c.rich("500.00"), c.rich("500.00"), c.open(map[string]any{"kind": "SAVINGS"}), closed}
	holds, lines := []string{"hld_none"}, []string{"txn_none"}
	applied, refused := 0, 0
	for range 300 {
		mutation, input := c.guess(random, accounts, holds, lines)
		tried := c.Mutate(mutation, with(input, "dryRun", true))
		real := c.Mutate(mutation, with(input, "dryRun", false))
		if !tried.DryRun || tried.Replayed || real.DryRun || real.Replayed {
			t.Fatalf("%s %v: tried %+v, then %+v", mutation, input, tried, real)
		}
		own := slices.DeleteFunc(slices.Clone(tried.UserErrors),
			func(e banktest.UserError) bool { return e.Typename == "DestinationRefusal" })
		if len(real.UserErrors) > 0 {
			if refused++; len(own) == 0 || !reflect.DeepEqual(own[0], real.UserErrors[0]) {
				t.Fatalf("%s %v: tried %+v, then %+v", mutation, input, tried.UserErrors, real.UserErrors)
			}
			continue
		}
		applied++
		tried.OwnIDs()
		if tried.Transaction != nil && real.Transaction != nil {
			tried.Transaction.OccurredAt = real.Transaction.OccurredAt
		}
		if len(own) > 0 || !reflect.DeepEqual(tried.Account, real.Account) ||
			!reflect.DeepEqual(tried.Transaction, real.Transaction) ||
			!reflect.DeepEqual(tried.Hold, real.Hold) {
			t.Fatalf("%s %v: tried %+v %+v %+v, then %+v %+v %+v", mutation, input, tried.Account, tried.Transaction, own,
				real.Account, real.Transaction, real.Hold)
		}
		if real.Transaction != nil {
			lines = append(lines, real.Transaction.ID)
		}
		if mutation == "placeHold" {
			holds = append(holds, real.Hold.ID)
		}
		if real.Transfer != nil { // its end is an event of this account, too
			c.until(t, "the transfer to end", `query($id: ID!) { transfer(id: $id) { status } }`, real.Transfer.ID, `D"`)
			want, got := len(tried.UserErrors) > 0, c.transfer(real.Transfer.ID).Status == "RETURNED"
			if want != got {
				t.Fatalf("%s %v: tried %+v, and it is returned: %v", mutation, input, tried.UserErrors, got)
			}
		}
	}
	if applied < 60 || refused < 60 {
		t.Errorf("%d were applied and %d refused: the guesses are too good or too bad", applied, refused)
	}
}

func (c *scenario) transfer(id string) banktest.Transfer {
	var got struct{ Transfer banktest.Transfer }
	c.Get(`query($id: ID!) { transfer(id: $id) { `+banktest.TransferFields+` } }`, map[string]any{"id": id}, &got)
	return got.Transfer
}

// TestADryRunTellsEveryBrokenRule, so that a client can correct them all at once.
func TestADryRunTellsEveryBrokenRule(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, frozen := c.rich("5.00"), c.open(nil)
	c.Must("setLimits", map[string]any{"accountId": ada, "debitPerTransaction": banktest.EUR("6"),
		"debitPerDay": banktest.EUR("7"), "idempotencyKey": "l"})
	for _, id := range []string{ada, frozen} {
		c.Must("freezeAccount", map[string]any{"accountId": id, "scope": "BOTH", "reason": "r", "idempotencyKey": "f"})
	}
	input := map[string]any{"fromAccountId": ada, "toAccountId": frozen, "amount": banktest.EUR("8"),
		"idempotencyKey": "t",
		"memo":           strings.Repeat("x", 501), "dryRun": true,
		"effectiveAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}
	got := c.Mutate("transfer", input)
	var all []string
	for _, e := range got.UserErrors {
		all = append(all, e.Code+" "+strings.Join(e.Path[1:], "."))
	}
	want := []string{"INPUT_INVALID memo", "INPUT_INVALID effectiveAt", "ACCOUNT_FROZEN fromAccountId",
		"LIMIT_EXCEEDED amount",
		"LIMIT_EXCEEDED amount", "INSUFFICIENT_FUNDS amount", "ACCOUNT_FROZEN toAccountId"}
	if !slices.Equal(all, want) || got.UserErrors[6].Typename != "DestinationRefusal" {
		t.Errorf("answered\n%q, want\n%q", all, want)
	}
	c.Mutate("deposit", map[string]any{"accountId": "x", "amount": banktest.EUR("0.001"), "idempotencyKey": "",
		"reference": strings.Repeat("x", 141), "dryRun": true}).Refused("INPUT_INVALID", "INPUT_INVALID", "AMOUNT_INVALID")
	for _, mutation := range []string{"deposit", "withdraw", "placeHold"} {
		c.Mutate(mutation, map[string]any{"accountId": ada, "amount": banktest.EUR("0.001"), "idempotencyKey": "precise",
			"dryRun": true}).Refused("AMOUNT_INVALID", "ACCOUNT_FROZEN")
		c.Mutate(mutation, map[string]any{"accountId": ada, "amount": map[string]any{"value": "1", "currency": "USD"},
			"idempotencyKey": "usd", "dryRun": true}).Refused("CURRENCY_MISMATCH", "ACCOUNT_FROZEN")
		c.Mutate(mutation, map[string]any{"accountId": ada, "amount": banktest.EUR("0"), "idempotencyKey": "nothing",
			"dryRun": true}).Refused("AMOUNT_INVALID", "ACCOUNT_FROZEN")
	}
	c.open(map[string]any{"externalId": "iban-1"})
	for currency, more := range map[string][]string{"EUR": nil, "ZZZ": {"CURRENCY_UNKNOWN"}} {
		c.Mutate("openAccount", map[string]any{"owner": "Ada", "currency": currency, "externalId": "iban-1",
			"name": strings.Repeat("x", 141), "idempotencyKey": c.key(), "dryRun": true}).
			Refused(slices.Concat([]string{"INPUT_INVALID"}, more, []string{"EXTERNAL_ID_TAKEN"})...)
	}
}

// TestAnAccountHoldsOnlySoManyHolds takes batches to get there.
func TestAnAccountHoldsOnlySoManyHolds(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada := c.rich("1000.00")
	for batch := range bank.MaxHolds / 100 {
		var items []any
		for i := range 100 {
			items = append(items, map[string]any{"placeHold": map[string]any{"accountId": ada, "amount": banktest.EUR("0.01"),
				"idempotencyKey": fmt.Sprint(batch, "-", i)}})
		}
		if got := c.batch(map[string]any{"items": items, "atomic": true}); got.FailedIndex != nil || len(got.Results) != 100 {
			t.Fatalf("%+v", got)
		}
	}
	c.Mutate("placeHold", c.pay(ada, "0.01")).Refused("TOO_MANY_OPEN_ITEMS")
}
