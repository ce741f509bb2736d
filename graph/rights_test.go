package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
	"corebank/internal/contract"
	"corebank/internal/golden"
	"corebank/internal/identity"
)

const rightsPage = "../docs/rights.md"

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
				access := "no"
				switch {
				case slices.Contains(rolesOf(field), role) && role == identity.Customer:
					access = "own"
				case slices.Contains(rolesOf(field), role):
					access = "yes"
				}
				fmt.Fprintf(&page, " %s |", access)
			}
			page.WriteString("\n")
		}
	}
	page.WriteString("\nThe table is that of the schema's `@authorized`; `go generate ./graph` writes it.\n")
	golden.Check(t, rightsPage, page.String())
}

const rightsText = `# Who may do what

A client signs in with an OpenID Connect token and sends it with every request:
` + "`Authorization: Bearer …`" + ` in HTTP, and
` + "`{\"authorization\": \"Bearer …\"}`" + ` as the payload of a websocket's ` + "`connection_init`" + `.
Its ` + "`sub`" + ` names the caller, its ` + "`roles`" + ` say what the caller may do. The query
` + "`caller`" + ` answers both, and which queries and mutations they allow. Only introspection works
without a token.

- A missing or refused token is answered with the error
  ` + "`UNAUTHENTICATED`" + `, HTTP 401 and ` + "`WWW-Authenticate: Bearer`" + `; a websocket is closed
  with 4401, and with 4403 when its token has expired or has no role.
- An operation that none of the token's roles allows is answered with the error ` + "`FORBIDDEN`" + `.
- A **customer** uses the accounts whose owner is the token's ` + "`sub`" + `, and opens
  accounts for itself. All others do not exist for it: queries answer null or
  nothing, ` + "`transactions`" + ` and ` + "`transactionFeed`" + ` stay silent, the other subscriptions answer
  ` + "`NOT_FOUND`" + `, mutations refuse with ` + "`ACCOUNT_NOT_FOUND`" + `, just as for an id that does not
  exist.
- A **teller** uses all accounts, and freezes, limits and reverses.
- An **auditor** reads everything and changes nothing.
- An **admin** may do everything.

A customer learns two things about other accounts. A transfer that is not a dry
run reports whether the other account accepted it, and if not, why. An external
id that another account has is refused. Neither reveals who owns the account. A
dry run of a transfer does not ask the other account.

The gateway refuses by the schema's directives. The account's actor, which does
not trust the gateway, verifies the caller's own token again and decides by the
same table. What the bank does by itself (completing transfers, expiring holds) is
signed with a key that only the hosts of actors have. Every event names the
subject that requested it, and in which role.

| | field | customer | teller | auditor | admin |
|---|---|---|---|---|---|
`

// TestCallersLearnWhatTheyMay: what a page must not offer is not in the answer.
func TestCallersLearnWhatTheyMay(t *testing.T) {
	may := map[identity.Role]struct{ queries, mutations int }{
		identity.Customer: {queries: 2, mutations: 4}, identity.Teller: {}, identity.Admin: {},
		identity.Auditor: {mutations: 16},
	}
	staff := callerOf(identity.Principal{Subject: "root", Roles: []identity.Role{identity.Admin}})
	for role, lacks := range may {
		caller := callerOf(identity.Principal{Subject: "ada", Roles: []identity.Role{role}})
		if caller.Subject != "ada" || len(caller.Roles) != 1 || roleOf(caller.Roles[0]) != role {
			t.Errorf("%s is said to be %s, %v", role, caller.Subject, caller.Roles)
		}
		if got := len(staff.Queries) - len(caller.Queries); got != lacks.queries {
			t.Errorf("%s may not use %d queries, want %d: %v", role, got, lacks.queries, caller.Queries)
		}
		if got := len(staff.Mutations) - len(caller.Mutations); got != lacks.mutations {
			t.Errorf("%s may not use %d mutations, want %d: %v", role, got, lacks.mutations, caller.Mutations)
		}
	}
	customer := callerOf(identity.Principal{Subject: "ada", Roles: []identity.Role{identity.Customer}})
	for _, name := range []string{"reverse", "freezeAccount", "unfreezeAccount", "setLimits"} {
		if slices.Contains(customer.Mutations, name) {
			t.Errorf("a customer may use %s", name)
		}
	}
	both := callerOf(identity.Principal{Subject: "ada", Roles: []identity.Role{identity.Customer, identity.Auditor}})
	if slices.Contains(both.Mutations, "reverse") || !slices.Contains(both.Queries, "systemStatus") {
		t.Errorf("with two roles: %v, %v", both.Queries, both.Mutations)
	}
}
