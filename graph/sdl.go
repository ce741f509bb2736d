package graph

import (
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/formatter"

	"corebank/graph/generated"
)

// oneOf is declared in the schema's text, because not all programs that read it
// know the directive. Those that do accept the declaration.
const oneOf = `"""
Exactly one field of the input must be given, and it must not be null.
"""
directive @oneOf on INPUT_OBJECT
`

// SDL is the whole schema as text, for programs that generate code.
var SDL = sync.OnceValue(func() string {
	var text strings.Builder
	text.WriteString(oneOf)
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).
		FormatSchema(generated.NewExecutableSchema(generated.Config{}).Schema())
	return text.String()
})
