package graph

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Errors about inputs say where the input is: the message begins with the variable
// or the argument, locations are in the document, and extensions.argument is the path
// in the field's arguments, as in UserError.path. An error's own path is always one
// of the response, as GraphQL wants it.

// placeRequestError completes an error that the executor found before it executed
// anything. Its variables have paths of their own: "variable", its name, and more.
func placeRequestError(ctx context.Context, shown *gqlerror.Error) {
	if !graphql.HasOperationContext(ctx) || graphql.GetFieldContext(ctx) != nil {
		return
	}
	request := graphql.GetOperationContext(ctx)
	if request.Operation == nil {
		if request.Doc != nil && len(request.Doc.Operations) > 0 {
			shown.Message = whichOperation(request)
			shown.Locations = locationOf(request.Doc.Operations[0].Position)
		}
		return
	}
	if len(shown.Path) < 2 || shown.Path[0] != ast.PathName("variable") {
		return
	}
	name, _ := shown.Path[1].(ast.PathName)
	definition := request.Operation.VariableDefinitions.ForName(string(name))
	if definition == nil {
		return
	}
	rest := shown.Path[2:]
	shown.Message = fmt.Sprintf("Variable %q: %s", "$"+pathText(append(ast.Path{name}, rest...)), shown.Message)
	shown.Locations, shown.Path = locationOf(definition.Position), nil
	if argument := argumentOf(request.Operation.SelectionSet, string(name)); argument != nil {
		nameArgument(shown, append(argument, rest...))
	}
}

// whichOperation says that a document does not have the operation of a request.
func whichOperation(request *graphql.OperationContext) string {
	var names []string
	for _, operation := range request.Doc.Operations {
		if operation.Name != "" {
			names = append(names, operation.Name)
		}
	}
	has := "It has " + strings.Join(names, ", ") + "."
	if len(names) == 0 {
		has = "Its operation has no name; leave operationName out."
	}
	if request.OperationName == "" {
		return "The document has several operations; say in operationName which to execute. " + has
	}
	return fmt.Sprintf("The document has no operation %.60q. %s", request.OperationName, has)
}

// placeArgumentError completes an error of a scalar that refused a text, whose path
// goes on from the field's into its arguments.
func placeArgumentError(ctx context.Context, shown *gqlerror.Error) {
	own := graphql.GetPath(ctx)
	argument := shown.Path[len(own):]
	shown.Path = own
	nameArgument(shown, argument)
	what, named, at := whereGiven(ctx, argument)
	shown.Message = fmt.Sprintf("%s %q: %s", what, named, shown.Message)
	shown.Locations = at
}

// placeInputFault completes a fault of a resolver whose message begins with the
// argument that is wrong.
func placeInputFault(ctx context.Context, shown *gqlerror.Error) {
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Field.Field == nil {
		return
	}
	first, _, _ := strings.Cut(shown.Message, " ")
	first = strings.TrimRight(first, ":")
	var argument ast.Path
	for name := range strings.SplitSeq(first, ".") {
		argument = append(argument, ast.PathName(name))
	}
	name, _, _ := strings.Cut(first, ".")
	if field.Field.Arguments.ForName(name) == nil {
		return
	}
	what, named, at := whereGiven(ctx, argument)
	if what == ofVariable {
		shown.Message = fmt.Sprintf("%s %q: %s", what, named, shown.Message)
	}
	shown.Locations = at
	nameArgument(shown, argument)
}

const (
	ofArgument = "Argument"
	ofVariable = "Variable"
)

// whereGiven is where the field's argument, or a part of it, is in the request: in
// a variable or in the document.
func whereGiven(ctx context.Context, argument ast.Path) (what, named string, at []gqlerror.Location) {
	what, named = ofArgument, pathText(argument)
	name, _ := argument[0].(ast.PathName)
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Field.Field == nil {
		return what, named, nil
	}
	given := field.Field.Arguments.ForName(string(name))
	if given == nil {
		return what, named, locationOf(field.Field.Position)
	}
	value, rest := descend(given.Value, argument[1:])
	at = locationOf(value.Position)
	if value.Kind == ast.StringValue { // the parser's position is behind the quotation mark
		at[0].Column--
	}
	if value.Kind == ast.Variable {
		what, named = ofVariable, "$"+pathText(append(ast.Path{ast.PathName(value.Raw)}, rest...))
		if value.VariableDefinition != nil {
			at = locationOf(value.VariableDefinition.Position)
		}
	}
	return what, named, at
}

// descend follows a path into a literal, up to a variable or as far as it goes.
func descend(value *ast.Value, path ast.Path) (*ast.Value, ast.Path) {
	for len(path) > 0 && value.Kind != ast.Variable {
		var inner *ast.Value
		switch at := path[0].(type) {
		case ast.PathName:
			inner = value.Children.ForName(string(at))
		case ast.PathIndex:
			if int(at) < len(value.Children) {
				inner = value.Children[at].Value
			}
		}
		if inner == nil {
			break
		}
		value, path = inner, path[1:]
	}
	return value, path
}

// argumentOf is the path to the first argument, or the part of one, that is a
// variable; nil if there is none.
func argumentOf(selections ast.SelectionSet, variable string) ast.Path {
	for _, selection := range selections {
		var inner ast.SelectionSet
		switch at := selection.(type) {
		case *ast.Field:
			for _, argument := range at.Arguments {
				if path := pathTo(argument.Value, variable, ast.Path{ast.PathName(argument.Name)}); path != nil {
					return path
				}
			}
			inner = at.SelectionSet
		case *ast.InlineFragment:
			inner = at.SelectionSet
		case *ast.FragmentSpread:
			if at.Definition != nil {
				inner = at.Definition.SelectionSet
			}
		}
		if path := argumentOf(inner, variable); path != nil {
			return path
		}
	}
	return nil
}

func pathTo(value *ast.Value, variable string, path ast.Path) ast.Path {
	if value.Kind == ast.Variable && value.Raw == variable {
		return path
	}
	for i, child := range value.Children {
		var at ast.PathElement = ast.PathName(child.Name)
		if value.Kind == ast.ListValue {
			at = ast.PathIndex(i)
		}
		if found := pathTo(child.Value, variable, append(path[:len(path):len(path)], at)); found != nil {
			return found
		}
	}
	return nil
}

// pathText is a path as people write it: input.items[0].deposit.
func pathText(path ast.Path) string {
	var text strings.Builder
	for i, element := range path {
		switch at := element.(type) {
		case ast.PathIndex:
			fmt.Fprintf(&text, "[%d]", at)
		case ast.PathName:
			if i > 0 {
				text.WriteByte('.')
			}
			text.WriteString(string(at))
		}
	}
	return text.String()
}

// nameArgument notes an argument's path, in the form of UserError.path.
func nameArgument(shown *gqlerror.Error, path ast.Path) {
	names := make([]string, len(path))
	for i, element := range path {
		names[i] = fmt.Sprint(element)
	}
	shown.Extensions = maps.Clone(shown.Extensions)
	if shown.Extensions == nil {
		shown.Extensions = make(map[string]any)
	}
	shown.Extensions["argument"] = names
}

func locationOf(at *ast.Position) []gqlerror.Location {
	if at == nil {
		return nil
	}
	return []gqlerror.Location{{Line: at.Line, Column: at.Column}}
}
