package identity

import "corebank/internal/contract"

// Verdict is whether a caller may give a command to an account.
type Verdict int

const (
	// Forbidden: none of the caller's roles may ever give it. The zero verdict.
	Forbidden Verdict = iota
	// Hidden: the caller may not know of the account; the answer is that of an
	// account that does not exist.
	Hidden
	// Allowed: the caller may give it.
	Allowed
)

// Right is who may give a command.
type Right struct {
	// Command is its name on the wire.
	Command string
	// Own are the roles that may give it to the caller's own accounts, Any those
	// that may give it to every account.
	Own, Any []Role
}

// rolesWith are the roles that each kind of access stands for.
var rolesWith = map[contract.Access]Right{
	contract.Owner: {Own: []Role{Customer}, Any: []Role{Teller, Admin}},
	contract.Staff: {Any: []Role{Teller, Admin}},
	contract.Bank:  {Any: []Role{System}},
}

// Rights are all there are: one for each operation. Which access an operation
// has stands in contract.Operations: freezing, for one, is for staff.
func Rights() []Right {
	var all []Right
	for _, o := range contract.Operations() {
		right := rolesWith[o.Access]
		right.Command = o.Command
		all = append(all, right)
	}
	return all
}

// rights are the same by command.
var rights = func() map[string]Right {
	all := make(map[string]Right)
	for _, right := range Rights() {
		all[right.Command] = right
	}
	return all
}()

// May decides whether the principal may give a command to an account of an
// owner; "" where there is no such account, or it has no owner. For OpenAccount
// the owner is the one that the command names.
func (p Principal) May(command, owner string) Verdict {
	right := rights[command]
	switch {
	case p.Anonymous():
		return Forbidden
	case p.Is(right.Any...):
		return Allowed
	case !p.Is(right.Own...):
		return Forbidden
	case owner != p.Subject:
		return Hidden
	}
	return Allowed
}

// Sees reports whether the principal may know of an account of an owner.
func (p Principal) Sees(owner string) bool {
	return p.SeesAll() || !p.Anonymous() && p.Is(Customer) && owner == p.Subject
}

// SeesAll reports whether the principal may know of every account.
func (p Principal) SeesAll() bool {
	return !p.Anonymous() && p.Is(Teller, Auditor, Admin, System)
}
