package guard

import (
	"encoding/json"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph"
)

// prices are the costs of a schema's fields. gqlgen's own reckoning reads every
// argument of every field a second time, which costs more than a deposit may.
type prices map[*ast.FieldDefinition]graph.Cost

func pricesOf(schema *ast.Schema, costs map[string]graph.Cost) prices {
	known := make(prices, len(costs))
	for name, definition := range schema.Types {
		for _, field := range definition.Fields {
			if cost, has := costs[name+"."+field.Name]; has {
				known[field] = cost
			}
		}
	}
	return known
}

// of is the cost of a selection, at most saturated. Fragments were counted
// before, so that going through them all has a bound.
func (p prices) of(set ast.SelectionSet, variables map[string]any) (sum int) {
	for _, selection := range set {
		switch at := selection.(type) {
		case *ast.Field:
			sum += p.field(at, p.of(at.SelectionSet, variables), variables)
		case *ast.InlineFragment:
			sum += p.of(at.SelectionSet, variables)
		case *ast.FragmentSpread:
			if at.Definition != nil {
				sum += p.of(at.Definition.SelectionSet, variables)
			}
		}
		sum = saturate(sum)
	}
	return sum
}

func (p prices) field(at *ast.Field, selected int, variables map[string]any) int {
	cost, known := p[at.Definition]
	if !known {
		return 1 + selected
	}
	points, times := max(cost.Points, 1), max(cost.Times, 1)
	if cost.Page > 0 {
		times = pageOf(at, cost.Page, variables)
	}
	if cost.Past > 0 && (given(at, "asOf", variables) || given(at, "since", variables)) {
		points += cost.Past
	}
	whole := saturate(points + times*selected)
	if cost.Batch {
		whole = saturate(itemsOf(at, variables) * whole)
	}
	return whole
}

// argument is the value of an argument, nil where there is none.
func argument(at *ast.Field, name string, variables map[string]any) any {
	sent := at.Arguments.ForName(name)
	if sent == nil {
		return nil
	}
	value, err := sent.Value.Value(variables)
	if err != nil {
		return nil // the field refuses it
	}
	return value
}

func given(at *ast.Field, name string, variables map[string]any) bool {
	return argument(at, name, variables) != nil
}

// pageOf is how many lines a page may have.
func pageOf(at *ast.Field, unsaid int, variables map[string]any) int {
	for _, name := range []string{"first", "last"} {
		if value := argument(at, name, variables); value != nil {
			return min(max(wholeNumber(value, graph.MaxOnPage), 1), graph.MaxOnPage)
		}
	}
	return unsaid
}

// wholeNumber is a number as JSON or a document may hold it; what is none
// counts as otherwise.
func wholeNumber(value any, otherwise int) int {
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
	return otherwise
}

// itemsOf is how many items the input of a batch has.
func itemsOf(at *ast.Field, variables map[string]any) int {
	input, _ := argument(at, "input", variables).(map[string]any)
	items, list := input["items"].([]any)
	if !list {
		return 1 // GraphQL takes one for a list of one
	}
	return min(max(len(items), 1), graph.MaxInBatch)
}
