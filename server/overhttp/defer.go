package overhttp

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// defers reports whether an operation uses @defer.
func defers(operation *graphql.OperationContext) bool {
	seen := make(map[string]bool)
	var within func(ast.SelectionSet) bool
	within = func(selections ast.SelectionSet) bool {
		for _, selection := range selections {
			switch s := selection.(type) {
			case *ast.Field:
				if within(s.SelectionSet) {
					return true
				}
			case *ast.InlineFragment:
				if hasDefer(s.Directives, operation.Variables) || within(s.SelectionSet) {
					return true
				}
			case *ast.FragmentSpread:
				if hasDefer(s.Directives, operation.Variables) {
					return true
				}
				if !seen[s.Name] {
					seen[s.Name] = true
					if within(s.Definition.SelectionSet) {
						return true
					}
				}
			}
		}
		return false
	}
	return within(operation.Operation.SelectionSet)
}

// hasDefer reports whether directives include @defer that its argument does not
// disable.
func hasDefer(directives ast.DirectiveList, variables map[string]any) bool {
	directive := directives.ForName("defer")
	return directive != nil && directive.ArgumentMap(variables)["if"] != false
}
