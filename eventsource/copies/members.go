package copies

import (
	"fmt"
	"slices"
)

// Members are the disks that count when a machine takes over, as the log itself says. Of everything that was
// acknowledged it holds that any Quorum of them have at least one that has it.
//
// An event is acknowledged when it is on so many disks, whichever they are. So a machine with a disk that is no member
// is not given a copy before the log says that the member is none any more whose place it has: then disks that are no
// members acknowledge only in the place of members. And it becomes a member only when it has what was acknowledged
// before it got a copy.
type Members struct {
	Disks  []Disk `json:"disks"`
	Quorum int    `json:"quorum"`
}

// Disk is that of one machine.
type Disk struct {
	// ID is what Machine.Server says, at the address where it was last seen.
	ID      string `json:"id"`
	Address string `json:"address"`
	// From is the transaction that it had when it became a member. A disk with less was put back to an earlier state.
	From uint64 `json:"from,omitempty"`
}

// Founders are the members of a log that is made: nothing was acknowledged yet.
func Founders(observed []Machine, copies int) (m Members) {
	for _, machine := range observed {
		m.Disks = append(m.Disks, Disk{ID: machine.Server, Address: machine.Address})
	}
	return m.demand(len(observed), copies)
}

// Known is false for the log of an earlier build, which says nothing about its members.
func (m Members) Known() bool { return len(m.Disks) > 0 }

// Equal reports whether both say the same.
func (m Members) Equal(other Members) bool {
	return m.Quorum == other.Quorum && slices.Equal(m.Disks, other.Disks)
}

// Names reports whether a disk is one of them.
func (m Members) Names(id string) bool { return m.find(id) != nil }

func (m Members) find(id string) *Disk {
	if i := slices.IndexFunc(m.Disks, func(d Disk) bool { return d.ID == id }); i >= 0 {
		return &m.Disks[i]
	}
	return nil
}

// Includes reports whether a machine answers with the disk of a member. If the members are not known, that is so for
// every machine with a copy.
func (m Members) Includes(machine Machine) bool {
	if !machine.hasCopy() || !m.Known() {
		return machine.hasCopy()
	}
	disk := m.find(machine.Server)
	return disk != nil && machine.Has >= disk.From
}

// isNew reports whether a machine gets a copy of a primary's log in the place of a member, or has one and is still in
// the place of one.
func (m Members) isNew(machine, primary Machine) bool {
	if !m.Known() || m.Includes(machine) {
		return false
	}
	if m.find(machine.Server) != nil {
		return m.isBack(machine)
	}
	return machine.Follows != primary.Address ||
		slices.ContainsFunc(m.Disks, func(d Disk) bool { return d.Address == machine.Address })
}

// needs is how many members have to be seen, of a log with so many machines and copies.
func (m Members) needs(machines, copies int) int {
	if !m.Known() {
		return machines - copies + 1
	}
	return m.demand(machines, copies).Quorum
}

// demand is the same with a quorum that is not too small: all but so many machines have what is acknowledged.
func (m Members) demand(machines, copies int) Members {
	m.Quorum = max(m.Quorum, enough(len(m.Disks), machines, copies))
	return m
}

func enough(members, machines, copies int) int { return min(members, machines-copies+1) }

// Before are the members that the log of the primary has to name before machines get a copy that are no members, or
// another number of copies is acknowledged: those without the disks that others have replaced.
func Before(observed []Machine, primary Machine, copies int) Members {
	m := primary.Members
	if m.Known() && m.find(primary.Server) == nil {
		// The primary has everything: a quorum of members was seen as it took over, or an operator has accepted a loss.
		m = Members{Disks: []Disk{{ID: primary.Server, Address: primary.Address, From: primary.Committed}}}
	}
	earlier := m
	m.Disks = slices.DeleteFunc(slices.Clone(m.Disks), func(d Disk) bool { return earlier.isReplaced(d, observed) })
	m.Quorum = min(m.Quorum, len(m.Disks))
	if !m.Known() {
		return m
	}
	return m.demand(len(observed), copies)
}

// isReplaced reports whether another disk has the place of one, or an earlier state of the same, or its machine is
// given no more.
func (m Members) isReplaced(d Disk, observed []Machine) bool {
	for _, machine := range observed {
		switch {
		case machine.Server == d.ID:
			return m.isBack(machine)
		case machine.Address == d.Address && machine.Fault != "":
			return false
		}
	}
	return true
}

// isBack reports whether a member's disk was put back to an earlier state.
func (m Members) isBack(machine Machine) bool {
	disk := m.find(machine.Server)
	return disk != nil && (machine.Empty || machine.Has < disk.From)
}

// After are the members that the log of the primary may name now. complete are the addresses of the machines that have
// everything that the primary had committed when it was observed, which are all that had it before they got a copy.
func After(observed []Machine, primary Machine, complete []string, copies int) Members {
	m := primary.Members
	if m.find(primary.Server) == nil {
		m = Members{}
	}
	m.Disks = slices.Clone(m.Disks)
	whole := make(map[string]bool) // disks
	for _, machine := range observed {
		isWhole := machine.Address == primary.Address || slices.Contains(complete, machine.Address)
		whole[machine.Server] = isWhole
		switch disk := m.find(machine.Server); {
		case disk != nil:
			disk.Address = machine.Address
		case isWhole:
			m.Disks = append(m.Disks, Disk{ID: machine.Server, Address: machine.Address, From: primary.Committed})
		}
	}
	if !slices.ContainsFunc(m.Disks, func(d Disk) bool { return !whole[d.ID] }) { // any of them has everything
		m.Quorum = 0
	}
	return m.demand(len(observed), copies)
}

// MayDemandLess reports whether fewer members would do if all of them had everything.
func (m Members) MayDemandLess(machines, copies int) bool {
	return m.Quorum > enough(len(m.Disks), machines, copies)
}

// newest are the members as the machine has them that has the most: what it has of its log, no one has acknowledged
// without.
func newest(have []Machine) Members {
	if len(have) == 0 {
		return Members{}
	}
	return slices.MaxFunc(have, compare).Members
}

func withCopy(observed []Machine) []Machine {
	return slices.DeleteFunc(slices.Clone(observed), func(m Machine) bool { return !m.hasCopy() })
}

// Describe says in one line for each machine what it has.
func Describe(observed []Machine) (lines []string) {
	members := newest(withCopy(observed))
	for _, machine := range observed {
		line := machine.String()
		if why := members.doubt(machine); why != "" && machine.hasCopy() {
			line += "; it does not count: " + why
		}
		lines = append(lines, line)
	}
	return lines
}

// doubt is why a machine is not known to have had everything that was acknowledged, or "".
func (m Members) doubt(machine Machine) string {
	switch disk := m.find(machine.Server); {
	case m.Includes(machine):
		return ""
	case machine.Fault != "":
		return "it does not answer"
	case disk != nil && m.isBack(machine):
		return fmt.Sprintf("it had transaction %d before, so its disk was put back to an earlier state", disk.From)
	case !machine.hasCopy():
		return "it is empty"
	default:
		return "its disk is none of those known to have everything"
	}
}
