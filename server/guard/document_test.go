package guard

import (
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"corebank/graph/generated"
)

// FuzzDocuments: for every input the guard ends soon, and the documents that it lets
// through are validated and costed soon.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		"{ __typename }", "{ ...f } fragment f on Query { ...f }", "query($a: Int = 1) { account(id: $a) { id } }",
		"{ a: systemStatus { head } ...g } fragment g on Query { ... on Query @skip(if: true) { node(id: \"x\") { id } } }",
		"subscription { transactions { cursor transaction { id } } }", "\ufeff{#x\n}", `{ node(id: """x""") }`,
		"mutation { postBatch(input: {items: [{deposit: {}}]}) { results { status } } }",
		strings.Repeat("{ systemStatus ", 30) + strings.Repeat("}", 30),
		"{ __schema { types { fields { type { ofType { name } } } } } }",
	} {
		f.Add(seed)
	}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	limits := DefaultLimits()
	f.Fuzz(func(t *testing.T, text string) {
		from := time.Now()
		if limits.checkDocument(text, true) == nil {
			doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
			if err == nil && len(validator.ValidateWithRules(schema, doc, rules.NewDefaultRules())) == 0 {
				for _, op := range doc.Operations {
					if cost := fieldCostsOf(schema, nil).selection(op.SelectionSet, nil); cost < 1 || cost > saturated {
						t.Errorf("it costs %d", cost)
					}
				}
			}
		}
		if took := time.Since(from); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
