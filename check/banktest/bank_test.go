package banktest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/contract"
	"corebank/server/graphiql"
)

func TestADayAtTheBank(t *testing.T) { banktest.Tell(t, aDayAtTheBank) }

func aDayAtTheBank(t *testing.T, b *banktest.Bank) {
	ada := b.Open("ada")
	if again := b.Open("ada"); again != ada {
		t.Fatalf("opened twice: %s and %s", ada, again)
	}
	b.Deposit(ada, "2500.00", "EUR", "salary").Answers(`{
	  replayed: false, account: {version: 2}, transaction: {balanceAfter: {value: "2500.00"}, memo: "päivää ✓"},
	}`)
	rent := b.Withdraw(ada, "900.5", "EUR", "rent").Answers(`{
	  transaction: {type: WITHDRAWAL}, account: {balance: {available: {value: "1599.50"}}},
	}`)
	b.Withdraw(ada, "1600", "EUR", "car").Answers(`{transaction: null, userErrors: [
	  {__typename: InsufficientFunds, available: {value: "1599.50"}, shortfall: {value: "0.50"}},
	]}`)
	b.Withdraw(ada, "900.50", "EUR", "rent").Answers(`{replayed: true, transaction: {id: %s}}`, rent.Transaction.ID)
	b.Withdraw(ada, "900.51", "EUR", "rent").Answers(`{userErrors: [{fields: [amount]}]}`)

	b.Settle()
	b.Do(`query($id: ID!) {
	  balance(accountId: $id) { current { value } version }
	  history(accountId: $id) { nodes { version type } }
	}`, map[string]any{"id": ada}).Answers(`{
	  balance: {current: {value: "1599.50"}, version: 3},
	  history: {nodes: [{version: 3, type: WITHDRAWAL}, {version: 2, type: DEPOSIT}]},
	}`)
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	b := banktest.Start(t)
	ada := b.Open("ada")
	for name, test := range map[string]struct {
		id, value, currency, key string
		typename, code, path     string
	}{
		"zero":        {ada, "0", "EUR", "k", "InvalidAmount", "AMOUNT_INVALID", "[input, amount, value]"},
		"negative":    {ada, "-1", "EUR", "k", "InvalidAmount", "AMOUNT_INVALID", "[input, amount, value]"},
		"too precise": {ada, "1.001", "EUR", "k", "InvalidAmount", "AMOUNT_INVALID", "[input, amount, value]"},
		"too large": {ada, "92233720368547758.08", "EUR", "k", "InvalidAmount", "AMOUNT_INVALID",
			"[input, amount, value]"},
		"no such currency": {ada, "1", "XYZ", "k", "UnknownCurrency", "CURRENCY_UNKNOWN", "[input, amount, currency]"},
		"another currency": {ada, "1", "USD", "k", "CurrencyMismatch", "CURRENCY_MISMATCH", "[input, amount, currency]"},
		"no such account": {"acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "1", "EUR", "k", "AccountNotFound", "ACCOUNT_NOT_FOUND",
			"[input, accountId]"},
		"not an account id": {"42", "1", "EUR", "k", "AccountNotFound", "ACCOUNT_NOT_FOUND", "[input, accountId]"},
		"no key":            {ada, "1", "EUR", "", "InvalidInput", "INPUT_INVALID", "[input, idempotencyKey]"},
		"a long key": {ada, "1", "EUR", strings.Repeat("k", 129), "InvalidInput", "INPUT_INVALID",
			"[input, idempotencyKey]"},
	} {
		t.Run(name, func(t *testing.T) {
			got := b.Deposit(test.id, test.value, test.currency, test.key).Answers(
				`{transaction: null, userErrors: [{__typename: %s, code: %s, path: %s}]}`, test.typename, test.code, test.path)
			if len(got.UserErrors[0].Message) < 20 {
				t.Errorf("the message is %q", got.UserErrors[0].Message)
			}
		})
	}
}

func TestMalformedRequestsAreErrors(t *testing.T) {
	b := banktest.Start(t)
	for name, query := range map[string]string{
		"a number for a decimal": `mutation { deposit(input: {accountId: "a", amount: {value: 12.34, currency: EUR},
			idempotencyKey: "k"}) { replayed } }`,
		"not a decimal": `mutation { deposit(input: {accountId: "a", amount: {value: "1e3", currency: "EUR"},
			idempotencyKey: "k"}) { replayed } }`,
		"a page too long":     `{ history(accountId: "a", first: 101) { nodes { id } } }`,
		"two ends":            `{ history(accountId: "a", first: 1, last: 1) { nodes { id } } }`,
		"a cursor of no kind": `{ history(accountId: "a", after: "x") { nodes { id } } }`,
		"too long a wait":     `{ balance(accountId: "a", minVersion: 1, waitMs: 10001) { version } }`,
	} {
		t.Run(name, func(*testing.T) { b.Do(query, nil).Fails() })
	}
}

func TestReadYourOwnWrites(t *testing.T) { banktest.Tell(t, readYourOwnWrites) }

func readYourOwnWrites(t *testing.T, b *banktest.Bank) {
	ada := b.Open("ada")
	for i := range 20 {
		version := b.Deposit(ada, "1.00", "EUR", fmt.Sprint(i)).Account.Version
		var got struct{ Balance struct{ Version int } }
		b.Get(`query($id: ID!, $v: Int!) { balance(accountId: $id, minVersion: $v, waitMs: 5000) { version } }`,
			map[string]any{"id": ada, "v": version}, &got)
		if got.Balance.Version < version {
			t.Fatalf("saw version %d after writing %d", got.Balance.Version, version)
		}
	}
	answer := b.Do(`query($id: ID!) { balance(accountId: $id, minVersion: 1000, waitMs: 20) { version } }`,
		map[string]any{"id": ada}).Fails("NOT_YET_VISIBLE")
	if answer.Errors[0].Extensions["retryable"] != true {
		t.Fatalf("%+v", answer.Errors)
	}
}

func TestHistoryInPages(t *testing.T) { banktest.Tell(t, historyInPages) }

func historyInPages(t *testing.T, b *banktest.Bank) {
	ada := b.Open("ada")
	for i := range 25 {
		b.Deposit(ada, "1.00", "EUR", fmt.Sprint(i))
	}
	b.Settle()
	var versions []int
	after := any(nil)
	for pages := 0; ; pages++ {
		var got struct {
			History struct {
				Edges []struct {
					Cursor string
					Node   struct{ Version int }
				}
				PageInfo struct {
					HasNextPage, HasPreviousPage bool
					EndCursor                    string
				}
			}
		}
		b.Get(`query($id: ID!, $after: String) {
		  history(accountId: $id, first: 10, after: $after) {
		    edges { cursor node { version } } pageInfo { hasNextPage hasPreviousPage endCursor }
		  }
		}`, map[string]any{"id": ada, "after": after}, &got)
		for _, e := range got.History.Edges {
			versions = append(versions, e.Node.Version)
		}
		if got.History.PageInfo.HasPreviousPage != (pages > 0) {
			t.Errorf("page %d: hasPreviousPage %v", pages, got.History.PageInfo.HasPreviousPage)
		}
		if !got.History.PageInfo.HasNextPage {
			break
		}
		after = got.History.PageInfo.EndCursor
	}
	if len(versions) != 25 || versions[0] != 26 || versions[24] != 2 {
		t.Fatalf("versions %v", versions)
	}
}

func TestNodesAreFoundByTheirIDs(t *testing.T) {
	b := banktest.Start(t)
	ada := b.Open("ada")
	deposit := b.Deposit(ada, "1.00", "EUR", "k").Transaction.ID
	b.Settle()
	for id, want := range map[string]string{
		ada:       "{__typename: Account, id: " + ada + "}",
		deposit:   "{__typename: Transaction, id: " + deposit + "}",
		"txn_x_1": "null", "nothing": "null",
	} {
		b.Do(`query($id: ID!) { node(id: $id) { __typename id } }`, map[string]any{"id": id}).Answers(`{node: %s}`, want)
	}
}

func TestConcurrentDepositsAreAllThere(t *testing.T) { banktest.Tell(t, concurrentDepositsAreAllThere) }

func concurrentDepositsAreAllThere(t *testing.T, b *banktest.Bank) {
	const clients, each = 20, 10
	ada := b.Open("ada")
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			for i := range each {
				for range 2 { // each is sent twice
					if got := b.Deposit(ada, "0.01", "EUR", fmt.Sprint(c, "-", i)); got.Transaction == nil {
						t.Errorf("%+v", got)
					}
				}
			}
		})
	}
	group.Wait()
	b.Settle()
	b.Do(`query($id: ID!) { balance(accountId: $id) { current { value } version } }`, map[string]any{"id": ada}).
		Answers(`{balance: {current: {value: "2.00"}, version: %d}}`, clients*each+1)
}

func TestSubscribersReceiveAndResume(t *testing.T) { banktest.Tell(t, subscribersReceiveAndResume) }

func subscribersReceiveAndResume(t *testing.T, b *banktest.Bank) {
	ada := b.Open("ada")
	b.Deposit(ada, "1.00", "EUR", "1")
	b.Settle()
	first := b.Dial()
	first.Subscribe(ada, banktest.FromStart)
	cursor, version := first.Received()
	if version != 2 {
		t.Fatalf("version %d", version)
	}
	first.Close()
	for i := range 5 {
		b.Deposit(ada, "1.00", "EUR", fmt.Sprint("later", i))
	}
	second := b.Dial()
	second.Subscribe(ada, cursor)
	for want := 3; want <= 7; want++ {
		if _, version := second.Received(); version != want {
			t.Fatalf("version %d, want %d", version, want)
		}
	}
	b.Deposit(ada, "1.00", "EUR", "live")
	if _, version := second.Received(); version != 8 {
		t.Fatalf("version %d, want 8", version)
	}
}

func TestEveryExampleInGraphiQLWorks(t *testing.T) {
	b := banktest.Start(t)
	ids := map[string]string{}
	for _, tab := range graphiql.Tabs() {
		if strings.Contains(tab.Query, "subscription") {
			continue // its own test
		}
		tab = tab.WithAccounts(ids["account"], "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa")
		var variables map[string]any
		if err := json.Unmarshal([]byte(tab.Variables), &variables); err != nil {
			t.Fatalf("%s: %v", tab.Name, err)
		}
		answer := b.Do(tab.Query, variables)
		if len(answer.Errors) > 0 {
			t.Fatalf("%s answered %+v", tab.Name, answer.Errors)
		}
		var opened struct {
			OpenAccount struct{ Account struct{ ID string } }
		}
		if err := json.Unmarshal(answer.Data, &opened); err == nil && opened.OpenAccount.Account.ID != "" {
			ids["account"] = opened.OpenAccount.Account.ID
		}
		if tab.Name == "Transfer" {
			answer.Answers(`{transfer: {transfer: {status: RETURNED}, account: {balance: {inTransit: {value: "0.00"}}}}}`)
		}
		refused := map[string]int{"WithdrawTooMuch": 1, "DryRun": 2}[tab.Name]
		if strings.Count(string(answer.Data), "InsufficientFunds") != min(refused, 1) ||
			strings.Count(string(answer.Data), `"path"`) != refused {
			t.Errorf("%s answered %s", tab.Name, answer.Data)
		}
	}
}

func TestOperatorsSeeHowFarEverythingIs(t *testing.T) {
	b := banktest.Start(t)
	ada := b.Open("ada")
	b.Deposit(ada, "1.00", "EUR", "k")
	b.Settle()
	const status = `{ systemStatus { head published projected lag lastAudit { ok } } }`
	b.Do(status, nil).Answers(`{systemStatus: {head: 2, projected: 2, lag: 0, lastAudit: null}}`)

	audited := contract.Audit{At: time.Now(), Position: 2, Records: 2, Accounts: 1, OK: true}
	if err := b.Log.Open().SaveAudit(t.Context(), audited); err != nil {
		t.Fatal(err)
	}
	b.Do(status, nil).Answers(`{systemStatus: {lastAudit: {ok: true}}}`)
}
