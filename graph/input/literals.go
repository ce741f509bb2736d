package input

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Rules are the validation rules of documents: GraphQL's own, and that the API's
// own scalars are strings. Otherwise a document could have EUR in place of
// "EUR", but a variable could not.
func Rules() *rules.Rules {
	all := rules.NewDefaultRules()
	all.AddRule("OwnScalarsAreStrings", ownScalarsAreStrings)
	return all
}

func ownScalarsAreStrings(observers *core.Events, addError core.AddErrFunc) {
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		definition := value.Definition
		if definition == nil || definition.Kind != ast.Scalar || definition.BuiltIn {
			return
		}
		switch value.Kind {
		case ast.StringValue, ast.BlockValue, ast.NullValue, ast.Variable:
			return
		case ast.ListValue:
			if value.ExpectedType != nil && value.ExpectedType.Elem != nil {
				return
			}
		}
		addError(core.Message("A %s is written as a string.", definition.Name), core.At(value.Position))
	})
}
