package server

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
	"corebank/internal/contract"
)

// aDeposit is what the metrics see of a deposit that was accepted.
func aDeposit(t testing.TB) (ctx context.Context, operation *graphql.OperationContext, answer *graphql.Response) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	document, err := gqlparser.LoadQueryWithRules(schema, `mutation { deposit(input: {accountId: "a",
		amount: {value: "1", currency: "EUR"}, idempotencyKey: "k"}) { replayed } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	operation = &graphql.OperationContext{Operation: document.Operations[0]}
	operation.Stats.OperationStart = time.Now()
	field := operation.Operation.SelectionSet[0].(*ast.Field)
	ctx = graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Field: graphql.CollectedField{Field: field}})
	return ctx, operation, &graphql.Response{Data: []byte(`{}`)}
}

// TestCountingADepositAllocatesNothing, at the gateway.
func TestCountingADepositAllocatesNothing(t *testing.T) {
	ctx, operation, answer := aDeposit(t)
	m := NewMetrics()
	allocated := testing.AllocsPerRun(1000, func() {
		m.decided(ctx, contract.Outcome{Status: contract.Applied})
		m.answered(operation, answer)
	})
	if allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

func BenchmarkCountingADeposit(b *testing.B) {
	ctx, operation, answer := aDeposit(b)
	m := NewMetrics()
	b.ReportAllocs()
	for b.Loop() {
		m.decided(ctx, contract.Outcome{Status: contract.Applied})
		m.answered(operation, answer)
	}
}
