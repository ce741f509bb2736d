package copies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxClock is how far the clock of a machine may be from ours: it dates the commits that it takes.
const MaxClock = time.Minute

// Wish is what an operator, or the bank by itself, asks for.
type Wish struct {
	// Copies is how many machines have an event before it is acknowledged.
	Copies int
	// To, if set, is the machine that becomes the primary, also if there is one.
	To string
	// ForceLoss takes a loss of records into account.
	ForceLoss bool
}

// Plan is what to do: first no one follows the earlier primary any more, then one machine becomes the primary, then the
// others follow it.
type Plan struct {
	// Primary is the machine that takes commits from now on. Keep means that it does already, and nothing is promoted.
	Primary string
	Keep    bool
	// Others answer, and follow the primary from now on. Absent ones do not answer.
	Others, Absent []string
	// New are those of Others that get a copy only when the log says whose place they take. Held answer, and get none:
	// HeldFor says why.
	New, Held []string
	HeldFor   string
	// Waits means that too few machines answer for the wanted copies: nothing is acknowledged until more do.
	Waits bool
	// Loss says what is lost, with Wish.ForceLoss.
	Loss string
}

// Refusal says in words why there is no plan, and what to do.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) (Plan, error) {
	return Plan{}, Refusal(fmt.Sprintf(format, args...))
}

// DefaultCopies is how many of several machines have an event before it is acknowledged, if no one says: more than
// half, so that the loss of any one of three neither loses nor stops anything.
func DefaultCopies(machines int) int { return machines/2 + 1 }

// Check refuses copies and addresses that make no sense together.
func Check(wanted int, addresses []string) error {
	n := len(addresses)
	for i, address := range addresses {
		if slices.Contains(addresses[:i], address) {
			return Refusal(address + " is given twice: each copy needs a machine of its own")
		}
	}
	switch {
	case wanted < 1:
		return Refusal(fmt.Sprintf("%d copies make no sense: want 1 to %d, the number of addresses", wanted, n))
	case wanted == 1 && n > 1:
		return Refusal(fmt.Sprintf("one copy is asked for and %d machines are given: what is acknowledged would be on one "+
			"of them only, and lost with it; say --copies %d, or give one address", n, DefaultCopies(n)))
	case wanted > n:
		return Refusal(fmt.Sprintf("%d copies need %d machines, and %d are given", wanted, wanted, n))
	}
	return nil
}

// Decide makes the plan. Every refusal changes nothing.
func Decide(observed []Machine, wish Wish) (Plan, error) {
	var addresses []string
	for _, m := range observed {
		addresses = append(addresses, m.Address)
	}
	if err := Check(wish.Copies, addresses); err != nil {
		return Plan{}, err
	}
	if err := CheckAlike(observed); err != nil {
		return Plan{}, err
	}
	have := withCopy(observed)
	if len(have) == 0 {
		return refuse("none of the machines that answer has a copy of the log: %s", list(observed))
	}
	have, rivals := settle(have, wish.Copies)
	if len(rivals) > 0 {
		return choose(observed, have, rivals, wish)
	}
	if primary := primaryOf(have); primary != nil && (wish.To == "" || wish.To == primary.Address) {
		return stay(*primary, observed, wish), nil
	}
	return takeOver(observed, have, wish)
}

// CheckAlike refuses machines that cannot have copies of one log.
func CheckAlike(observed []Machine) error {
	for i, m := range observed {
		for _, other := range observed[:i] {
			switch {
			case m.Fault != "" || other.Fault != "":
			case m.Server != "" && m.Server == other.Server:
				return Refusal(fmt.Sprintf("%s and %s are the same immudb, or one's data directory is a copy of the other's: "+
					"a commit would count them as two; remove the file immudb.identifier from the copy and restart it",
					other.Address, m.Address))
			case m.Log != "" && other.Log != "" && m.Log != other.Log:
				return Refusal(fmt.Sprintf("%s and %s have different logs (%s and %s): they are not copies of one bank; "+
					"remove the address that does not belong to it", other.Address, m.Address, other.Log, m.Log))
			}
		}
	}
	return nil
}

// primaryOf is the primary, or nil. One with an epoch that is not the newest was away while another took over. Of two
// with the same epoch one took over and has not raised it yet: then one of them has to take over again.
func primaryOf(have []Machine) *Machine {
	if Primaries(have) != 1 {
		return nil
	}
	newest := newestEpoch(have)
	return &have[slices.IndexFunc(have, func(m Machine) bool { return m.Primary && m.Epoch == newest })]
}

// Primaries is how many machines with the newest epoch take commits.
func Primaries(observed []Machine) (number int) {
	have := withCopy(observed)
	for _, m := range have {
		if m.Primary && m.Epoch == newestEpoch(have) {
			number++
		}
	}
	return number
}

// takeOver plans for another primary.
func takeOver(observed, have []Machine, wish Wish) (Plan, error) {
	most := slices.MaxFunc(have, compare)
	chosen := most
	var asMuch []Machine // those that have as much, and no other clock
	for _, m := range have {
		if compare(m, most) == 0 && m.Clock.Abs() <= MaxClock {
			asMuch = append(asMuch, m)
		}
	}
	if wish.To != "" {
		i := slices.IndexFunc(have, func(m Machine) bool { return m.Address == wish.To })
		if i < 0 {
			return refuse("%s cannot become the primary: it does not answer, has no copy of the log or is none of the machines",
				wish.To)
		}
		chosen = have[i]
	} else if len(asMuch) > 0 {
		chosen = slices.MaxFunc(asMuch, func(x, y Machine) int { return cmp.Compare(x.Committed, y.Committed) })
	}
	if chosen.Clock.Abs() > MaxClock {
		return refuse("the clock of %s is %s from this machine's, and would date the commits: set both clocks",
			chosen.Address, chosen.Clock.Round(time.Second))
	}
	plan := newPlan(chosen, observed, wish, false)
	var losses []string
	if compare(chosen, most) < 0 {
		losses = append(losses, behind(chosen, most))
	}
	if loss := unseen(observed, most, wish.Copies); loss != "" {
		losses = append(losses, loss)
	}
	if len(losses) > 0 && !wish.ForceLoss {
		return refuse("%s. To lose that for good, say --force-loss", strings.Join(losses, "; and "))
	}
	plan.Loss = strings.Join(losses, "; and ")
	return plan, nil
}

// behind says what is lost if a machine takes over that has less than another.
func behind(chosen, most Machine) string {
	if lost := most.Head - chosen.Head; lost > 0 {
		return fmt.Sprintf("%s is behind: it has %s and %s has %d, so %s would be lost, those after position %d",
			chosen.Address, records(chosen.Head), most.Address, most.Head, records(lost), chosen.Head)
	}
	return fmt.Sprintf("%s is behind: it is at epoch %d and transaction %d, and %s at epoch %d and transaction %d; no "+
		"record would be lost, but what else was written there", chosen.Address, chosen.Epoch, chosen.Has, most.Address,
		most.Epoch, most.Has)
}

// unseen says what may be lost if so few members are seen that others may have what none of them has. "" if there are
// enough.
func unseen(observed []Machine, most Machine, copies int) string {
	seen, needed := 0, most.Members.needs(len(observed), copies)
	var doubts []string
	for _, machine := range observed {
		if why := most.Members.doubt(machine); why != "" {
			doubts = append(doubts, machine.Address+": "+why)
			continue
		}
		seen++
	}
	if seen >= needed {
		return ""
	}
	return fmt.Sprintf("%s needed that are known to have had everything that was acknowledged, and %d answer (%s): what "+
		"comes after position %d may be on others only, and would be lost", machinesAre(needed), seen,
		strings.Join(doubts, "; "), most.Head)
}

// Enough reports whether so many members are seen that one of them has everything.
func Enough(observed []Machine, primary Machine, copies int) bool {
	return unseen(observed, primary, copies) == ""
}

// stay plans for a primary that stays. If it sees too few members, another machine may have taken over from it, and the
// log may go on there: then no one is made to follow it who does not already.
func stay(primary Machine, observed []Machine, wish Wish) Plan {
	plan := newPlan(primary, observed, wish, true)
	var away []string
	for _, m := range observed {
		if m.Fault == "" && m.Address != primary.Address && (m.Primary || m.Follows != primary.Address) {
			away = append(away, m.Address)
		}
	}
	loss := unseen(observed, primary, wish.Copies)
	switch {
	case loss == "" || !primary.Members.Known():
	case wish.ForceLoss && len(away)+len(plan.New) > 0:
		plan.Loss = loss
	default:
		isAway := func(a string) bool { return slices.Contains(away, a) }
		plan.Held, plan.HeldFor = away, loss+". To go on all the same, say --force-loss"
		plan.Others, plan.New = slices.DeleteFunc(plan.Others, isAway), nil
		plan.Waits = len(plan.Others)+1 < wish.Copies
	}
	return plan
}

func newPlan(primary Machine, observed []Machine, wish Wish, keep bool) Plan {
	plan := Plan{Primary: primary.Address, Keep: keep}
	for _, m := range observed {
		switch {
		case m.Fault != "":
			plan.Absent = append(plan.Absent, m.Address)
		case m.Address != primary.Address:
			plan.Others = append(plan.Others, m.Address)
			if primary.Members.isNew(m, primary) {
				plan.New = append(plan.New, m.Address)
			}
		}
	}
	plan.Waits = len(plan.Others)+1 < wish.Copies
	return plan
}

func list(observed []Machine) string {
	return strings.Join(Describe(observed), "; ")
}

// Steps says what the plan does, one line for each step.
func (p Plan) Steps(wish Wish) (steps []string) {
	if p.Keep {
		steps = append(steps, fmt.Sprintf("%s is the primary and stays it", p.Primary))
	} else {
		steps = append(steps, "every machine that answers stops to follow, so that an earlier primary can commit nothing")
		steps = append(steps, fmt.Sprintf("%s becomes the primary and waits for %s in all", p.Primary, machines(wish.Copies)))
	}
	for _, other := range p.Others {
		steps = append(steps, fmt.Sprintf("%s follows %s; what it has and %s has not, is reported and discarded", other,
			p.Primary, p.Primary))
	}
	for _, held := range p.Held {
		steps = append(steps, fmt.Sprintf("%s gets no copy: %s", held, p.HeldFor))
	}
	for _, absent := range p.Absent {
		steps = append(steps, fmt.Sprintf("%s is made to follow when it returns", absent))
	}
	if !p.Keep {
		steps = append(steps, "the epoch is raised, so that an earlier writer can commit nothing")
	}
	if p.Waits {
		steps = append(steps, fmt.Sprintf("nothing is acknowledged until %s answer", machines(wish.Copies)))
	}
	if p.Loss != "" {
		steps = append(steps, "this is accepted: "+p.Loss)
	}
	return steps
}
