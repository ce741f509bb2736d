package banktest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corebank/check/banktest"
	"corebank/internal/bank"
	"corebank/internal/client"
	"corebank/internal/identity"
	"corebank/localbank/demo"
	"corebank/server/graphiql"
)

// fillDemo fills a bank as "corebank up --demo" does.
func fillDemo(t *testing.T, b *banktest.Bank) (demo.Result, *banktest.Client) {
	t.Helper()
	teller := b.As(string(identity.Teller), identity.Teller)
	steps := 0
	filled, err := demo.Fill(t.Context(), client.Client{URL: teller.URL, Token: teller.Token}.Query,
		func(done, total int) {
			if done != steps || done >= total {
				t.Errorf("request %d of %d after %d", done, total, steps)
			}
			steps++
		})
	if err != nil {
		t.Fatal(err)
	}
	b.Settle()
	return filled, teller
}

const (
	everyAccount = `{ accounts(first: 50) { nodes {
		id owner name kind currency status externalId version freeze { debits credits reason }
		balance { current { value } held { value } available { value } }
	} } systemStatus { head } }`
	itsHistory = `query($id: ID!) { history(accountId: $id, first: 100) {
		nodes { id type amount { value } balanceAfter { value } reference memo }
	} }`
)

// allOf is everything in a bank that a visitor sees.
func allOf(t *testing.T, teller *banktest.Client) string {
	t.Helper()
	var data json.RawMessage
	teller.Get(everyAccount, nil, &data)
	var accounts struct {
		Accounts struct{ Nodes []struct{ ID string } }
	}
	if err := json.Unmarshal(data, &accounts); err != nil {
		t.Fatal(err)
	}
	all := string(data)
	for _, account := range accounts.Accounts.Nodes {
		teller.Get(itsHistory, map[string]any{"id": account.ID}, &data)
		all += "\n" + string(data)
	}
	return all
}

// TestTheDemoIsTheSameEachTime: in the same bank nothing is new, in another one
// everything but the time is equal.
func TestTheDemoIsTheSameEachTime(t *testing.T) {
	banktest.Tell(t, func(t *testing.T, b *banktest.Bank) {
		filled, teller := fillDemo(t, b)
		if filled.People < 12 || filled.Accounts < 20 || filled.New < 100 || filled.Apart > 0 && b.Partitions() == 1 {
			t.Errorf("filled with %+v", filled)
		}
		before := allOf(t, teller)
		again, _ := fillDemo(t, b)
		filled.New = 0
		if again != filled {
			t.Errorf("filled again: %+v, not %+v", again, filled)
		}
		if difference := cmp.Diff(before, allOf(t, teller)); difference != "" {
			t.Errorf("filled again, the bank differs:\n%s", difference)
		}
		if b.Partitions() > 1 {
			return // the accounts of a transfer are in different orders each time
		}
		other := banktest.Start(t)
		_, stranger := fillDemo(t, other)
		if difference := cmp.Diff(before, allOf(t, stranger)); difference != "" {
			t.Errorf("another bank differs:\n%s", difference)
		}
	})
}

// TestTheDemoHasSomethingOfEachKind, so that a visitor finds what there is.
func TestTheDemoHasSomethingOfEachKind(t *testing.T) {
	b := banktest.Start(t)
	_, teller := fillDemo(t, b)
	text := allOf(t, teller)
	for _, part := range []string{"CURRENT", "SAVINGS", "BUSINESS", "EUR", "USD", "GBP", "JPY", "KWD",
		"OPEN", "FROZEN", "CLOSED", "DEPOSIT", "WITHDRAWAL", "TRANSFER_OUT", "TRANSFER_IN",
		"HOLD_CAPTURE", "REVERSAL", "POSTING"} {
		if !strings.Contains(text, `"`+part+`"`) {
			t.Errorf("there is nothing with %s", part)
		}
	}
	b.Do(`{ trialBalance { balanced } }`, nil).Answers(`{trialBalance: {balanced: true}}`)
}

// TestTheExamplesWorkInTheDemo: they are about its accounts.
func TestTheExamplesWorkInTheDemo(t *testing.T) {
	b := banktest.Start(t)
	_, teller := fillDemo(t, b)
	opened := func(key string) string { return string(bank.NewAccountID(string(identity.Teller), key)) }
	for _, tab := range graphiql.Tabs() {
		if strings.HasPrefix(tab.Name, "Transactions") {
			continue // a subscription
		}
		var variables map[string]any
		tab = tab.WithAccounts(opened(graphiql.DemoKey), opened(graphiql.DemoPayeeKey))
		if err := json.Unmarshal([]byte(tab.Variables), &variables); err != nil {
			t.Fatal(err)
		}
		answer := teller.Do(tab.Query, variables)
		switch tab.Name {
		case "OpenAccount":
			answer.Answers(`{openAccount: {replayed: true, account: {owner: Ada Lovelace}, userErrors: []}}`)
		case "Transfer":
			answer.Answers(`{transfer: {transfer: {status: COMPLETED}, userErrors: []}}`)
		default:
			answer.Answers(`{}`)
		}
	}
}

// TestADemoThatIsCutOffGoesOn where it ended.
func TestADemoThatIsCutOffGoesOn(t *testing.T) {
	b := banktest.Start(t)
	teller := b.As(string(identity.Teller), identity.Teller)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := demo.Fill(ctx, client.Client{URL: teller.URL, Token: teller.Token}.Query, func(done, total int) {
		if done == total/2 {
			cancel()
		}
	})
	if err == nil {
		t.Fatal("a demo that was cut off is complete")
	}
	filled, _ := fillDemo(t, b)
	if filled.New == 0 || filled.New > 100 {
		t.Errorf("%d of the requests are new", filled.New)
	}
}
