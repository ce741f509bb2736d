package banktest_test

import (
	"testing"

	"corebank/check/banktest"
)

func TestACustomersMonth(t *testing.T) { banktest.Tell(t, aCustomersMonth) }

func aCustomersMonth(t *testing.T, b *banktest.Bank) {
	ada, _, _ := b.Month("march")
	b.Settle()
	b.Do(`query($id: ID!) {
		account(id: $id) {
			balance { explanation(since: {version: 1}) { opening { value } credits { value } debits { value }
				current { value } transactions { version } } }
			events(first: 100) { nodes { type } pageInfo { hasNextPage } }
			history { totals { count credits { value } debits { value } } }
		}
		trialBalance { balanced totals { kind sum { value currency } } }
	}`, map[string]any{"id": ada}).Answers(`{
	  account: {
	    balance: {explanation: {
	      opening: {value: "0.00"}, credits: {value: "2820.45"}, debits: {value: "1295.45"}, current: {value: "1525.00"},
	      transactions: [{}, {}, {}, {}, {}, {}, {}, {}, {}],
	    }},
	    events: {
	      nodes: [{type: MONEY_WITHDRAWN}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {type: ACCOUNT_OPENED}],
	      pageInfo: {hasNextPage: false},
	    },
	    history: {totals: {count: 9, credits: {value: "2820.45"}, debits: {value: "1295.45"}}},
	  },
	  trialBalance: {balanced: true, totals: [
	    {kind: CASH, sum: {value: "-2490.45", currency: EUR}}, {kind: CUSTOMER, sum: {value: "2425.50", currency: EUR}},
	    {kind: SETTLEMENT, sum: {value: "64.95", currency: EUR}}, {kind: TRANSIT, sum: {value: "0.00", currency: EUR}},
	  ]},
	}`)
}
