package simulation

import (
	"math/rand/v2"
)

// fault is one kind of bad luck. Its text is what the trace says of it.
type fault string

// Crash points: a process dies right before or right after a durable step.
const (
	crashBeforeAcquire    fault = "crash before the log is taken over"
	crashAfterAcquire     fault = "crash after the log was taken over"
	crashBeforeCommit     fault = "crash before a commit"
	crashAfterCommit      fault = "crash after a commit, before its answer"
	crashBeforePublish    fault = "crash before a publish"
	crashAfterPublish     fault = "crash after a publish"
	crashBeforeCheckpoint fault = "crash before the relay's checkpoint is saved"
	crashAfterCheckpoint  fault = "crash after the relay's checkpoint was saved"
	crashBeforeSave       fault = "crash before a snapshot is saved"
	crashAfterSave        fault = "crash after a snapshot was saved"
	crashBeforeLoad       fault = "crash before a snapshot is loaded"
	crashAfterLoad        fault = "crash after a snapshot was loaded"
	crashBeforeApply      fault = "crash before the views change"
	crashAfterApply       fault = "crash after the views changed"
	crashBeforeAck        fault = "crash after a message, before the broker knows"
	crashBeforeReply      fault = "crash before a turn's reply"
	crashAfterReply       fault = "crash after a turn's reply"
)

var crashPoints = []fault{crashBeforeAcquire, crashAfterAcquire, crashBeforeCommit, crashAfterCommit,
	crashBeforePublish, crashAfterPublish, crashBeforeCheckpoint, crashAfterCheckpoint, crashBeforeSave, crashAfterSave,
	crashBeforeLoad, crashAfterLoad, crashBeforeApply, crashAfterApply, crashBeforeAck, crashBeforeReply, crashAfterReply}

// Faults of single calls.
const (
	requestLost      fault = "a client's request gets lost"
	responseLost     fault = "the response to a client gets lost"
	callLost         fault = "a call to an actor gets lost"
	callLate         fault = "a call to an actor gets lost, and arrives late"
	callAnswerLost   fault = "an actor's answer gets lost"
	callMisrouted    fault = "a call goes to another host than its account's"
	actorLeaves      fault = "an actor is deactivated after its turn"
	appendLost       fault = "an append gets lost"
	appendLate       fault = "an append gets lost, and arrives late"
	appendAnswerLost fault = "the answer to an append gets lost"
	readLost         fault = "a read of the log gets lost"
	commitLost       fault = "a commit fails, nothing is written"
	commitUnknown    fault = "a commit fails, although it is written"
	commitLate       fault = "a commit fails, and lands later"
	commitHangs      fault = "a commit hangs"
	commitCut        fault = "the storage goes away in the middle of a commit"
	acquireLost      fault = "taking the log over fails"
	acquireUnknown   fault = "taking the log over fails, although it happened"
	checkpointLost   fault = "the relay's checkpoint is not saved"
	publishLost      fault = "a publish fails"
	publishUnknown   fault = "a publish fails, although it happened"
	messageDropped   fault = "the broker drops a message"
	messageRepeated  fault = "the broker repeats a message"
	messageDelayed   fault = "the broker holds a message back"
	snapshotUnsaved  fault = "a snapshot is not saved"
	snapshotMissing  fault = "a snapshot is missing"
	snapshotDamaged  fault = "a snapshot is damaged"
	snapshotStale    fault = "a snapshot is an old one"
	snapshotUnread   fault = "the snapshots cannot be read"
	viewsUnread      fault = "the views cannot be read"
	applyLost        fault = "a change of the views fails"
	applyUnknown     fault = "a change of the views fails, although it happened"
)

var callFaults = []fault{
	requestLost, responseLost, callLost, callLate, callAnswerLost, callMisrouted, appendLost, appendLate,
	appendAnswerLost, readLost, commitLost, commitUnknown, commitLate, commitHangs, commitCut, acquireLost,
	acquireUnknown, checkpointLost, publishLost, publishUnknown, messageDropped, messageRepeated, messageDelayed,
	viewsUnread, applyLost, applyUnknown,
}

// snapshotFaults are of no harm alone, and seldom: actors have to leave first.
var snapshotFaults = []fault{
	actorLeaves, snapshotUnsaved, snapshotMissing, snapshotDamaged, snapshotStale, snapshotUnread,
}

// Events, which happen to the whole bank from time to time.
const (
	killed       fault = "a process is killed"
	froze        fault = "a process freezes"
	sourceTwice  fault = "a second event source starts"
	diskAway     fault = "the storage cannot be reached for a while"
	sourceHalted fault = "an event source takes no appends for a while"
	brokerEmpty  fault = "the broker loses everything"
	accountMoved fault = "accounts move to other hosts"
	clockStepped fault = "a host's clock is set"
	cursorCut    fault = "subscriptions break"
)

var events = []fault{
	killed, froze, sourceTwice, diskAway, sourceHalted, brokerEmpty, accountMoved, clockStepped, cursorCut,
}

// weather is how often each fault happens in a run: its probability, and for
// events their weight.
type weather map[fault]float64

// forecast chooses the weather of a seed. Most kinds of faults are absent in
// most runs: when everything fails at once, nothing gets far enough to fail in
// an interesting way.
func forecast(dice *rand.Rand) weather {
	w := make(weather)
	choose := func(kinds []fault, calm float64, least, most float64) {
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
	choose(crashPoints, 0.7, 0.02, 0.15)
	choose(callFaults, 0.6, 0.05, 0.3)
	choose(snapshotFaults, 0.5, 0.1, 0.6)
	choose(events, 0.4, 0.2, 1)
	return w
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
