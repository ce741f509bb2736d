package banktest_test

import (
	"testing"

	"corebank/check/banktest"
)

// BenchmarkPage asks for a page of 50 transactions, over HTTP.
func BenchmarkPage(b *testing.B) {
	bank := banktest.Start(b)
	c := given(b, bank)
	id := c.open(nil)
	for range 60 {
		c.Must("deposit", c.pay(id, "1.00"))
	}
	c.Settle()
	const page = `query($id: ID!) { history(accountId: $id, first: 50) { edges { cursor node
		{ id type direction amount { value } balanceAfter { value } version occurredAt reference } } pageInfo { hasNextPage
			endCursor } } }`
	b.ReportAllocs()
	for b.Loop() {
		if answer := bank.Do(page, map[string]any{"id": id}); len(answer.Errors) > 0 {
			b.Fatal(answer.Errors)
		}
	}
}
