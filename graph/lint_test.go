package graph_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
)

// lint collects the faults of a schema.
type lint struct {
	schema *ast.Schema
	wrong  []string
}

func (l *lint) report(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

var (
	pascalCase = regexp.MustCompile(`^[A-Z][a-zA-Z0-9]*$`)
	camelCase  = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	upperCase  = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	idlePrefix = regexp.MustCompile(`^(get|query|list)[A-Z]`)
)

// check returns the faults of all definitions that are ours.
func check(schema *ast.Schema) []string {
	l := &lint{schema: schema}
	used := l.used()
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		d := schema.Types[name]
		if d.BuiltIn {
			continue
		}
		if !used[name] {
			l.report("%s is not used", name)
		}
		l.named(d)
		l.fields(d)
		l.relay(d)
		if d.Kind == ast.Scalar && d.Directives.ForName("specifiedBy") == nil {
			l.report("%s does not say where it is specified", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Directives)) {
		if d := schema.Directives[name]; d.Position != nil && !d.Position.Src.BuiltIn {
			l.text("@"+name, d.Description)
		}
	}
	l.mutations()
	return l.wrong
}

// used are the types that can be reached from the roots.
func (l *lint) used() map[string]bool {
	used := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		d := l.schema.Types[name]
		if d == nil || used[name] {
			return
		}
		used[name] = true
		for _, f := range d.Fields {
			visit(f.Type.Name())
			for _, a := range f.Arguments {
				visit(a.Type.Name())
			}
		}
		for _, other := range append(slices.Clone(d.Interfaces), d.Types...) {
			visit(other)
		}
		for _, possible := range l.schema.PossibleTypes[name] {
			visit(possible.Name)
		}
	}
	for _, root := range []*ast.Definition{l.schema.Query, l.schema.Mutation, l.schema.Subscription} {
		visit(root.Name)
	}
	for _, directive := range l.schema.Directives {
		for _, a := range directive.Arguments {
			visit(a.Type.Name())
		}
	}
	return used
}

// text checks that a description exists and is a sentence.
func (l *lint) text(what, description string) {
	switch description = strings.TrimSpace(description); {
	case description == "":
		l.report("%s has no description", what)
	case !strings.HasSuffix(description, ".") || strings.ToUpper(description[:1]) != description[:1]:
		l.report("the description of %s is no sentence: %s", what, description)
	}
}

func (l *lint) deprecated(what string, directives ast.DirectiveList) {
	if d := directives.ForName("deprecated"); d != nil && d.Arguments.ForName("reason") == nil {
		l.report("%s is deprecated without a reason", what)
	}
}

func (l *lint) named(d *ast.Definition) {
	l.text(d.Name, d.Description)
	if !pascalCase.MatchString(d.Name) {
		l.report("%s is not in PascalCase", d.Name)
	}
	plainInput := d.Kind == ast.InputObject && d.Directives.ForName("oneOf") == nil
	if plainInput && !strings.HasSuffix(d.Name, "Input") && !strings.HasSuffix(d.Name, "Filter") {
		l.report("the input %s is not called so", d.Name)
	}
	for _, v := range d.EnumValues {
		l.text(d.Name+"."+v.Name, v.Description)
		l.deprecated(d.Name+"."+v.Name, v.Directives)
		if !upperCase.MatchString(v.Name) {
			l.report("%s.%s is not in capitals", d.Name, v.Name)
		}
	}
}

func (l *lint) fields(d *ast.Definition) {
	for _, f := range d.Fields {
		what := d.Name + "." + f.Name
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		l.text(what, f.Description)
		l.deprecated(what, f.Directives)
		if !camelCase.MatchString(f.Name) || idlePrefix.MatchString(f.Name) {
			l.report("%s is not named as a field is", what)
		}
		if f.Name == "id" && f.Type.Name() != "ID" {
			l.report("%s is not an ID", what)
		}
		if d.Kind == ast.InputObject && f.Type.NonNull && f.Directives.ForName("deprecated") != nil && f.DefaultValue == nil {
			l.report("%s is required and deprecated", what)
		}
		for _, a := range f.Arguments {
			if d != l.schema.Mutation { // the type of its one argument is description enough
				l.text(what+"."+a.Name, a.Description)
			}
			l.deprecated(what+"."+a.Name, a.Directives)
			if !camelCase.MatchString(a.Name) {
				l.report("%s.%s is not in camelCase", what, a.Name)
			}
		}
	}
}

// relay checks connections against Relay's specification.
func (l *lint) relay(d *ast.Definition) {
	want := func(name string, types ...string) {
		f := d.Fields.ForName(name)
		if f == nil || !slices.Contains(types, f.Type.String()) {
			l.report("%s.%s is not a %v", d.Name, name, types)
		}
	}
	if base, is := strings.CutSuffix(d.Name, "Connection"); is {
		want("edges", "["+base+"Edge!]!")
		want("nodes", "["+base+"!]!")
		want("pageInfo", "PageInfo!")
	}
	if base, is := strings.CutSuffix(d.Name, "Edge"); is {
		want("cursor", "String!")
		want("node", base+"!")
	}
	if d.Name == "PageInfo" {
		want("hasNextPage", "Boolean!")
		want("hasPreviousPage", "Boolean!")
		want("startCursor", "String")
		want("endCursor", "String")
	}
	if d.Name == "Node" || slices.Contains(d.Interfaces, "Node") {
		want("id", "ID!")
	}
	for _, f := range d.Fields {
		if !strings.HasSuffix(f.Type.Name(), "Connection") {
			continue
		}
		argument := func(name string) string {
			if a := f.Arguments.ForName(name); a != nil {
				return a.Type.String()
			}
			return ""
		}
		forward, backward := argument("first")+argument("after"), argument("last")+argument("before")
		if forward != "IntString" || backward != "" && backward != "IntString" {
			l.report("%s.%s does not page as Relay wants", d.Name, f.Name)
		}
	}
}

// mutations checks that each mutation has one input, and one payload with the
// refusals.
func (l *lint) mutations() {
	for _, f := range l.schema.Mutation.Fields {
		stem := strings.ToUpper(f.Name[:1]) + f.Name[1:]
		if len(f.Arguments) != 1 || f.Arguments[0].Name != "input" || f.Arguments[0].Type.String() != stem+"Input!" {
			l.report("%s does not take one input: %sInput!", f.Name, stem)
		}
		refusals := l.schema.Types[f.Type.Name()].Fields.ForName("userErrors")
		if f.Type.String() != stem+"Payload!" || refusals == nil || refusals.Type.String() != "[UserError!]!" {
			l.report("%s does not answer with %sPayload! and its userErrors", f.Name, stem)
		}
		if f.Arguments[0].Type.Name() == "PostBatchInput" { // each of its items has a key
			continue
		}
		key := l.schema.Types[f.Arguments[0].Type.Name()].Fields.ForName("idempotencyKey")
		if key == nil || key.Type.String() != "String!" {
			l.report("%s has no idempotencyKey", f.Name)
		}
	}
}

func TestTheSchemaIsWellMade(t *testing.T) {
	for _, wrong := range check(generated.NewExecutableSchema(generated.Config{}).Schema()) {
		t.Error(wrong)
	}
}

// TestTheLintFindsWhatIsWrong: a schema with one fault of each kind.
func TestTheLintFindsWhatIsWrong(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "faulty.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	found := check(gqlparser.MustLoadSchema(&ast.Source{Input: string(text)}))
	var want []string
	for line := range strings.Lines(string(text)) {
		if _, fault, is := strings.Cut(strings.TrimSpace(line), "#! "); is {
			want = append(want, fault)
		}
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}
