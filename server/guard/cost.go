package guard

import (
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph"
)

// fieldCosts are the costs of a schema's fields. gqlgen's own calculation reads
// every argument of every field a second time, which is too expensive for a
// deposit.
type fieldCosts map[*ast.FieldDefinition]graph.Cost

func fieldCostsOf(schema *ast.Schema, costs map[string]graph.Cost) fieldCosts {
	known := make(fieldCosts, len(costs))
	for name, definition := range schema.Types {
		for _, field := range definition.Fields {
			if cost, has := costs[name+"."+field.Name]; has {
				known[field] = cost
			}
		}
	}
	return known
}

// selection is the cost of a selection, at most saturated. The fragments were
// counted before, so walking through all of them is bounded.
func (f fieldCosts) selection(set ast.SelectionSet, variables map[string]any) (sum int) {
	for _, selection := range set {
		switch at := selection.(type) {
		case *ast.Field:
			sum += f.field(at, f.selection(at.SelectionSet, variables), variables)
		case *ast.InlineFragment:
			sum += f.selection(at.SelectionSet, variables)
		case *ast.FragmentSpread:
			if at.Definition != nil {
				sum += f.selection(at.Definition.SelectionSet, variables)
			}
		}
		sum = saturate(sum)
	}
	return sum
}

func (f fieldCosts) field(at *ast.Field, selected int, variables map[string]any) int {
	switch at.Name {
	case "__schema":
		return saturate(schemaCost + selected)
	case "__type":
		return saturate(typeCost + selected)
	}
	cost, known := f[at.Definition]
	if !known {
		return 1 + selected
	}
	points, times := max(cost.Points, 1), max(cost.Times, 1)
	if cost.Page > 0 {
		times = pageOf(at, cost.Page, variables)
	}
	if cost.Past > 0 && ofThePast(at, variables) {
		points += cost.Past
	}
	total := saturate(points + times*selected)
	if cost.Batch {
		total = saturate(itemsOf(at, variables) * total)
	}
	if cost.Leg > 0 {
		total = saturate(total + cost.Leg*legsOf(at, variables))
	}
	return total
}

// argument is the value of an argument, nil if there is none.
func argument(at *ast.Field, name string, variables map[string]any) any {
	argument := at.Arguments.ForName(name)
	if argument == nil {
		return nil
	}
	value, err := argument.Value.Value(variables)
	if err != nil {
		return nil // the field refuses it
	}
	return value
}

func hasArgument(at *ast.Field, name string, variables map[string]any) bool {
	return argument(at, name, variables) != nil
}

// ofThePast reports whether a field is asked for as something was.
func ofThePast(at *ast.Field, variables map[string]any) bool {
	for _, name := range []string{"id", "accountId"} {
		if id, is := argument(at, name, variables).(string); is && strings.Contains(id, graph.MarkSign) {
			return true
		}
	}
	return hasArgument(at, "asOf", variables) || hasArgument(at, "since", variables)
}

// pageOf is the requested length of a page.
func pageOf(at *ast.Field, defaultLength int, variables map[string]any) int {
	for _, name := range []string{"first", "last"} {
		if value := argument(at, name, variables); value != nil {
			return min(max(wholeNumber(value, graph.MaxOnPage), 1), graph.MaxOnPage)
		}
	}
	return defaultLength
}

// wholeNumber converts a number from JSON or a document; any other value is the
// fallback.
func wholeNumber(value any, fallback int) int {
	switch n := value.(type) {
	case int:
		return n
	case int64:
		return int(min(n, saturated))
	case float64:
		return int(min(n, saturated))
	case json.Number:
		if whole, err := n.Int64(); err == nil {
			return int(min(whole, saturated))
		}
	}
	return fallback
}

// itemsOf is how many items the input of a batch has.
func itemsOf(at *ast.Field, variables map[string]any) int {
	input, _ := argument(at, "input", variables).(map[string]any)
	items, list := input["items"].([]any)
	if !list {
		return 1 // GraphQL coerces a single value to a list of one
	}
	return min(max(len(items), 1), graph.MaxInBatch)
}

// legsOf is how many legs the input of a posting has, or those in a batch together.
func legsOf(at *ast.Field, variables map[string]any) int {
	input, _ := argument(at, "input", variables).(map[string]any)
	legs := legsIn(input)
	items, _ := input["items"].([]any)
	for _, one := range items[:min(len(items), graph.MaxInBatch)] {
		item, _ := one.(map[string]any)
		posting, _ := item["postTransaction"].(map[string]any)
		legs += legsIn(posting)
	}
	return legs
}

// legsIn is how many legs an input has; what is beyond the most is refused by its field.
func legsIn(posting map[string]any) int {
	legs, _ := posting["legs"].([]any)
	return min(len(legs), graph.MaxLegs)
}
