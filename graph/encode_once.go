package graph

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unique"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"corebank/graph/generated"
	"corebank/internal/identity"
)

// Selection is what a subscription selects of each event. Subscriptions with
// equal selections receive identical bytes; those who may know positions of the log
// never share with others. The zero
// selection is never shared.
type Selection struct{ text unique.Handle[string] }

// SelectionOf is the selection of a subscription. It is the zero selection if
// the answer depends on the caller: if some field is not in the event itself,
// but read from elsewhere with the caller's rights.
func SelectionOf(ctx context.Context, operation *graphql.OperationContext) Selection {
	selected := operation.Operation.SelectionSet
	if len(selected) != 1 {
		return Selection{}
	}
	root, isField := selected[0].(*ast.Field)
	if !isField || !inEvent(root.SelectionSet) {
		return Selection{}
	}
	// The arguments (which account, and after which cursor) do not change what is
	// sent of an event.
	bare := *root
	bare.Arguments = nil
	var text strings.Builder
	if !identity.From(ctx).SeesAll() {
		text.WriteString("# without positions of the log\n")
	}
	formatter.NewFormatter(&text, formatter.WithCompacted()).FormatQueryDocument(&ast.QueryDocument{
		Operations: ast.OperationList{{Operation: ast.Subscription, SelectionSet: ast.SelectionSet{&bare}}},
		Fragments:  operation.Doc.Fragments})
	if strings.Contains(text.String(), "$") { // it may be a variable
		variables, err := json.Marshal(operation.Variables)
		if err != nil {
			return Selection{}
		}
		text.Write(variables)
	}
	return Selection{unique.Make(text.String())}
}

// inEvent reports whether all selected fields are in the event itself.
func inEvent(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		var within ast.SelectionSet
		switch s := selection.(type) {
		case *ast.Field:
			if !inEventItself(s) {
				return false
			}
			within = s.SelectionSet
		case *ast.InlineFragment:
			within = s.SelectionSet
		case *ast.FragmentSpread:
			within = s.Definition.SelectionSet
		}
		if !inEvent(within) {
			return false
		}
	}
	return true
}

// inEventItself reports whether a field is a plain part of its object, the same
// for every caller. For a field of an interface that depends on the object.
func inEventItself(field *ast.Field) bool {
	object, definition := field.ObjectDefinition, field.Definition
	return object != nil && definition != nil && object.Kind == ast.Object &&
		definition.Directives.ForName("authorized") == nil &&
		!fieldsWithResolvers()[object.Name+"."+strings.ToLower(field.Name)]
}

// fieldsWithResolvers are the fields that have a resolver, as "Type.field" with
// the field's name in lower case.
var fieldsWithResolvers = sync.OnceValue(func() map[string]bool {
	fields := make(map[string]bool)
	root := reflect.TypeFor[generated.ResolverRoot]()
	for i := range root.NumMethod() {
		resolver := root.Method(i).Type.Out(0)
		for j := range resolver.NumMethod() {
			fields[root.Method(i).Name+"."+strings.ToLower(resolver.Method(j).Name)] = true
		}
	}
	return fields
})

// EncodeOnce holds the encoded answers to one event, by selection, so that an
// answer is encoded once for all subscriptions with the same selection. It is
// safe for concurrent use.
type EncodeOnce struct {
	mu      sync.Mutex
	answers map[Selection][]byte
}

// Bytes returns the answer for a selection; the first caller encodes it. The
// bytes are shared and must not be changed. A nil answer is not stored.
func (e *EncodeOnce) Bytes(selection Selection, encode func() []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if answer := e.answers[selection]; answer != nil {
		return answer
	}
	answer := encode()
	if answer != nil {
		if e.answers == nil {
			e.answers = make(map[Selection][]byte, 1)
		}
		e.answers[selection] = answer
	}
	return answer
}
