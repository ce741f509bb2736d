package torture

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"corebank/check/livebank"
	"corebank/internal/contract"
)

// Kind names a fault: what is done, and to which part, as in "kill:actor".
type Kind string

// The faults that are done to one part.
const (
	Kill   = "kill"   // SIGKILL
	Freeze = "freeze" // SIGSTOP, and SIGCONT some time later
	// Slow delays what goes to the part and comes from it; Cut closes all
	// connections to it and refuses new ones; Deaf loses what goes to it and Mute
	// what comes from it, without a word to anybody.
	Slow = "slow"
	Cut  = "cut"
	Deaf = "deaf"
	Mute = "mute"
)

// The faults that stand alone and that others know of.
const (
	Everything Kind = "everything"
	// BrokerAway takes minutes, so that "all" leaves it out.
	BrokerAway Kind = "broker-away"
	// The bad events of a log each go to an account of its own, which must stand
	// still and say so, while all others go on. PoisonUnknown is an event of an
	// unknown type, PoisonSchema one of a schema before the first, PoisonShape one
	// whose data has another shape: an older or a broken writer appended them.
	// PoisonBytes is no event at all, in the place of one.
	PoisonUnknown Kind = "poison:unknown"
	PoisonSchema  Kind = "poison:schema"
	PoisonShape   Kind = "poison:shape"
	PoisonBytes   Kind = "poison:bytes"
	// The snapshots are changed while their actors are frozen; then the actors are
	// killed, so that they read them.
	SnapshotsDamaged Kind = "snapshots:damaged"
	SnapshotsStale   Kind = "snapshots:stale"
	SnapshotsDeleted Kind = "snapshots:deleted"
)

// injection is one fault while it is done. It strikes when the damage is done, or
// ends.
type injection struct {
	Fault
	part string
	// running ends what lasts before its time; it leaves nothing half done.
	running context.Context
}

// fault is one of the table of faults.
type fault struct {
	name  Kind                          // or the word before the colon
	on    func(partitions int) []string // the parts that it is done to
	lasts bool
	do    func(r *run, ctx context.Context, i injection) error
}

// faults are all faults, in the order of Kinds.
var faults = []fault{
	{Kill, partsOf, false, (*run).kill},
	{Everything, nil, false, (*run).killEverything}, // all processes at once, up among them
	{Freeze, partsOf, true, (*run).freeze},
	{Slow, linksOf, true, (*run).harmLink},
	{Cut, linksOf, true, (*run).harmLink},
	{Deaf, linksOf, true, (*run).harmLink},
	{Mute, linksOf, true, (*run).harmLink},
	{"disk:low", nil, true, (*run).lowDisk},   // commands are refused before anything fails
	{"disk:full", nil, true, (*run).fullDisk}, // every write to a file fails, of all parts at once
	{"broker-lost", nil, false, (*run).loseBroker},
	{"messages:repeated", nil, false, onTopic(repeat)},
	{"messages:dropped", nil, false, onTopic(drop)},
	{"messages:garbage", nil, false, onTopic(litter)},
	{"messages:oversized", nil, false, onTopic(oversize)},
	{PoisonUnknown, nil, false, (*run).poison},
	{PoisonSchema, nil, false, (*run).poison},
	{PoisonShape, nil, false, (*run).poison},
	{PoisonBytes, nil, false, (*run).poison},
	{"poison:refused", nil, false, (*run).poisonRefused},
	{"second-writer", nil, false, (*run).secondWriter},
	{SnapshotsDamaged, nil, false, (*run).spoilSnapshots},
	{SnapshotsStale, nil, false, (*run).spoilSnapshots},
	{SnapshotsDeleted, nil, false, (*run).spoilSnapshots},
	{"views:deleted", nil, false, (*run).deleteViews},
	{BrokerAway, nil, true, (*run).sendBrokerAway},
}

// machineFaults are those of a bank on several machines.
var machineFaults = []fault{
	{"machine:killed", nil, false, (*run).killMachine},  // all of its processes at once
	{"machine:lost", nil, false, (*run).loseMachine},    // and its disk with them
	{"machine:frozen", nil, true, (*run).freezeMachine}, // for longer than every lease
	{"machine:cut", nil, true, (*run).cutMachine},       // from everybody, both ways
	{"machine:deaf", nil, true, (*run).cutMachine},      // it hears no one
	{"machine:mute", nil, true, (*run).cutMachine},      // no one hears it
	{"machine:cut-peers", nil, true, (*run).cutMachine}, // clients still reach it
	{"machine:cut-clients", nil, true, (*run).cutMachine},
	{SlowDisk, nil, true, (*run).slowDisk},
	{"machine:disk-full", nil, true, (*run).fillDisk},
	{"machines:two", nil, false, (*run).loseTwo},         // at once; their disks stay
	{"machines:apart", nil, true, (*run).partMachines},   // each from the others
	{"machines:replaced", nil, false, (*run).replaceAll}, // by empty ones, one after the other
	{GatewayLost, nil, true, (*run).loseParts},
	{ActorsLost, nil, true, (*run).loseParts},
	{PrimaryLost, nil, false, (*run).losePrimary},
	{AckedEarly, nil, false, (*run).ackEarly},
	{BehindPromoted, nil, false, (*run).promoteBehind},
}

// releaseFaults are those of a bank that two releases run.
var releaseFaults = []fault{{Replaced, nil, false, (*run).replaceApps}}

// MachineKinds are all faults that there are in a bank on several machines.
func MachineKinds() (all []Kind) {
	for _, f := range machineFaults {
		all = append(all, f.name)
	}
	return all
}

// injectTime bounds a fault beyond how long it lasts.
const injectTime = 2 * time.Minute

// inject does a fault, and returns when the processes that it ended run again.
func (r *run) inject(running context.Context, f Fault) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(running), f.Lasts+injectTime)
	defer cancel()
	what, part := f.Kind.split()
	for _, one := range slices.Concat(faults, machineFaults, releaseFaults) {
		if one.name == f.Kind || (one.on != nil || one.name == Replaced) && string(one.name) == what {
			return one.do(r, ctx, injection{f, part, running})
		}
	}
	return fmt.Errorf("fault %s cannot be done", f.Kind)
}

// partsOf are the processes of a bank whose log has so many partitions.
func partsOf(partitions int) []string {
	parts := slices.Clone(livebank.Parts)
	for _, app := range contract.PartitionApps(partitions) {
		parts = append(parts, app, app+"-sidecar")
	}
	return parts
}

// linksOf are the parts to which connections can be harmed: those of the event
// source to immudb, of the sidecars to the broker, the placement and sentry, and
// of each app to its sidecar.
func linksOf(int) []string {
	return []string{"immudb", "nats", "placement", "sentry", "server-sidecar", "actor-sidecar", "eventsource-sidecar",
		"projector-sidecar"}
}

// Kinds are all faults that there are in a bank whose log has so many
// partitions.
func Kinds(partitions int) (all []Kind) {
	for _, f := range faults {
		if f.on == nil {
			all = append(all, f.name)
			continue
		}
		for _, part := range f.on(partitions) {
			all = append(all, f.name+":"+Kind(part))
		}
	}
	return all
}

// isApart reports whether "all" leaves a fault out: it takes minutes, or breaks the bank on
// purpose.
func (k Kind) isApart() bool {
	what, _ := k.split()
	return k == BrokerAway || what == "broken"
}

// split is what is done and to what.
func (k Kind) split() (what, part string) {
	what, part, _ = strings.Cut(string(k), ":")
	return what, part
}

// lasts tells the faults that have an end.
func (k Kind) lasts() bool {
	what, _ := k.split()
	for _, f := range slices.Concat(faults, machineFaults) {
		if f.name == k || f.name == Kind(what) {
			return f.lasts
		}
	}
	return false
}

// ParseKinds reads a list such as "kill,freeze:immudb": full names, the word
// before the colon for all of a sort, or "all", among those of a bank.
func ParseKinds(list string, all []Kind) (chosen []Kind, err error) {
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		named := func(kind Kind) bool {
			what, _ := kind.split()
			return word == "all" && !kind.isApart() || word == what || word == string(kind)
		}
		if !slices.ContainsFunc(all, named) {
			return nil, fmt.Errorf("there is no fault %q; choose among all, %s", word, strings.Join(names(all), ", "))
		}
		for _, kind := range all {
			if named(kind) && !slices.Contains(chosen, kind) {
				chosen = append(chosen, kind)
			}
		}
	}
	return chosen, nil
}

func names(kinds []Kind) (all []string) {
	for _, kind := range kinds {
		all = append(all, string(kind))
	}
	return all
}
