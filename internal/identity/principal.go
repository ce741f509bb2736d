package identity

import (
	"context"
	"slices"
	"time"
)

// Role is what a caller is to the bank.
type Role string

const (
	// Customer uses its own accounts.
	Customer Role = "customer"
	// Teller uses anybody's accounts, and freezes, limits and reverses.
	Teller Role = "teller"
	// Auditor reads everything and changes nothing.
	Auditor Role = "auditor"
	// Admin may do everything that people may.
	Admin Role = "admin"
	// System is the bank itself: it takes transfers to their end and expires
	// holds. No token of an issuer carries it.
	System Role = "system"
)

// Bank is the subject of the bank itself; no token of an issuer may have it.
const Bank = "corebank"

// Roles are those that a token may carry, in the order of the table.
func Roles() []Role { return []Role{Customer, Teller, Auditor, Admin} }

// Known are the roles among names; the others mean nothing here.
func Known(names []string) []Role {
	var roles []Role
	for _, role := range Roles() {
		if slices.Contains(names, string(role)) {
			roles = append(roles, role)
		}
	}
	return roles
}

// Principal is a caller whose identity is proven. The zero principal is anonymous.
type Principal struct {
	// Subject names the caller permanently. It owns accounts and is in events.
	Subject string
	// Name is for people to read; it decides nothing.
	Name  string
	Roles []Role
	// Former says that no account can be opened for the subject by today's rules: it
	// is a customer of accounts that earlier builds opened, or of none.
	Former bool
	// TokenID is the id of the token that proved it, or "".
	TokenID string
	// Expires is when the proof ends; zero for never.
	Expires time.Time
	// Token is the proof itself, for those who want to check it again. It is a
	// secret: it belongs into no log.
	Token string
}

// Is reports whether the principal has one of the roles.
func (p Principal) Is(roles ...Role) bool {
	return slices.ContainsFunc(p.Roles, func(role Role) bool { return slices.Contains(roles, role) })
}

// Anonymous reports whether nothing is proven.
func (p Principal) Anonymous() bool { return p.Subject == "" }

// Highest is the role that events name: the one with the most rights.
func (p Principal) Highest() Role {
	for _, role := range []Role{System, Admin, Teller, Customer, Auditor} {
		if p.Is(role) {
			return role
		}
	}
	return ""
}

type key struct{}

// With puts a principal into a context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From is the principal of a context; an anonymous one where there is none.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(key{}).(Principal)
	return p
}
