package copies

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Machine is what is known of one machine that may have a copy of the log.
type Machine struct {
	Address string
	// Fault is why the machine did not answer. Without it, nothing else is known.
	Fault string
	// Server tells this machine's disk from every other one.
	Server string
	// Empty means that it has no database of the log.
	Empty bool
	// Primary means that it takes commits; other machines only follow one that does.
	Primary bool
	// Follows is the address of the machine that a replica copies from, or "". SealedBy then names the failover that made
	// it follow no one.
	Follows  string
	SealedBy string
	// Copies is how many machines have a commit of this primary before it is acknowledged.
	Copies int
	// Log is the id of the log, or "" while it has nothing.
	Log string
	// Epoch is the newest in its log, EpochAt the transaction that raised it, and EpochHash the hash of the log up to
	// there. Committed is its last committed transaction and Has the last one that is on its
	// disk; Head is the position of the last record there.
	Epoch          int64
	EpochAt        uint64
	EpochHash      string
	Committed, Has uint64
	Head           int64
	// Members are the disks that count, as its log has them since the transaction MembersAt.
	Members   Members
	MembersAt uint64
	// Clock is how far its clock is ahead of ours, if it was asked.
	Clock time.Duration
}

// hasCopy reports whether the machine answers and has a copy of the log.
func (m Machine) hasCopy() bool { return m.Fault == "" && !m.Empty && m.Log != "" }

// compare orders machines by what they have. A writer that takes the log over raises the epoch first, so a log with a
// newer epoch has everything that was acknowledged before; of two with the same, the longer one begins with the other.
func compare(x, y Machine) int {
	return cmp.Or(cmp.Compare(x.Epoch, y.Epoch), cmp.Compare(x.Has, y.Has))
}

// Strands reports whether another machine has committed what this one only has on its disk. As the primary, this
// one has to commit that by itself: a machine that has committed more cannot follow it, and acknowledges nothing
// to it.
func (m Machine) Strands(observed []Machine) bool {
	return slices.ContainsFunc(observed, func(other Machine) bool {
		return other.hasCopy() && other.Epoch == m.Epoch && other.Committed > m.Committed && other.Committed <= m.Has
	})
}

// String says in one line what the machine has.
func (m Machine) String() string {
	switch {
	case m.Fault != "":
		return fmt.Sprintf("%s does not answer: %s", m.Address, m.Fault)
	case m.Empty:
		return fmt.Sprintf("%s has no copy of the log", m.Address)
	case m.Primary:
		return fmt.Sprintf("%s is the primary: epoch %d, %s, transaction %d, of which %d committed on %s", m.Address,
			m.Epoch, records(m.Head), m.Has, m.Committed, machines(m.Copies))
	case m.Follows == "":
		return fmt.Sprintf("%s is a replica that follows no one: epoch %d, %s, transaction %d, of which %d committed",
			m.Address, m.Epoch, records(m.Head), m.Has, m.Committed)
	default:
		return fmt.Sprintf("%s is a replica of %s: epoch %d, %s, transaction %d, of which %d committed", m.Address,
			m.Follows, m.Epoch, records(m.Head), m.Has, m.Committed)
	}
}

func records(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

func machines(n int) string {
	if n == 1 {
		return "1 machine"
	}
	return fmt.Sprintf("%d machines", n)
}

func machinesAre(n int) string {
	if n == 1 {
		return "1 machine is"
	}
	return machines(n) + " are"
}
