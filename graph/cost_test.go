package graph

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
)

// cheapLists are short by their nature, and hold what is at hand.
var cheapLists = []string{"userErrors", "path", "fields", "results", "edges", "nodes"}

// TestEveryListHasItsCost walks the schema: a field with pages, a list and what
// asks for a command or a stream count for more than one.
func TestEveryListHasItsCost(t *testing.T) {
	costs := reflect.ValueOf(Costs())
	counted := 0
	for name, definition := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		if definition.Kind != ast.Object || strings.HasPrefix(name, "__") {
			continue
		}
		for _, field := range definition.Fields {
			root := name == "Query" || name == "Mutation" || name == "Subscription"
			long := field.Type.Elem != nil || field.Arguments.ForName("first") != nil
			if strings.HasPrefix(field.Name, "__") || !root && (!long || slices.Contains(cheapLists, field.Name)) {
				continue
			}
			counted++
			function := costs.FieldByName(name).FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, field.Name) })
			if !function.IsValid() || function.IsNil() {
				t.Errorf("%s.%s has no cost of its own", name, field.Name)
			}
		}
	}
	if counted < 35 {
		t.Errorf("looked at %d fields only", counted)
	}
}

func TestPagesCostTheirLines(t *testing.T) {
	ten, all, none := int64(10), int64(1<<40), int64(-5)
	for _, test := range []struct {
		first, last *int64
		want        int
	}{{nil, nil, 5 + 20*7}, {&ten, nil, 5 + 10*7}, {nil, &ten, 5 + 10*7}, {&all, nil, 5 + 100*7}, {&none, nil, 5 + 7}} {
		if got := pageCost(5, 7, defaultPage, test.first, test.last); got != test.want {
			t.Errorf("it costs %d, want %d", got, test.want)
		}
	}
}
