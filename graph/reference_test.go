package graph

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
	"corebank/internal/golden"
)

const referencePage = "../docs/schema.md"

const referenceText = `# Schema reference

Everything that the API at ` + "`/graphql`" + ` understands. The [guide](guide.md) tells how to use it,
[rights.md](rights.md) who may do what, and [refusals.md](refusals.md) what each code of a
refusal means. Unless an operation says otherwise, each field costs one point; how many a
request may cost is in [abuse.md](abuse.md). ` + "`!`" + ` means never null, brackets a list.
`

// reference is the schema as a page of documentation.
type reference struct {
	strings.Builder
	schema *ast.Schema
	costs  map[string]Cost
}

func (r *reference) line(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

// TestTheReferenceIsOfToday compares the documentation with the schema.
func TestTheReferenceIsOfToday(t *testing.T) {
	r := &reference{schema: generated.NewExecutableSchema(generated.Config{}).Schema(), costs: Costs()}
	r.page()
	golden.Check(t, referencePage, r.String())
	r.complete(t)
}

// complete checks that everything of the schema is on the page, and that every link
// leads to a heading that exists once.
func (r *reference) complete(t *testing.T) {
	t.Helper()
	headings := map[string]int{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(r.String(), -1) {
		headings[anchor(heading[1])]++
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(r.String(), -1) {
		if headings[link[1]] != 1 {
			t.Errorf("%d headings have the anchor #%s", headings[link[1]], link[1])
		}
	}
	for name, d := range r.schema.Types {
		if d.BuiltIn && !slices.Contains(plainScalars, name) {
			continue
		}
		if !r.root(d) && headings[anchor(name)] != 1 {
			t.Errorf("%s has %d headings", name, headings[anchor(name)])
		}
		for _, field := range d.Fields {
			if !strings.HasPrefix(field.Name, "__") && !strings.Contains(r.String(), flat(field.Description)) {
				t.Errorf("%s.%s is not described", name, field.Name)
			}
			for _, a := range field.Arguments {
				if !strings.Contains(r.String(), flat(a.Description)) {
					t.Errorf("%s.%s.%s is not described", name, field.Name, a.Name)
				}
			}
		}
	}
}

// TestTheReferenceShowsDeprecations of fields, arguments, inputs and values.
func TestTheReferenceShowsDeprecations(t *testing.T) {
	const text = `"All." type Query { "It." a("How." by: X, "So." n: Int = 3 @deprecated(reason: "use by")): E
	    @deprecated(reason: "use b | c") }
	  "Those." enum E { "One." ONE @deprecated(reason: "use TWO") }
	  "That." input X { "f." f: [Int!] = [1] @deprecated(reason: "gone") }`
	r := &reference{schema: gqlparser.MustLoadSchema(&ast.Source{Input: text})}
	r.operation(r.schema.Query, r.schema.Query.Fields.ForName("a"))
	r.typed(r.schema.Types["E"])
	r.typed(r.schema.Types["X"])
	for _, want := range []string{
		`It. **Deprecated**: use b \| c`, "| `n` | [Int](#int) | `3` | So. **Deprecated**: use by |",
		"| `ONE` | One. **Deprecated**: use TWO |", "| `f` | \\[[Int](#int)!\\] | `[1]` | f. **Deprecated**: gone |",
	} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("%q is not in\n%s", want, r.String())
		}
	}
}

// plainScalars are the scalars of GraphQL itself.
var plainScalars = []string{"Boolean", "ID", "Int", "String"}

func (r *reference) root(d *ast.Definition) bool {
	return d == r.schema.Query || d == r.schema.Mutation || d == r.schema.Subscription
}

func (r *reference) page() {
	r.line("%s", referenceText)
	groups := r.groups()
	r.line("## Index\n")
	for _, root := range r.roots() {
		r.index(root.title, root.fields(), strings.ToLower(root.definition.Name)+" ")
	}
	for _, g := range groups {
		r.index(g.title, g.names, "")
	}
	for _, root := range r.roots() {
		r.line("## %s\n\n%s\n", root.title, flat(root.definition.Description))
		for _, field := range root.definition.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				r.operation(root.definition, field)
			}
		}
	}
	for _, g := range groups {
		r.line("## %s\n", g.title)
		for _, name := range g.names {
			r.typed(r.schema.Types[name])
		}
	}
	r.line("## Directives\n")
	for _, name := range r.directives() {
		r.line("### @%s\n\n%s\n\n| argument | type | |\n|---|---|---|", name, flat(r.schema.Directives[name].Description))
		for _, a := range r.schema.Directives[name].Arguments {
			r.line("| `%s` | %s | %s |", a.Name, r.link(a.Type), flat(a.Description))
		}
		r.line("")
	}
	r.line("`go generate ./graph` writes this page from `graph/*.graphqls` and `graph/cost.go`.")
}

// directives are those that the schema itself defines.
func (r *reference) directives() (names []string) {
	for name, d := range r.schema.Directives {
		if d.Position != nil && !d.Position.Src.BuiltIn {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

type referenceRoot struct {
	title      string
	definition *ast.Definition
}

func (r *reference) roots() []referenceRoot {
	return []referenceRoot{
		{"Queries", r.schema.Query}, {"Mutations", r.schema.Mutation}, {"Subscriptions", r.schema.Subscription},
	}
}

func (root referenceRoot) fields() (names []string) {
	for _, field := range root.definition.Fields {
		if !strings.HasPrefix(field.Name, "__") {
			names = append(names, field.Name)
		}
	}
	return names
}

type referenceGroup struct {
	title string
	names []string
}

func (r *reference) groups() []referenceGroup {
	kinds := []struct {
		title string
		kind  ast.DefinitionKind
	}{
		{"Interfaces", ast.Interface}, {"Unions", ast.Union}, {"Objects", ast.Object},
		{"Inputs", ast.InputObject}, {"Enums", ast.Enum}, {"Scalars", ast.Scalar},
	}
	var groups []referenceGroup
	for _, k := range kinds {
		g := referenceGroup{title: k.title}
		for _, name := range slices.Sorted(maps.Keys(r.schema.Types)) {
			d := r.schema.Types[name]
			if d.Kind == k.kind && !r.root(d) && (!d.BuiltIn || slices.Contains(plainScalars, name)) {
				g.names = append(g.names, name)
			}
		}
		if len(g.names) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func (r *reference) index(title string, names []string, prefix string) {
	links := make([]string, len(names))
	for i, name := range names {
		links[i] = fmt.Sprintf("[%s](#%s)", name, anchor(prefix+name))
	}
	r.line("- **%s**: %s", title, strings.Join(links, ", "))
	if title == "Scalars" {
		r.line("")
	}
}

// operation is a field of a root, with the roles that may use it and its cost.
func (r *reference) operation(root *ast.Definition, field *ast.FieldDefinition) {
	text := flat(field.Description) + deprecation(field.Directives)
	r.line("### %s %s\n\n%s\n", strings.ToLower(root.Name), field.Name, text)
	r.line("Answers with %s. For %s. Costs %s.\n", r.link(field.Type), rolesText(field), r.cost(root, field))
	if len(field.Arguments) > 0 {
		r.line("| argument | type | default | |\n|---|---|---|---|")
		for _, a := range field.Arguments {
			text := cmp.Or(flat(a.Description), "What is asked for.") + deprecation(a.Directives)
			r.line("| `%s` | %s | %s | %s |", a.Name, r.link(a.Type), literal(a.DefaultValue), text)
		}
		r.line("")
	}
}

func rolesText(field *ast.FieldDefinition) string {
	var roles []string
	for _, role := range rolesOf(field) {
		name := string(role) + "s"
		if role == "customer" {
			name += " (their own accounts)"
		}
		roles = append(roles, name)
	}
	last := len(roles) - 1
	if last < 1 {
		return strings.Join(roles, "")
	}
	return strings.Join(roles[:last], ", ") + " and " + roles[last]
}

// cost is what a field costs, in points.
func (r *reference) cost(parent *ast.Definition, field *ast.FieldDefinition) string {
	c := r.costs[parent.Name+"."+field.Name]
	points, each := "a point", ""
	if c.Points > 1 {
		points = fmt.Sprintf("%d points", c.Points)
	}
	if c.Past > 0 {
		points += fmt.Sprintf(", %d more for the past", c.Past)
	}
	switch {
	case c.Page > 0:
		each = fmt.Sprintf(", and what is selected as often as the page has lines (%d when nothing is said)", c.Page)
	case c.Times > 1:
		each = fmt.Sprintf(", and what is selected %d times", c.Times)
	case c.Batch:
		each = ", for each item, with what is selected"
	}
	return points + each
}

func (r *reference) typed(d *ast.Definition) {
	r.line("### %s\n\n%s", d.Name, flat(d.Description)+deprecation(d.Directives))
	if at := d.Directives.ForName("specifiedBy"); at != nil {
		r.line("\nSpecified by <%s>.", at.Arguments.ForName("url").Value.Raw)
	}
	if d.Directives.ForName("oneOf") != nil {
		r.line("\n`@oneOf`: exactly one field is given, and it is not null.")
	}
	r.others("Implements", d.Interfaces)
	if d.Kind == ast.Interface || d.Kind == ast.Union {
		var names []string
		for _, possible := range r.schema.PossibleTypes[d.Name] {
			names = append(names, possible.Name)
		}
		slices.Sort(names)
		r.others("Is one of", names)
	}
	r.line("")
	switch {
	case d.Kind == ast.Enum:
		r.line("| value | |\n|---|---|")
		for _, value := range d.EnumValues {
			r.line("| `%s` | %s |", value.Name, flat(value.Description)+deprecation(value.Directives))
		}
		r.line("")
	case len(d.Fields) > 0:
		r.fields(d)
	}
}

func (r *reference) others(label string, names []string) {
	links := make([]string, len(names))
	for i, name := range names {
		links[i] = fmt.Sprintf("[%s](#%s)", name, anchor(name))
	}
	if len(links) > 0 {
		r.line("\n%s %s.", label, strings.Join(links, ", "))
	}
}

func (r *reference) fields(d *ast.Definition) {
	if d.Kind == ast.InputObject {
		r.line("| field | type | default | |\n|---|---|---|---|")
		for _, field := range d.Fields {
			text := flat(field.Description) + deprecation(field.Directives)
			r.line("| `%s` | %s | %s | %s |", field.Name, r.link(field.Type), literal(field.DefaultValue), text)
		}
		r.line("")
		return
	}
	r.line("| field | type | |\n|---|---|---|")
	for _, field := range d.Fields {
		text := flat(field.Description) + deprecation(field.Directives)
		for _, a := range field.Arguments {
			text += fmt.Sprintf("<br>`%s`: %s", a.Name, r.link(a.Type))
			if a.DefaultValue != nil {
				text += " = " + literal(a.DefaultValue)
			}
			text += ". " + flat(a.Description) + deprecation(a.Directives)
		}
		if _, dear := r.costs[d.Name+"."+field.Name]; dear {
			text += fmt.Sprintf("<br>Costs %s.", r.cost(d, field))
		}
		r.line("| `%s` | %s | %s |", field.Name, r.link(field.Type), text)
	}
	r.line("")
}

// link is a type that leads to its description.
func (r *reference) link(t *ast.Type) string {
	name := t.Name()
	before, after, _ := strings.Cut(t.String(), name)
	before, after = strings.ReplaceAll(before, "[", `\[`), strings.ReplaceAll(after, "]", `\]`)
	return fmt.Sprintf("%s[%s](#%s)%s", before, name, anchor(name), after)
}

// anchor is the anchor of a heading, as the hosts of repositories make it.
func anchor(heading string) string {
	return strings.ReplaceAll(strings.ToLower(heading), " ", "-")
}

func literal(value *ast.Value) string {
	if value == nil {
		return ""
	}
	return "`" + value.String() + "`"
}

func deprecation(directives ast.DirectiveList) string {
	d := directives.ForName("deprecated")
	if d == nil {
		return ""
	}
	reason := "without a reason"
	if given := d.Arguments.ForName("reason"); given != nil {
		reason = given.Value.Raw
	}
	return " **Deprecated**: " + flat(reason)
}

// flat is a description on one line, for a cell of a table.
func flat(description string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(description), " "), "|", `\|`)
}
