package graph

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unique"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"corebank/graph/generated"
)

// Selection is what a subscription wants to know of each event: equal ones are
// answered alike, to the byte, whoever asks. The zero selection is like no
// other.
type Selection struct{ text unique.Handle[string] }

// SelectionOf is the selection of a subscription of which nothing depends on who
// asks: all of it stands in the event. It is the zero selection where some field
// is looked for elsewhere, with the rights of the caller.
func SelectionOf(operation *graphql.OperationContext) Selection {
	asked := operation.Operation.SelectionSet
	if len(asked) != 1 {
		return Selection{}
	}
	root, plain := asked[0].(*ast.Field)
	if !plain || !inEvent(root.SelectionSet) {
		return Selection{}
	}
	// Where it begins, and of which account, is not what is told of an event.
	bare := *root
	bare.Arguments = nil
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithCompacted()).FormatQueryDocument(&ast.QueryDocument{
		Operations: ast.OperationList{{Operation: ast.Subscription, SelectionSet: ast.SelectionSet{&bare}}}, Fragments: operation.Doc.Fragments})
	if strings.Contains(text.String(), "$") { // perhaps a variable
		variables, err := json.Marshal(operation.Variables)
		if err != nil {
			return Selection{}
		}
		text.Write(variables)
	}
	return Selection{unique.Make(text.String())}
}

// inEvent reports whether all that a selection asks for stands in the event.
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

// stored reports whether a field is a part of its object, for everybody who has
// that. What an interface's field is depends on the object.
func inEventItself(field *ast.Field) bool {
	of, is := field.ObjectDefinition, field.Definition
	return of != nil && is != nil && of.Kind == ast.Object && is.Directives.ForName("authorized") == nil &&
		!fieldsWithResolvers()[of.Name+"."+strings.ToLower(field.Name)]
}

// resolved are the fields that have a resolver: "Type.field", the field's name
// in lower case.
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

// Shared is what an event was answered with, by selection, so that it is encoded
// once for all who want to know the same. It is safe for concurrent use.
type EncodeOnce struct {
	mu      sync.Mutex
	answers map[Selection][]byte
}

// Answer is the answer for a selection, which the first who asks has to encode.
// Nobody may write to it. One that is nil is not kept.
func (s *EncodeOnce) Bytes(selection Selection, encode func() []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer := s.answers[selection]; answer != nil {
		return answer
	}
	answer := encode()
	if answer != nil {
		if s.answers == nil {
			s.answers = make(map[Selection][]byte, 1)
		}
		s.answers[selection] = answer
	}
	return answer
}
