package input

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Variables is an extension of the executor that refuses variables whose values
// do not fit their types, as the executor refuses such literals.
type Variables struct{ schema *ast.Schema }

var (
	_ graphql.HandlerExtension        = &Variables{}
	_ graphql.OperationContextMutator = &Variables{}
)

// ExtensionName implements graphql.HandlerExtension.
func (*Variables) ExtensionName() string { return "Variables" }

// Validate implements graphql.HandlerExtension.
func (v *Variables) Validate(schema graphql.ExecutableSchema) error {
	v.schema = schema.Schema()
	return nil
}

// MutateOperationContext implements graphql.OperationContextMutator.
func (v *Variables) MutateOperationContext(_ context.Context,
	operation *graphql.OperationContext) *gqlerror.Error {
	for _, definition := range operation.Operation.VariableDefinitions {
		value, present := operation.Variables[definition.Variable]
		if !present {
			continue
		}
		path := ast.Path{ast.PathName("variable"), ast.PathName(definition.Variable)}
		if err := v.check(definition.Type, value, path); err != nil {
			errcode.Set(err, errcode.ValidationFailed)
			return err
		}
	}
	return nil
}

// check returns nil when a value fits a type. Its error never repeats the value.
func (v *Variables) check(t *ast.Type, value any, path ast.Path) *gqlerror.Error {
	if value == nil {
		if t.NonNull {
			return gqlerror.ErrorPathf(path, "cannot be null")
		}
		return nil
	}
	if t.Elem != nil {
		return v.checkList(t.Elem, value, path)
	}
	definition := v.schema.Types[t.NamedType]
	switch definition.Kind {
	case ast.Enum:
		if name, ok := value.(string); !ok || definition.EnumValues.ForName(name) == nil {
			return gqlerror.ErrorPathf(path, "is not a value of %s; the values are in capitals, as in the schema",
				definition.Name)
		}
	case ast.InputObject:
		return v.checkObject(definition, value, path)
	case ast.Scalar:
		if !fits(definition.Name, value) {
			return gqlerror.ErrorPathf(path, "cannot use a %s as %s%s", kindOf(value), definition.Name, hint(definition))
		}
	}
	return nil
}

// checkList treats a single value as a list of one, as GraphQL does.
func (v *Variables) checkList(elem *ast.Type, value any, path ast.Path) *gqlerror.Error {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return v.check(elem, value, path)
	}
	for i := range list.Len() {
		below := append(path[:len(path):len(path)], ast.PathIndex(i))
		if err := v.check(elem, list.Index(i).Interface(), below); err != nil {
			return err
		}
	}
	return nil
}

func (v *Variables) checkObject(definition *ast.Definition, value any, path ast.Path) *gqlerror.Error {
	object, ok := value.(map[string]any)
	if !ok {
		return gqlerror.ErrorPathf(path, "must be a %s, not a %s", definition.Name, kindOf(value))
	}
	count := 0
	for _, field := range definition.Fields {
		inner, present := object[field.Name]
		if !present {
			continue
		}
		count++
		below := append(path[:len(path):len(path)], ast.PathName(field.Name))
		if inner == nil && oneOf(definition) {
			return gqlerror.ErrorPathf(below, "cannot be null: %s must have exactly one field with a value", definition.Name)
		}
		if err := v.check(field.Type, inner, below); err != nil {
			return err
		}
	}
	if oneOf(definition) && count != 1 {
		return gqlerror.ErrorPathf(path, "%s must have exactly one field, not %d", definition.Name, count)
	}
	return nil
}

func oneOf(definition *ast.Definition) bool { return definition.Directives.ForName("oneOf") != nil }

// fits reports whether a JSON value has the JSON type of a scalar. The scalar
// itself checks the text of a string.
func fits(scalar string, value any) bool {
	_, text := value.(string)
	_, boolean := value.(bool)
	number, numeric := numberOf(value)
	switch scalar {
	case "Int":
		return numeric && number == math.Trunc(number) && math.Abs(number) < 1<<53
	case "Float":
		return numeric
	case "Boolean":
		return boolean
	case "ID":
		return text || numeric && number == math.Trunc(number) && !math.IsInf(number, 0)
	}
	return text
}

// hint says how to write one of the API's own scalars.
func hint(scalar *ast.Definition) string {
	if scalar.BuiltIn {
		return ""
	}
	return ", which is written as a string"
}

// numberOf is the value of a JSON number, whatever Go type it was decoded to;
// infinite if it is too large for a float64.
func numberOf(value any) (number float64, ok bool) {
	switch n := value.(type) {
	case json.Number:
		number, err := strconv.ParseFloat(n.String(), 64)
		return number, err == nil || errors.Is(err, strconv.ErrRange)
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// kindOf is the name of a value's JSON type.
func kindOf(value any) string {
	if _, numeric := numberOf(value); numeric {
		return "number"
	}
	switch value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case map[string]any:
		return "object"
	}
	return "list"
}
