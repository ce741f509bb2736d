package list

import (
	"slices"

	"github.com/99designs/gqlgen/graphql/introspection"
)

// Served are the directives that introspection lists: those that clients may use.
// The executor knows @defer as well, which the bank refuses.
func Served(known []introspection.Directive) []introspection.Directive {
	return slices.DeleteFunc(known, func(d introspection.Directive) bool { return d.Name == "defer" })
}
