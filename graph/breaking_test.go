package graph_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph"
	"corebank/graph/generated"
	"corebank/internal/golden"
)

// breaking lists the changes from the old schema to the new that break a client.
func breaking(before, after *ast.Schema) (found []string) {
	for _, name := range slices.Sorted(maps.Keys(before.Types)) {
		old, now := before.Types[name], after.Types[name]
		switch {
		case old.BuiltIn:
		case now == nil:
			found = append(found, name+" was removed")
		case old.Kind != now.Kind:
			found = append(found, fmt.Sprintf("%s became %s from %s", name, now.Kind, old.Kind))
		default:
			found = append(found, breakingFields(old, now)...)
			found = append(found, breakingMembers(old, now)...)
		}
	}
	return found
}

func breakingFields(old, now *ast.Definition) (found []string) {
	input := old.Kind == ast.InputObject
	for _, f := range old.Fields {
		what, other := old.Name+"."+f.Name, now.Fields.ForName(f.Name)
		switch {
		case strings.HasPrefix(f.Name, "__"):
		case other == nil:
			found = append(found, what+" was removed")
		case input && !takes(other.Type, f.Type) || !input && !takes(f.Type, other.Type):
			found = append(found, fmt.Sprintf("%s became %s from %s", what, other.Type, f.Type))
		default:
			if input {
				found = append(found, breakingDefault(what, f.DefaultValue, other.DefaultValue)...)
			}
			found = append(found, breakingArguments(what, f.Arguments, other.Arguments)...)
		}
	}
	for _, f := range now.Fields {
		if input && old.Fields.ForName(f.Name) == nil && f.Type.NonNull && f.DefaultValue == nil {
			found = append(found, old.Name+"."+f.Name+" is new and required")
		}
	}
	return found
}

func breakingArguments(what string, old, now ast.ArgumentDefinitionList) (found []string) {
	for _, a := range old {
		switch other := now.ForName(a.Name); {
		case other == nil:
			found = append(found, what+"("+a.Name+") was removed")
		case !takes(other.Type, a.Type):
			found = append(found, fmt.Sprintf("%s(%s) became %s from %s", what, a.Name, other.Type, a.Type))
		default:
			found = append(found, breakingDefault(what+"("+a.Name+")", a.DefaultValue, other.DefaultValue)...)
		}
	}
	for _, a := range now {
		if old.ForName(a.Name) == nil && a.Type.NonNull && a.DefaultValue == nil {
			found = append(found, what+"("+a.Name+") is new and required")
		}
	}
	return found
}

func breakingDefault(what string, old, now *ast.Value) []string {
	if old == nil && now == nil || old != nil && now != nil && old.String() == now.String() {
		return nil
	}
	if old == nil { // a client that leaves the argument out now sends the default
		return []string{fmt.Sprintf("%s has the new default %s", what, now)}
	}
	return []string{fmt.Sprintf("%s no longer has the default %s", what, old)}
}

func breakingMembers(old, now *ast.Definition) (found []string) {
	for _, v := range old.EnumValues {
		if now.EnumValues.ForName(v.Name) == nil {
			found = append(found, old.Name+"."+v.Name+" was removed")
		}
	}
	for _, member := range old.Types {
		if !slices.Contains(now.Types, member) {
			found = append(found, old.Name+" no longer has "+member)
		}
	}
	for _, implemented := range old.Interfaces {
		if !slices.Contains(now.Interfaces, implemented) {
			found = append(found, old.Name+" no longer implements "+implemented)
		}
	}
	if (old.Directives.ForName("oneOf") == nil) != (now.Directives.ForName("oneOf") == nil) {
		found = append(found, old.Name+" began or ceased to be oneOf")
	}
	return found
}

// takes reports whether a place for want can be given whatever got may be.
func takes(want, got *ast.Type) bool {
	if want.NonNull && !got.NonNull || (want.Elem == nil) != (got.Elem == nil) {
		return false
	}
	if want.Elem != nil {
		return takes(want.Elem, got.Elem)
	}
	return want.NamedType == got.NamedType
}

//go:generate env GENERATE=1 go test -count=1 -run TestNoClientIsBroken|IsOfToday .

// TestNoClientIsBroken compares the schema with the one that was committed
// last. go generate updates the committed one, unless a change breaks a client. To
// break clients on purpose, delete the committed file first.
func TestNoClientIsBroken(t *testing.T) {
	path := filepath.Join("testdata", "schema.graphql")
	now := generated.NewExecutableSchema(generated.Config{}).Schema()
	if committed, err := os.ReadFile(path); err == nil {
		broken := breaking(gqlparser.MustLoadSchema(&ast.Source{Name: path, Input: string(committed)}), now)
		for _, change := range broken {
			t.Errorf("clients break: %s. Keep the old one, deprecated, beside the new one", change)
		}
	}
	if !t.Failed() {
		golden.Check(t, path, graph.SDL())
	}
}

func TestBreakingChangesAreFound(t *testing.T) {
	const before = `
		type Query { a(x: Int, y: Int = 1): Int b: String! c: [Int!]! gone: Int e: Colour u: U t: T o(i: I, j: J): Int }
		enum Colour { RED BLUE } union U = T | S
		type T implements N { id: ID! x: Int } type S { x: Int } interface N { id: ID! }
		input I { a: Int b: String = "x" c: Int! } input J @oneOf { a: Int b: Int }
		scalar Old type K { x: Int } extend type Query { k: K old: Old }`
	const after = `
		type Query { a(x: Int!, y: Int = 2, z: Int!): Int b: String c: [Int]! e: Colour u: U t: T
			o(i: I, j: J, free: Int): Int fresh: Int k: K }
		enum Colour { RED GREEN } union U = T
		type T { id: ID! x: Int! more: Int } type S { x: Int } interface N { id: ID! }
		input I { a: Int! b: String c: Int d: Int! e: Int f: Int! = 1 } input J { a: Int b: Int }
		interface K { x: Int }`
	load := func(text string) *ast.Schema { return gqlparser.MustLoadSchema(&ast.Source{Input: text}) }
	got := breaking(load(before), load(after))
	want := []string{
		"Colour.BLUE was removed",
		"I.a became Int! from Int",
		`I.b no longer has the default "x"`,
		"I.d is new and required",
		"J began or ceased to be oneOf",
		"K became INTERFACE from OBJECT",
		"Old was removed",
		"Query.a(x) became Int! from Int",
		"Query.a(y) no longer has the default 1",
		"Query.a(z) is new and required",
		"Query.b became String from String!",
		"Query.c became [Int]! from [Int!]!",
		"Query.gone was removed",
		"Query.old was removed",
		"T no longer implements N",
		"U no longer has S",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	schema := load(before)
	if found := breaking(schema, schema); found != nil {
		t.Errorf("a schema breaks with itself: %v", found)
	}
}
