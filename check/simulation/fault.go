package simulation

import (
	"math/rand/v2"
)

// fault is one kind of bad luck. Its text is what the trace says of it.
type fault string

// All faults, by what they hit.
var crashPoints, callFaults, snapshotFaults, events, leaseFaults, machineEvents []fault

// in adds a fault to those of its kind.
func in(kind *[]fault, text fault) fault {
	*kind = append(*kind, text)
	return text
}

// Crash points: a process dies right before or right after a durable step.
var (
	crashBeforeAcquire    = in(&crashPoints, "crash before the log is taken over")
	crashAfterAcquire     = in(&crashPoints, "crash after the log was taken over")
	crashBeforeCommit     = in(&crashPoints, "crash before a commit")
	crashAfterCommit      = in(&crashPoints, "crash after a commit, before its answer")
	crashBeforePublish    = in(&crashPoints, "crash before a publish")
	crashAfterPublish     = in(&crashPoints, "crash after a publish")
	crashBeforeCheckpoint = in(&crashPoints, "crash before the relay's checkpoint is saved")
	crashAfterCheckpoint  = in(&crashPoints, "crash after the relay's checkpoint was saved")
	crashBeforeSave       = in(&crashPoints, "crash before a snapshot is saved")
	crashAfterSave        = in(&crashPoints, "crash after a snapshot was saved")
	crashBeforeLoad       = in(&crashPoints, "crash before a snapshot is loaded")
	crashAfterLoad        = in(&crashPoints, "crash after a snapshot was loaded")
	crashBeforeApply      = in(&crashPoints, "crash before the views change")
	crashAfterApply       = in(&crashPoints, "crash after the views changed")
	crashBeforeAck        = in(&crashPoints, "crash after a message, before the broker knows")
	crashBeforeReply      = in(&crashPoints, "crash before a turn's reply")
	crashAfterReply       = in(&crashPoints, "crash after a turn's reply")
)

// Faults of single calls.
var (
	requestLost      = in(&callFaults, "a client's request gets lost")
	responseLost     = in(&callFaults, "the response to a client gets lost")
	callLost         = in(&callFaults, "a call to an actor gets lost")
	callLate         = in(&callFaults, "a call to an actor gets lost, and arrives late")
	callAnswerLost   = in(&callFaults, "an actor's answer gets lost")
	callMisrouted    = in(&callFaults, "a call goes to another host than its account's")
	appendLost       = in(&callFaults, "an append gets lost")
	appendLate       = in(&callFaults, "an append gets lost, and arrives late")
	appendAnswerLost = in(&callFaults, "the answer to an append gets lost")
	readLost         = in(&callFaults, "a read of the log gets lost")
	commitLost       = in(&callFaults, "a commit fails, nothing is written")
	commitUnknown    = in(&callFaults, "a commit fails, although it is written")
	commitLate       = in(&callFaults, "a commit fails, and lands later")
	commitHangs      = in(&callFaults, "a commit hangs")
	commitCut        = in(&callFaults, "the storage goes away in the middle of a commit")
	acquireLost      = in(&callFaults, "taking the log over fails")
	acquireUnknown   = in(&callFaults, "taking the log over fails, although it happened")
	checkpointLost   = in(&callFaults, "the relay's checkpoint is not saved")
	publishLost      = in(&callFaults, "a publish fails")
	publishUnknown   = in(&callFaults, "a publish fails, although it happened")
	messageDropped   = in(&callFaults, "the broker drops a message")
	messageRepeated  = in(&callFaults, "the broker repeats a message")
	messageDelayed   = in(&callFaults, "the broker holds a message back")
	viewsUnread      = in(&callFaults, "the views cannot be read")
	applyLost        = in(&callFaults, "a change of the views fails")
	applyUnknown     = in(&callFaults, "a change of the views fails, although it happened")
)

// Faults of snapshots are of no harm alone, and seldom: actors have to leave first.
var (
	actorLeaves     = in(&snapshotFaults, "an actor is deactivated after its turn")
	snapshotUnsaved = in(&snapshotFaults, "a snapshot is not saved")
	snapshotMissing = in(&snapshotFaults, "a snapshot is missing")
	snapshotDamaged = in(&snapshotFaults, "a snapshot is damaged")
	snapshotStale   = in(&snapshotFaults, "a snapshot is an old one")
	snapshotUnread  = in(&snapshotFaults, "the snapshots cannot be read")
)

// Events happen to the whole bank from time to time.
var (
	killed       = in(&events, "a process is killed")
	froze        = in(&events, "a process freezes")
	sourceTwice  = in(&events, "a second event source starts")
	diskAway     = in(&events, "the storage cannot be reached for a while")
	sourceHalted = in(&events, "an event source takes no appends for a while")
	brokerEmpty  = in(&events, "the broker loses everything")
	accountMoved = in(&events, "accounts move to other hosts")
	clockStepped = in(&events, "a host's clock is set")
	cursorCut    = in(&events, "subscriptions break")
	logPutBack   = in(&events, "an earlier copy of the log is put in its place")
)

// Faults of a log that several machines have copies of.
var (
	leaseStale       = in(&leaseFaults, "the lease is read as it was before")
	leaseUnknown     = in(&leaseFaults, "the lease is written, and the answer gets lost")
	machineKilled    = in(&machineEvents, "a machine is killed")
	serverKilled     = in(&machineEvents, "the immudb server of a machine is killed")
	machineLost      = in(&machineEvents, "a machine is lost with its disk, and an empty one takes its place")
	machineFrozen    = in(&machineEvents, "a machine freezes")
	machinesTwo      = in(&machineEvents, "two machines are killed at once")
	machineSlow      = in(&machineEvents, "the disk of a machine is slow")
	machineCut       = in(&machineEvents, "a machine is cut off from the others")
	machineCutOneway = in(&machineEvents, "a machine is cut off from another one, in one direction")
	machineUnheard   = in(&machineEvents, "a machine is cut off from its clients")
	brokerElects     = in(&machineEvents, "the broker elects a leader")
	failedOver       = in(&machineEvents, "an operator asks for another primary")
)

// weather is how often each fault happens in a run: its probability, and for events their weight.
type weather map[fault]float64

// puttingBack is how rarely the log may be put back in a run.
const puttingBack = 5

// forecast chooses the weather of a seed. Most kinds of faults are absent in most runs: when everything fails at
// once, nothing gets far enough to fail in an interesting way.
func forecast(dice *rand.Rand) weather {
	w := make(weather)
	w.choose(dice, crashPoints, 0.7, 0.02, 0.15)
	w.choose(dice, callFaults, 0.6, 0.05, 0.3)
	w.choose(dice, snapshotFaults, 0.5, 0.1, 0.6)
	w.choose(dice, events, 0.4, 0.2, 1)
	if dice.IntN(puttingBack) > 0 {
		delete(w, logPutBack) // after it, nothing is known of what was answered before
	}
	return w
}

// choose chooses how often each fault of a kind happens: not at all for some.
func (w weather) choose(dice *rand.Rand, kinds []fault, calm float64, least, most float64) {
	for _, kind := range kinds {
		luck, rate := dice.Float64(), least+dice.Float64()*(most-least)
		switch {
		case luck < calm:
		case luck < calm+(1-calm)*0.7:
			w[kind] = rate / 8
		default:
			w[kind] = rate
		}
	}
}

// rate is how often a fault happens now.
func (w *world) rate(f fault) float64 {
	if w.healed.Load() {
		return 0
	}
	return w.weather[f]
}

func (w *world) count(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[f]++
}
