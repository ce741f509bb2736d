package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
	"corebank/graph/model"
	"corebank/internal/contract"
	"corebank/internal/golden"
	"corebank/internal/identity"
)

const rightsPage = "../docs/rights.md"

// rolesOf are those that a field's directive lets in.
func rolesOf(field *ast.FieldDefinition) (roles []identity.Role) {
	if directive := field.Directives.ForName("authorized"); directive != nil {
		for _, child := range directive.Arguments.ForName("roles").Value.Children {
			roles = append(roles, roleOf(model.Role(child.Value.Raw)))
		}
	}
	return roles
}

// TestTheGatewayLetsInWhomTheActorObeys: each operation that callers may ask for is a mutation, whose directive is the
// table of rights, and there are no others.
func TestTheGatewayLetsInWhomTheActorObeys(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	rights := map[string][]identity.Role{}
	for _, right := range identity.Rights() {
		rights[right.Command] = slices.Concat(right.Own, right.Any)
	}
	others := []string{"postBatch"} // its items are other mutations
	for _, o := range contract.Operations() {
		if o.Mutation == "" {
			continue
		}
		others = append(others, o.Mutation)
		field := schema.Mutation.Fields.ForName(o.Mutation)
		if field == nil {
			t.Errorf("%s has no mutation %s: write it in the graph/*.graphqls of its noun", o.Command, o.Mutation)
			continue
		}
		if got, want := rolesOf(field), rights[o.Command]; !slices.Equal(got, want) {
			t.Errorf("%s lets in %v; actors obey %v", field.Name, got, want)
		}
	}
	for _, field := range schema.Mutation.Fields {
		if !slices.Contains(others, field.Name) {
			t.Errorf("%s is no operation of internal/contract/operations.go", field.Name)
		}
	}
}

// TestThePageOfRightsIsOfToday compares the documentation with the schema.
func TestThePageOfRightsIsOfToday(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	var page strings.Builder
	page.WriteString(rightsText)
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range root.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			fmt.Fprintf(&page, "| %s | `%s` |", strings.ToLower(root.Name), field.Name)
			for _, role := range identity.Roles() {
				told := "no"
				switch {
				case slices.Contains(rolesOf(field), role) && role == identity.Customer:
					told = "own"
				case slices.Contains(rolesOf(field), role):
					told = "yes"
				}
				fmt.Fprintf(&page, " %s |", told)
			}
			page.WriteString("\n")
		}
	}
	page.WriteString("\nThe table is that of the schema's `@authorized`; `go generate ./graph` writes it.\n")
	golden.Check(t, rightsPage, page.String())
}

const rightsText = `# Who may do what

Whoever uses the bank signs in with an OpenID Connect token and sends it with
every request: ` + "`Authorization: Bearer …`" + ` in HTTP, and
` + "`{\"authorization\": \"Bearer …\"}`" + ` as the payload of a websocket's ` + "`connection_init`" + `.
Its ` + "`sub`" + ` is who they are, its ` + "`roles`" + ` what they may do. Only introspection
works without one.

- A token that is missing or not taken is answered with the error
  ` + "`UNAUTHENTICATED`" + `, HTTP 401 and ` + "`WWW-Authenticate: Bearer`" + `; a websocket is closed
  with 4401, also when its token ends, and with 4403 when the token has no role.
- What none of the token's roles may do is answered with the error ` + "`FORBIDDEN`" + `.
- A **customer** uses the accounts whose owner is the token's ` + "`sub`" + `, and opens
  accounts for itself. All others do not exist for it: queries answer null or
  nothing, ` + "`transactions`" + ` and ` + "`transactionFeed`" + ` are quiet, the other subscriptions say
  ` + "`NOT_FOUND`" + `, mutations refuse with ` + "`ACCOUNT_NOT_FOUND`" + `, just as for an id that nobody
  has.
- A **teller** uses everybody's accounts, and freezes, limits and reverses.
- An **auditor** reads everything and changes nothing.
- An **admin** may do everything.

What a customer does learn of others, because that is what these are for: a
transfer in earnest tells whether the other account took it, and if not, why; an
external id that another account has cannot be taken again. Neither tells whose
account it is. A dry run of a transfer asks no account of others.

The gateway refuses by the schema's directives. The account's actor, which does
not trust the gateway, verifies the caller's own token again and decides by the
same table; what the bank does by itself (taking transfers to their end, ending
holds) is signed with a key that only the hosts of actors have. Every event names
the subject and the role it was asked for in.

| | field | customer | teller | auditor | admin |
|---|---|---|---|---|---|
`
