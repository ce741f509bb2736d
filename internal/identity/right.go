package identity

import "corebank/internal/contract"

// Verdict is whether somebody may give a command to an account.
type Verdict int

const (
	// Forbidden: none of their roles may ever give it. The zero verdict.
	Forbidden Verdict = iota
	// Hidden: they may not know of the account, which is to be answered for as
	// if it did not exist.
	Hidden
	// Allowed: they may.
	Allowed
)

// Right is who may give a command.
type Right struct {
	// Command is its name on the wire.
	Command string
	// Own are those who may give it to accounts that they own, Any those who
	// may to every account.
	Own, Any []Role
}

// rolesWith are the roles that each kind of access stands for.
var rolesWith = map[contract.Access]Right{
	contract.Owner: {Own: []Role{Customer}, Any: []Role{Teller, Admin}},
	contract.Staff: {Any: []Role{Teller, Admin}},
	contract.Bank:  {Any: []Role{System}},
}

// Rights are all there are: one for each operation.
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

// May decides whether somebody may give a command to an account of an owner;
// "" where there is no such account, or it has no owner. For OpenAccount the
// owner is the one that is asked for.
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

// Sees reports whether somebody may know of an account of an owner.
func (p Principal) Sees(owner string) bool {
	return p.SeesAll() || !p.Anonymous() && p.Is(Customer) && owner == p.Subject
}

// SeesAll reports whether somebody may know of every account.
func (p Principal) SeesAll() bool {
	return !p.Anonymous() && p.Is(Teller, Auditor, Admin, System)
}
