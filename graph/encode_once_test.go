package graph

import (
	"context"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"

	"corebank/graph/generated"
)

// selectionOf is the selection of the only operation of a document.
func selectionOf(t *testing.T, document string, variables map[string]any) Selection {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(generated.NewExecutableSchema(generated.Config{}).Schema(), document, nil)
	if errs != nil {
		t.Fatalf("%s: %v", document, errs)
	}
	return SelectionOf(context.Background(),
		&graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: variables})
}

// TestEqualSelectionsAreShared: after any cursor, of any account, and in any
// notation.
func TestEqualSelectionsAreShared(t *testing.T) {
	plain := selectionOf(t, `subscription { transactions { cursor transaction { id amount { value } } } }`, nil)
	if plain == (Selection{}) {
		t.Fatal("fields of the event alone are not shared")
	}
	for _, document := range []string{
		`subscription Named($after: String) { transactions(after: $after) { cursor transaction { id amount { value } } } }`,
		`subscription {
			transactions(accountId: "acc_1", after: "x") { cursor, transaction { id amount { value } } }
		}`,
	} {
		if selectionOf(t, document, map[string]any{"after": "x"}) != plain {
			t.Errorf("%s is another selection", document)
		}
	}
	for _, document := range []string{
		`subscription { transactionFeed { cursor transaction { id amount { value } } } }`,
		`subscription { other: transactions { cursor transaction { id amount { value } } } }`,
		`subscription { transactions { cursor transaction { id amount { currency } } } }`,
		`subscription { transactions { cursor transaction { amount { value } id } } }`,
		`subscription { transactions { cursor transaction { __typename id amount { value } } } }`,
		`subscription { transactions { ...all } }
			fragment all on TransactionEvent { cursor transaction { id amount { value } } }`,
	} {
		if other := selectionOf(t, document, nil); other == plain || other == (Selection{}) {
			t.Errorf("%s: %v", document, other)
		}
	}
	const choice = `subscription($all: Boolean!) { transactions { cursor transaction { id memo @include(if: $all) } } }`
	if selectionOf(t, choice, map[string]any{"all": true}) == selectionOf(t, choice, map[string]any{"all": false}) {
		t.Error("a variable that decides which fields are sent makes no difference")
	}
}

// TestWhatDependsOnTheCallerIsNotShared: neither fields that are read with the
// caller's rights, nor selections of which this cannot be decided.
func TestWhatDependsOnTheCallerIsNotShared(t *testing.T) {
	for _, document := range []string{
		`subscription { transactions { cursor transaction { id transfer { id } } } }`,
		`subscription { transactions { transaction { hold { id } } } }`,
		`subscription { transactions { transaction { ... { reversedAmount { value } } } } }`,
		`subscription { transactions { ...a } }
			fragment a on TransactionEvent { transaction { ...b } }
			fragment b on Transaction { reversals { id } }`,
		`subscription { transactions { transaction { ... on Node { id } } } }`,
		`subscription { ...root } fragment root on Subscription { transactions { cursor } }`,
		`subscription { transactions { cursor } transactions { transaction { id } } }`,
	} {
		if got := selectionOf(t, document, nil); got != (Selection{}) {
			t.Errorf("%s is shared as %v", document, got)
		}
	}
}

// TestResolversHaveTheirFields: each method of a resolver matches a field of the
// schema, so that no field with a resolver is taken for a part of its object.
func TestResolversHaveTheirFields(t *testing.T) {
	fields := make(map[string]bool)
	for name, definition := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		for _, field := range definition.Fields {
			fields[name+"."+strings.ToLower(field.Name)] = true
		}
	}
	for name := range fieldsWithResolvers() {
		if !fields[name] {
			t.Errorf("there is a resolver of %s and no such field", name)
		}
	}
	if !fieldsWithResolvers()["Transaction.reversedamount"] || fieldsWithResolvers()["Transaction.id"] {
		t.Errorf("the fields with a resolver are %v", fieldsWithResolvers())
	}
}

func TestAnAnswerIsEncodedOnce(t *testing.T) {
	var shared EncodeOnce
	one := selectionOf(t, `subscription { transactions { cursor } }`, nil)
	other := selectionOf(t, `subscription { x: transactions { cursor } }`, nil)
	encoded := 0
	answer := func(text []byte) func() []byte {
		return func() []byte { encoded++; return text }
	}
	if got := shared.Bytes(one, answer(nil)); got != nil {
		t.Errorf("got %s", got)
	}
	for range 3 {
		if got := shared.Bytes(one, answer([]byte("1"))); string(got) != "1" {
			t.Errorf("got %s, want 1", got)
		}
		if got := shared.Bytes(other, answer([]byte("2"))); string(got) != "2" {
			t.Errorf("got %s, want 2", got)
		}
	}
	if encoded != 3 { // the failed attempt included
		t.Errorf("%d were encoded, want 3", encoded)
	}
}
