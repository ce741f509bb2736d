package banktest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/bank"
	"corebank/internal/identity"
)

// lookBack is everything that can be asked about an account's past.
const lookBack = `query($id: ID!, $asOf: AsOf, $filter: TransactionFilter) {
	account(id: $id, asOf: $asOf) { version status name freeze { reason } limits { overdraft { value } }
		balance { current { value } available { value } held { value } overdraft { value } inTransit { value } version
			explanation { opening { value } credits { value } debits { value } current { value } held { value } available {
				value }
				holds { id remaining { value } } transactions { id } } }
		holds { id remaining { value } }
		history(first: 100) { nodes { id } totals { count credits { value } debits { value } } pageInfo { hasNextPage
			hasPreviousPage } } }
	balance(accountId: $id, asOf: $asOf) { current { value } available { value } version }
	history(accountId: $id, asOf: $asOf, last: 3, filter: $filter) { nodes { id } pageInfo { hasNextPage hasPreviousPage
		} totals { count } }
}`

// TestThePastIsAsItWas asks at every step what is, and afterwards for what was.
func TestThePastIsAsItWas(t *testing.T) { banktest.Tell(t, thePastIsAsItWas) }

func thePastIsAsItWas(t *testing.T, b *banktest.Bank) {
	c := given(t, b)
	ada, bob := c.open(nil), c.open(nil)
	on := func(more map[string]any) map[string]any {
		more["accountId"], more["idempotencyKey"] = ada, c.key()
		return more
	}
	steps := []func() banktest.Posted{
		func() banktest.Posted { return c.Must("deposit", c.pay(ada, "100.00")) },
		func() banktest.Posted { return c.Must("placeHold", c.pay(ada, "30.00")) },
		func() banktest.Posted {
			return c.Must("setLimits", on(map[string]any{"overdraft": banktest.EUR("10")}))
		},
		func() banktest.Posted { return c.Must("withdraw", c.pay(ada, "80.00")) },
		func() banktest.Posted {
			return c.Must("freezeAccount", on(map[string]any{"scope": "DEBITS", "reason": "r"}))
		},
		func() banktest.Posted { return c.Must("unfreezeAccount", on(map[string]any{})) },
		func() banktest.Posted { return c.Must("updateAccount", on(map[string]any{"name": "Housekeeping"})) },
		func() banktest.Posted {
			return c.Must("transfer", map[string]any{"fromAccountId": bob, "toAccountId": ada, "amount": banktest.EUR("1"),
				"idempotencyKey": "t", "waitMs": 10_000})
		},
	}
	c.Must("deposit", c.pay(bob, "100.00"))
	seen, times := map[int]json.RawMessage{}, map[int]time.Time{}
	for range 30 { // past a kept state
		for _, step := range steps[:1] {
			step()
		}
	}
	for i, step := range steps {
		if p := step(); i == 0 && p.Account.Version < 30 {
			t.Fatalf("%+v", p)
		}
		c.Settle()
		var version struct{ Account struct{ Version int } }
		c.Get(`query($id: ID!) { account(id: $id) { version } }`, map[string]any{"id": ada}, &version)
		seen[version.Account.Version] = c.Do(lookBack, map[string]any{"id": ada}).Data
		times[version.Account.Version] = nextMillisecond()
	}
	for version, was := range seen {
		for name, asOf := range map[string]any{"version": map[string]any{"version": version},
			"time": map[string]any{"time": times[version].Format(time.RFC3339Nano)}} {
			got := c.Do(lookBack, map[string]any{"id": ada, "asOf": asOf})
			if len(got.Errors) > 0 || !reflect.DeepEqual(decoded(t, withoutMarks(got.Data)), decoded(t, was)) {
				t.Errorf("as of %s %v it is\n%s %+v, and was\n%s", name, asOf, got.Data, got.Errors, was)
			}
		}
	}
	now := map[string]any{"time": time.Now().UTC().Format(time.RFC3339Nano)}
	if got, is := c.Do(lookBack, map[string]any{"id": ada, "asOf": now}),
		c.Do(lookBack, map[string]any{"id": ada}); len(got.Errors) > 0 ||
		!reflect.DeepEqual(decoded(t, withoutMarks(got.Data)), decoded(t, is.Data)) {
		t.Errorf("as of now it is\n%s, and is\n%s", got.Data, is.Data)
	}
}

// nextMillisecond is a moment after all that has happened, and before all that
// will.
func nextMillisecond() time.Time {
	at := time.Now().UTC().Truncate(time.Millisecond)
	for time.Now().Before(at.Add(2 * time.Millisecond)) {
		<-time.After(time.Millisecond)
	}
	return at
}

func decoded(t *testing.T, data json.RawMessage) (v any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestATimeWithMicrosecondsIsExact: an account's times are shown in milliseconds,
// and asked for to the microsecond.
func TestATimeWithMicrosecondsIsExact(t *testing.T) {
	c := given(t, banktest.Start(t))
	at := func(id, moment string) string {
		answer := c.Do(`query($id: ID!, $asOf: AsOf) { balance(accountId: $id, asOf: $asOf) { version } }`,
			map[string]any{"id": id, "asOf": map[string]any{"time": moment}})
		if len(answer.Errors) > 0 {
			t.Errorf("as of %s: %+v", moment, answer.Errors)
		}
		return string(answer.Data)
	}
	later := 0
	for range 3 { // one in a thousand is opened at the very beginning of a millisecond
		ada := c.rich("1.00")
		c.Settle()
		var shown struct{ Account struct{ OpenedAt string } }
		c.Get(`query($id: ID!) { account(id: $id) { openedAt } }`, map[string]any{"id": ada}, &shown)
		if in := at(ada, shown.Account.OpenedAt); strings.Contains(in, "null") {
			t.Errorf("within its millisecond it is not open: %s %s", in, shown.Account.OpenedAt)
		}
		if strings.Contains(at(ada, strings.Replace(shown.Account.OpenedAt, "Z", "000Z", 1)), "null") {
			later++
		}
	}
	if later < 2 {
		t.Errorf("%d of 3 accounts were opened after the beginning of their millisecond", later)
	}
}

func TestWhatIsNoPast(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada := c.rich("1.00")
	c.Settle()
	for name, asOf := range map[string]any{
		"to come":       map[string]any{"version": 3},
		"the future":    map[string]any{"time": "2999-01-01T00:00:00Z"},
		"below zero":    map[string]any{"version": -1},
		"nothing":       map[string]any{},
		"two at a time": map[string]any{"version": 1, "time": "2020-01-01T00:00:00Z"},
	} {
		t.Run(name, func(*testing.T) { c.Do(lookBack, map[string]any{"id": ada, "asOf": asOf}).Fails() })
	}
	beforeItWasOpened := map[string]any{"time": "2020-01-01T00:00:00Z"}
	c.Do(lookBack, map[string]any{"id": ada, "asOf": beforeItWasOpened}).Answers(`{
	  account: null, balance: null,
	  history: {nodes: [], pageInfo: {hasNextPage: false, hasPreviousPage: false}, totals: {count: 0}},
	}`)
}

func TestTheBooksBalancedAtEveryMoment(t *testing.T) { banktest.Tell(t, theBooksBalancedAtEveryMoment) }

func theBooksBalancedAtEveryMoment(t *testing.T, b *banktest.Bank) {
	c := given(t, b)
	ada, bob := c.rich("10.00"), c.open(nil)
	c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("4"),
		"idempotencyKey": "t", "waitMs": 10_000})
	c.Settle()
	type trial struct {
		Position int
		Balanced bool
		Totals   []struct {
			Kind string
			Sum  struct{ Value string }
		}
	}
	const ask = `query($asOf: LogAsOf) { trialBalance(asOf: $asOf) { position balanced totals { kind sum { value } } } }`
	at := func(asOf any) trial {
		var got struct{ TrialBalance trial }
		c.Get(ask, map[string]any{"asOf": asOf}, &got)
		return got.TrialBalance
	}
	now := at(nil)
	inTransit := false
	for position := range now.Position + 1 {
		then := at(map[string]any{"position": position})
		if !then.Balanced || then.Position != position {
			t.Errorf("at %d: %+v", position, then)
		}
		for _, total := range then.Totals {
			inTransit = inTransit || total.Kind == "TRANSIT" && total.Sum.Value == "4.00"
		}
	}
	if !inTransit {
		t.Error("the money was never seen in transit")
	}
	if same := at(map[string]any{"time": time.Now().UTC().Format(time.RFC3339Nano)}); fmt.Sprint(same) != fmt.Sprint(now) {
		t.Errorf("as of now %+v, and now %+v", same, now)
	}
	if answer := c.Do(ask, map[string]any{"asOf": map[string]any{"position": now.Position + 1}}); len(answer.Errors) != 1 {
		t.Errorf("a position to come: %s", answer.Data)
	}
}

func TestOneCanAskWhetherAPaymentHappened(t *testing.T) {
	banktest.Tell(t, oneCanAskWhetherAPaymentHappened)
}

func oneCanAskWhetherAPaymentHappened(t *testing.T, b *banktest.Bank) {
	c := given(t, b)
	ada := c.Open("open ada")
	paid := c.Must("deposit", map[string]any{"accountId": ada, "amount": banktest.EUR("1"), "idempotencyKey": "paid"})
	c.Mutate("withdraw", map[string]any{"accountId": ada, "amount": banktest.EUR("2"), "idempotencyKey": "refused"})
	c.Must("deposit", map[string]any{"accountId": ada, "amount": banktest.EUR("1"), "idempotencyKey": "tried",
		"dryRun": true})
	ask := func(account any, key string) string {
		var got struct {
			CommandStatus struct {
				State       string
				Event       *struct{ AccountID, Type string }
				Transaction *struct{ ID string }
			}
		}
		c.Get(`query($id: ID, $key: String!) { commandStatus(accountId: $id, idempotencyKey: $key) { state event { accountId
			type } transaction { id } } }`,
			map[string]any{"id": account, "key": key}, &got)
		s := got.CommandStatus
		switch {
		case s.Transaction != nil:
			return s.State + " " + s.Event.Type + " " + s.Transaction.ID
		case s.Event != nil:
			return s.State + " " + s.Event.Type + " " + s.Event.AccountID
		}
		return s.State
	}
	for _, test := range []struct {
		account   any
		key, want string
	}{
		{ada, "paid", "APPLIED MONEY_DEPOSITED " + paid.Transaction.ID},
		{nil, "open ada", "APPLIED ACCOUNT_OPENED " + ada},
		{ada, "refused", "UNKNOWN"}, {ada, "tried", "UNKNOWN"}, {ada, "never sent", "UNKNOWN"}, {nil, "paid", "UNKNOWN"},
	} {
		if got := ask(test.account, test.key); got != test.want {
			t.Errorf("%v %s is %s, want %s", test.account, test.key, got, test.want)
		}
	}
}

// TestHistoryOfNoAccount is null, as the account is: for an id that nothing has, one
// of a transfer that was returned, and another's account.
func TestHistoryOfNoAccount(t *testing.T) {
	c := given(t, banktest.Start(t))
	ada, unknown := c.rich("1.00"), string(bank.NewAccountID("unknown", "k"))
	empty := c.open(nil)
	c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": unknown, "amount": banktest.EUR("1"),
		"idempotencyKey": "t", "waitMs": 10_000})
	c.Settle()
	const ask = `query($id: ID!) { account(id: $id) { id } balance(accountId: $id) { version }
		history(accountId: $id) { nodes { id } totals { count credits { currency } } } }`
	for _, id := range []string{unknown, string(bank.NewAccountID("unknown", "else")), "x", ""} {
		c.Do(ask, map[string]any{"id": id}).Answers(`{account: null, balance: null, history: null}`)
	}
	c.As("eve", identity.Customer).Do(ask, map[string]any{"id": ada}).Answers(
		`{account: null, balance: null, history: null}`)
	c.Do(ask, map[string]any{"id": empty}).Answers(
		`{history: {nodes: [], totals: {count: 0, credits: {currency: EUR}}}}`)
}
