package torture

import (
	"fmt"
	"slices"
	"strings"

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

// disk is what the faults of a disk are called together.
const disk = "disk"

// The faults that stand alone.
const (
	// Everything kills all processes at once, up among them, and starts the
	// bank again.
	Everything Kind = "everything"
	// BrokerLost takes the broker's data directory away and kills it.
	BrokerLost Kind = "broker-lost"
	// BrokerAway cuts the broker off for longer than the sidecars try to reach it
	// again. It takes minutes, so that "all" leaves it out.
	BrokerAway Kind = "broker-away"
	// MessagesGarbage publishes what is no batch, or contradicts itself or the log;
	// MessagesOversized what the broker must refuse.
	MessagesGarbage   Kind = "messages:garbage"
	MessagesOversized Kind = "messages:oversized"
	// MessagesRepeated publishes old messages of the topic again, in no order;
	// MessagesDropped empties the topic while it is used.
	MessagesRepeated Kind = "messages:repeated"
	MessagesDropped  Kind = "messages:dropped"
	// SecondWriter starts another event source on the same log.
	SecondWriter Kind = "second-writer"
	// SnapshotsDamaged, SnapshotsStale and SnapshotsDeleted change what the
	// actors have kept, and kill them so that they read it.
	SnapshotsDamaged Kind = "snapshots:damaged"
	SnapshotsStale   Kind = "snapshots:stale"
	SnapshotsDeleted Kind = "snapshots:deleted"
	// ViewsDeleted deletes the file of the views and kills those who have it
	// open.
	ViewsDeleted Kind = "views:deleted"
)

// The faults of a disk.
const (
	// DiskLow leaves less room than the event source keeps in reserve: commands
	// are refused before anything fails.
	DiskLow Kind = "disk:low"
	// DiskFull has every write to a file fail, of all parts at once.
	DiskFull Kind = "disk:full"
)

// Parts are the processes of a bank, as `corebank up` names them.
var Parts = []string{
	"server", "server-sidecar", "actor", "actor-sidecar", "eventsource", "eventsource-sidecar",
	"projector", "projector-sidecar", "immudb", "nats", "placement", "sentry",
}

// partsOf are the processes of a bank whose log has so many partitions.
func partsOf(partitions int) []string {
	parts := slices.Clone(Parts)
	for _, app := range contract.PartitionApps(partitions) {
		parts = append(parts, app, app+"-sidecar")
	}
	return parts
}

// Links are the parts to which connections can be harmed: those of the event
// source to immudb, of the sidecars to the broker, the placement and sentry, and
// of each app to its sidecar.
var Links = []string{
	"immudb",
	"nats",
	"placement",
	"sentry",
	"server-sidecar",
	"actor-sidecar",
	"eventsource-sidecar",
	"projector-sidecar",
}

// lasting tells the faults that have an end.
func lasting(what string) bool {
	return what == Freeze || what == disk || what == string(BrokerAway) || onLink(what)
}

// onLink tells the faults of connections.
func onLink(what string) bool { return what == Slow || what == Cut || what == Deaf || what == Mute }

// Kinds are all faults that there are in a bank whose log has so many
// partitions.
func Kinds(partitions int) []Kind {
	var all []Kind
	for _, part := range partsOf(partitions) {
		all = append(all, Kind(Kill+":"+part))
	}
	all = append(all, Everything)
	for _, part := range partsOf(partitions) {
		all = append(all, Kind(Freeze+":"+part))
	}
	for _, what := range []string{Slow, Cut, Deaf, Mute} {
		for _, link := range Links {
			all = append(all, Kind(what+":"+link))
		}
	}
	return append(all, DiskLow, DiskFull, BrokerLost, MessagesRepeated, MessagesDropped, MessagesGarbage,
		MessagesOversized, PoisonUnknown, PoisonSchema, PoisonShape, PoisonBytes, PoisonRefused, SecondWriter,
		SnapshotsDamaged, SnapshotsStale, SnapshotsDeleted, ViewsDeleted, BrokerAway)
}

// split is what is done and to what.
func (k Kind) split() (what, part string) {
	what, part, _ = strings.Cut(string(k), ":")
	return what, part
}

// ParseKinds reads a list such as "kill,freeze:immudb": full names, the word
// before the colon for all of a sort, or "all", of a bank with so many partitions.
func ParseKinds(list string, partitions int) ([]Kind, error) {
	var chosen []Kind
	for _, word := range strings.Split(list, ",") {
		word = strings.TrimSpace(word)
		found := false
		for _, kind := range Kinds(partitions) {
			what, _ := kind.split()
			if word == "all" && kind == BrokerAway || word != "all" && word != what && word != string(kind) {
				continue
			}
			found = true
			if !slices.Contains(chosen, kind) {
				chosen = append(chosen, kind)
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no fault %q; choose among all, %s", word,
				strings.Join(names(Kinds(partitions)), ", "))
		}
	}
	return chosen, nil
}

func names(kinds []Kind) []string {
	all := make([]string, len(kinds))
	for i, kind := range kinds {
		all[i] = string(kind)
	}
	return all
}
