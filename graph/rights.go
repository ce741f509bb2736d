package graph

import (
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph/generated"
	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// Authorized is the directive of the same name: it lets those in who have one
// of the roles.
func Authorized(ctx context.Context, _ any, next graphql.Resolver, roles []model.Role) (any, error) {
	allowed := make([]identity.Role, len(roles))
	for i, role := range roles {
		allowed[i] = roleOf(role)
	}
	if err := authorize(ctx, allowed...); err != nil {
		return nil, err
	}
	return next(ctx)
}

func roleOf(role model.Role) identity.Role {
	return map[model.Role]identity.Role{model.RoleCustomer: identity.Customer, model.RoleTeller: identity.Teller,
		model.RoleAuditor: identity.Auditor, model.RoleAdmin: identity.Admin}[role]
}

// rolesOf are those that a field's directive lets in.
func rolesOf(field *ast.FieldDefinition) (roles []identity.Role) {
	if directive := field.Directives.ForName("authorized"); directive != nil {
		for _, child := range directive.Arguments.ForName("roles").Value.Children {
			roles = append(roles, roleOf(model.Role(child.Value.Raw)))
		}
	}
	return roles
}

// callerOf is what the token of a request says, and what the directives allow it.
func callerOf(who identity.Principal) *model.Caller {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	caller := &model.Caller{Subject: who.Subject, Roles: []model.Role{},
		Queries: allowed(who, schema.Query), Mutations: allowed(who, schema.Mutation)}
	for _, role := range model.AllRole {
		if who.Is(roleOf(role)) {
			caller.Roles = append(caller.Roles, role)
		}
	}
	return caller
}

// allowed are the fields that one of the caller's roles may use.
func allowed(who identity.Principal, root *ast.Definition) []string {
	names := []string{}
	for _, field := range root.Fields {
		if who.Is(rolesOf(field)...) {
			names = append(names, field.Name)
		}
	}
	return names
}

// authorize refuses those who have none of the roles.
func authorize(ctx context.Context, roles ...identity.Role) error {
	switch who := identity.From(ctx); {
	case who.Anonymous():
		return Unauthenticated("Sign in first: send a token in the header Authorization, as Bearer and the token.")
	case !who.Is(roles...):
		return &Fault{Code: CodeForbidden,
			Message: fmt.Sprintf("This is for %s; your token does not say that you are one.", either(roles))}
	}
	return nil
}

// Unauthenticated is the error for a caller without a valid token.
func Unauthenticated(message string) *Fault {
	return &Fault{Code: CodeUnauthenticated, Message: message}
}

func either(roles []identity.Role) string {
	text := ""
	for i, role := range roles {
		switch {
		case i > 0 && i == len(roles)-1:
			text += " or "
		case i > 0:
			text += ", "
		}
		text += string(role)
	}
	return text
}

// encode wraps a command of the caller for the wire, with its proof.
func encode(ctx context.Context, key string, c bank.Command) (contract.Command, error) {
	who := identity.From(ctx)
	command, err := contract.EncodeCommand(who.Subject, key, c)
	command.Token = who.Token
	return command, err
}

// sees reports whether the caller may know of an account that the views show.
func (r *Resolver) sees(ctx context.Context, id bank.AccountID) (bool, error) {
	who := identity.From(ctx)
	if who.SeesAll() || who.Anonymous() {
		return who.SeesAll(), nil
	}
	a, err := r.Views.Account(ctx, id)
	if errors.Is(err, view.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("view of account %s: %w", id, err)
	}
	return who.Sees(a.Owner), nil
}

// seesOneOf is sees for what two accounts share.
func (r *Resolver) seesOneOf(ctx context.Context, one, other bank.AccountID) (bool, error) {
	seen, err := r.sees(ctx, one)
	if err != nil || seen {
		return seen, err
	}
	return r.sees(ctx, other)
}

// seesNow is sees for those who do not wait for the views: what was opened a
// moment ago is looked for in the log. Somebody else's account takes what one
// takes that does not exist, so that the time says nothing: no event of it is read.
func (r *Resolver) seesNow(ctx context.Context, id bank.AccountID) (bool, error) {
	who, seen := identity.From(ctx), false
	if who.SeesAll() || who.Anonymous() || !id.Valid() {
		return who.SeesAll(), nil
	}
	a, err := r.Views.Account(ctx, id)
	switch {
	case err == nil && who.Sees(a.Owner):
		return true, nil
	case err == nil && a.Owner != "":
		id = silentAccount
	case err != nil && !errors.Is(err, view.ErrNotFound):
		return false, fmt.Errorf("view of account %s: %w", id, err)
	}
	err = r.eachEvent(ctx, id, 0, view.NoVersion, func(record contract.Record) (bool, error) {
		event, err := record.Event()
		opened, is := event.(bank.AccountOpened)
		seen = is && who.Sees(opened.Owner)
		return !is, err // there may be transfers that it did not take, before
	})
	return seen, err
}

// onlySeen is an account if the caller may know of it, and otherwise the id of
// none.
func (r *Resolver) onlySeen(ctx context.Context, id bank.AccountID) (bank.AccountID, error) {
	if seen, err := r.sees(ctx, id); err != nil || !seen {
		return "", err
	}
	return id, nil
}

// listAccounts reads the accounts that the caller may know of.
func (r *Resolver) listAccounts(ctx context.Context, page view.Accounts) ([]view.Account, bool, error) {
	if who := identity.From(ctx); !who.SeesAll() {
		if who.Anonymous() || page.Filter.Owner != "" && page.Filter.Owner != who.Subject {
			return nil, false, nil
		}
		page.Filter.Owner = who.Subject
	}
	return r.Views.ListAccounts(ctx, page)
}

// silentAccount is an account that no caller can open, because every caller has
// a name.
var silentAccount = bank.NewAccountID("", "")

// heard is the account whose transactions a subscriber receives; "" for all. An
// account that it may not know of is as silent as one that does not exist.
func (r *Resolver) heard(ctx context.Context, accountID *string) (bank.AccountID, error) {
	if accountID == nil {
		if !identity.From(ctx).SeesAll() {
			return "", badInput("Name one of your accounts in accountId; " +
				"the transactions of all accounts are for the bank's staff.")
		}
		return "", nil
	}
	if err := onlyOwnID("accountId", *accountID); err != nil {
		return "", err
	}
	id := bank.AccountID(*accountID)
	seen, err := r.seesNow(ctx, id)
	if err != nil || !seen || id == "" { // no id is not all accounts
		return silentAccount, err
	}
	return id, nil
}
