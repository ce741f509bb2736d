package banktest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
)

// TestHistoryCanBeSearched by everything that a filter has.
func TestHistoryCanBeSearched(t *testing.T) {
	c := given(t, banktest.Start(t))
	opened := time.Now().UTC()
	ada, bob := c.open(nil), c.open(nil)
	c.Must("deposit", with(with(c.pay(ada, "100.00"), "reference", "salary"), "externalId", "pay-1"))
	c.Must("deposit", c.pay(ada, "5.00"))
	c.Must("withdraw", with(c.pay(ada, "7.50"), "reference", "shop"))
	sent := c.Must("transfer", map[string]any{"fromAccountId": ada, "toAccountId": bob, "amount": banktest.EUR("20"),
		"idempotencyKey": "t", "waitMs": 10_000})
	c.Settle()
	for name, test := range map[string]struct {
		filter          map[string]any
		versions        []int // newest first
		credits, debits string
	}{
		"nothing":       {map[string]any{}, []int{5, 4, 3, 2}, "105.00", "27.50"},
		"credits":       {map[string]any{"direction": "CREDIT"}, []int{3, 2}, "105.00", "0.00"},
		"debits":        {map[string]any{"direction": "DEBIT"}, []int{5, 4}, "0.00", "27.50"},
		"types":         {map[string]any{"types": []string{"WITHDRAWAL", "TRANSFER_OUT"}}, []int{5, 4}, "0.00", "27.50"},
		"amounts":       {map[string]any{"minAmount": "5", "maxAmount": "20.00"}, []int{5, 4, 3}, "5.00", "27.50"},
		"reference":     {map[string]any{"reference": "shop"}, []int{4}, "0.00", "7.50"},
		"external id":   {map[string]any{"externalId": "pay-1"}, []int{2}, "100.00", "0.00"},
		"counterparty":  {map[string]any{"counterpartyId": bob}, []int{5}, "0.00", "20.00"},
		"transfer":      {map[string]any{"transferId": sent.Transfer.ID}, []int{5}, "0.00", "20.00"},
		"before it was": {map[string]any{"until": opened.Format(time.RFC3339Nano)}, []int{}, "0.00", "0.00"},
		"effective": {map[string]any{"effectiveSince": opened.Add(-time.Second).Format(time.RFC3339Nano),
			"effectiveUntil": "2999-01-01T00:00:00Z"}, []int{5, 4, 3, 2}, "105.00", "27.50"},
		"several": {map[string]any{"direction": "DEBIT", "minAmount": "10"}, []int{5}, "0.00", "20.00"},
	} {
		t.Run(name, func(*testing.T) {
			c.Do(`query($id: ID!, $filter: TransactionFilter) {
			  history(accountId: $id, filter: $filter) {
			    nodes { version } totals { count credits { value } debits { value } }
			  }
			}`, map[string]any{"id": ada, "filter": test.filter}).Answers(`{history: {
			  nodes: %s, totals: {count: %d, credits: {value: "%s"}, debits: {value: "%s"}},
			}}`, versionsOf(test.versions), len(test.versions), test.credits, test.debits)
		})
	}
}

// versionsOf is a list of nodes with these versions.
func versionsOf(versions []int) string {
	nodes := make([]string, len(versions))
	for i, v := range versions {
		nodes[i] = fmt.Sprintf("{version: %d}", v)
	}
	return "[" + strings.Join(nodes, ", ") + "]"
}

// TestThingsAreFoundByTheirNames: external ids, lists and global ids.
func TestThingsAreFoundByTheirNames(t *testing.T) { banktest.Tell(t, thingsAreFoundByTheirNames) }

func thingsAreFoundByTheirNames(t *testing.T, b *banktest.Bank) {
	c := given(t, b)
	ada := c.open(map[string]any{"externalId": "crm/4711", "name": "Household", "kind": "BUSINESS",
		"metadata": []any{map[string]any{"key": "branch", "value": "Turin"},
			map[string]any{"key": "adviser", "value": "Grace"}}})
	c.Settle() // what was seen comes before what is done then, in partitions as well
	bob := c.rich("10.00")
	hold := c.Must("placeHold", c.pay(bob, "1.00")).Hold.ID
	sent := c.Must("transfer", map[string]any{"fromAccountId": bob, "toAccountId": ada, "amount": banktest.EUR("2"),
		"idempotencyKey": "t", "waitMs": 10_000})
	c.Must("updateAccount", map[string]any{"accountId": bob, "name": "Savings of Bob", "idempotencyKey": "name"})
	lost := c.Must("transfer", map[string]any{"fromAccountId": bob, "toAccountId": "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"amount": banktest.EUR("1"), "idempotencyKey": "lost", "waitMs": 10_000})
	c.Settle()
	c.Do(`query($bob: ID!, $hold: ID!, $transfer: ID!, $missing: ID!, $lost: ID!) {
		accountByExternalId(externalId: "crm/4711") { id name kind externalId status metadata { key value } version }
		none: accountByExternalId(externalId: "crm/0") { id }
		all: accounts { nodes { id } pageInfo { hasNextPage } }
		business: accounts(filter: {kind: BUSINESS}, first: 1) { nodes { id } pageInfo { hasNextPage } }
		account(id: $bob) { name holds { id } }
		hold: node(id: $hold) { __typename id }
		transfer: node(id: $transfer) { __typename id ... on Transfer { status fromAccountId toAccountId } }
		missing: node(id: $missing) { id }
		lost: transfer(id: $lost) { status rejection { code } }
	}`, map[string]any{
		"bob": bob, "hold": hold, "transfer": sent.Transfer.ID, "missing": "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa",
		"lost": lost.Transfer.ID,
	}).Answers(`{
	  accountByExternalId: {id: %[1]s, name: Household, kind: BUSINESS, externalId: crm/4711, status: OPEN, version: 2,
	    metadata: [{key: adviser, value: Grace}, {key: branch, value: Turin}]},
	  none: null,
	  all: {nodes: [{id: %[2]s}, {id: %[1]s}], pageInfo: {hasNextPage: false}},
	  business: {nodes: [{id: %[1]s}], pageInfo: {hasNextPage: false}},
	  account: {name: Savings of Bob, holds: [{id: %[3]s}]},
	  hold: {__typename: Hold, id: %[3]s},
	  transfer: {__typename: Transfer, id: %[4]s, status: COMPLETED, fromAccountId: %[2]s, toAccountId: %[1]s},
	  missing: null,
	  lost: {status: RETURNED, rejection: {code: ACCOUNT_NOT_FOUND}},
	}`, ada, bob, hold, sent.Transfer.ID)
}
