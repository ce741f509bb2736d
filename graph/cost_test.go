package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
)

// shortLists are short by their nature and hold what is at hand; edges and
// nodes are counted by the page that they are of.
var shortLists = []string{"userErrors", "path", "fields", "results", "edges", "nodes"}

// TestEveryListHasItsCost walks the schema: a field with pages counts its
// lines, and a root field or a list has a cost of its own.
func TestEveryListHasItsCost(t *testing.T) {
	costs := Costs()
	for name, definition := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		if definition.Kind != ast.Object || strings.HasPrefix(name, "__") {
			continue
		}
		for _, field := range definition.Fields {
			cost, has := costs[name+"."+field.Name]
			delete(costs, name+"."+field.Name)
			root := name == "Query" || name == "Mutation" || name == "Subscription"
			ofThePast := field.Arguments.ForName("asOf") != nil || field.Arguments.ForName("since") != nil
			switch {
			case strings.HasPrefix(field.Name, "__"):
			case field.Arguments.ForName("first") != nil || field.Arguments.ForName("last") != nil:
				if cost.Page < 1 || cost.Page > MaxOnPage {
					t.Errorf("%s.%s does not count its lines: %+v", name, field.Name, cost)
				}
			case !has && (root || field.Type.Elem != nil && !slices.Contains(shortLists, field.Name)):
				t.Errorf("%s.%s has no cost of its own", name, field.Name)
			case ofThePast && cost.Past == 0 && name != "Query":
				t.Errorf("%s.%s does not count the past", name, field.Name)
			}
		}
	}
	for name := range costs {
		t.Errorf("%s has a cost, and is not in the schema", name)
	}
}
