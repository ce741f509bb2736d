package banktest_test

import (
	"fmt"
	"testing"

	"corebank/check/banktest"
)

func TestACustomersMonth(t *testing.T) { banktest.Tell(t, aCustomersMonth) }

func aCustomersMonth(t *testing.T, b *banktest.Bank) {
	ada, _, _ := b.Month("march")
	b.Settle()
	var got struct {
		Account struct {
			Balance struct {
				Current, Available banktest.Money
				Explanation        struct {
					Opening, Credits, Debits, Current, Available banktest.Money
					Transactions                                 []struct{ Version int }
				}
			}
			Events struct {
				Nodes    []struct{ Type, Caller, IdempotencyKey string }
				PageInfo struct{ HasNextPage bool }
			}
			History struct {
				Totals struct {
					Count           int
					Credits, Debits banktest.Money
				}
			}
		}
		TrialBalance struct {
			Balanced bool
			Totals   []struct {
				Kind string
				Sum  banktest.Money
			}
		}
	}
	b.Get(`query($id: ID!) {
		account(id: $id) {
			balance { current { value } available { value } explanation(since: {version: 1}) { opening { value } credits { value } debits { value }
				current { value } available { value } transactions { version } } }
			events(first: 100) { nodes { type caller idempotencyKey } pageInfo { hasNextPage } }
			history { totals { count credits { value } debits { value } } }
		}
		trialBalance { balanced totals { kind sum { value currency } } }
	}`, map[string]any{"id": ada}, &got)
	e := got.Account.Balance.Explanation
	if e.Opening.Value != "0.00" || e.Credits.Value != "2820.45" || e.Debits.Value != "1295.45" || e.Current.Value != "1525.00" || len(e.Transactions) != 9 {
		t.Errorf("explained by %+v", e)
	}
	if totals := got.Account.History.Totals; totals.Count != 9 || totals.Credits.Value != "2820.45" || totals.Debits.Value != "1295.45" {
		t.Errorf("totals %+v", totals)
	}
	if events := got.Account.Events; len(events.Nodes) != 14 || events.Nodes[13].Type != "ACCOUNT_OPENED" || events.Nodes[0].Type != "MONEY_WITHDRAWN" || events.PageInfo.HasNextPage {
		t.Errorf("events %+v", events)
	}
	if sums := fmt.Sprint(got.TrialBalance.Totals); !got.TrialBalance.Balanced ||
		sums != "[{CASH {-2490.45 EUR}} {CUSTOMER {2425.50 EUR}} {SETTLEMENT {64.95 EUR}} {TRANSIT {0.00 EUR}}]" {
		t.Errorf("trial balance %s", sums)
	}
}
