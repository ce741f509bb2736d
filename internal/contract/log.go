package contract

import (
	"fmt"
	"iter"
	"time"

	"corebank/internal/bank"
)

// Bounds of the log's API. A request beyond them is refused as malformed.
const (
	// MaxAppendEvents bounds the events of one append; MaxAppends the appends
	// of one request.
	MaxAppendEvents = MaxCommands
	MaxAppends      = 256
	// MaxAppendTogether bounds the events of an append to several streams, and
	// so its streams.
	MaxAppendTogether = 500
	// MaxTogetherBytes bounds about how long they are as JSON, so that the answer to
	// one read has room for all.
	MaxTogetherBytes = 2 << 20
	// MaxReadRecords bounds the records of one read.
	MaxReadRecords = 1000
	// MaxReadWait bounds how long a read may wait for records.
	MaxReadWait = 5 * time.Second
	// MaxRecordBytes bounds the stored form of one record.
	MaxRecordBytes = 16 << 10
)

// Append asks to add events to one account's stream, and to those in With.
// ExpectedVersion is the version that they were decided on; the records'
// versions follow it.
type Append struct {
	Account         bank.AccountID `json:"account"`
	ExpectedVersion int64          `json:"expectedVersion"`
	// CheckKeys asks to append only if no event of the stream carries the key of
	// one of the records: who appends remembers the newest keys only.
	CheckKeys bool `json:"checkKeys,omitempty"`
	// TurnsBack says that the account's newest event is from a clock that was far
	// ahead, and that the records are earlier.
	TurnsBack bool     `json:"turnsBack,omitempty"`
	Records   []Record `json:"records"`
	// With are appends to other streams, each of another account and without any
	// With of its own. All of it is written, with no other record in between, or
	// nothing. The records of all streams are written in the order that More gives
	// them, which is that of the decisions: the streams may alternate.
	With []Append `json:"with,omitempty"`
	// Traced are the records of all streams that somebody traces.
	Traced []Traced `json:"traced,omitempty"`
}

// Streams yields what the append asks of each stream: first itself, then those in With.
func (a *Append) Streams(yield func(*Append) bool) {
	if !yield(a) {
		return
	}
	for i := range a.With {
		if !yield(&a.With[i]) {
			return
		}
	}
}

// RecordBytes is about how long a record is as JSON.
func RecordBytes(r Record) int { return len(r.Data) + recordOverhead }

// recordOverhead is about the length of a record's fields other than its data.
const recordOverhead = 400

// TooMuchTogether says why one append to several streams has no room for the records of its streams; "" if it has.
func TooMuchTogether(streams iter.Seq[[]Record]) string {
	events, bytes := 0, 0
	for records := range streams {
		if len(records) > MaxAppendEvents {
			return fmt.Sprintf("%d events of one account; the limit is %d", len(records), MaxAppendEvents)
		}
		events += len(records)
		for _, r := range records {
			bytes += RecordBytes(r)
		}
	}
	switch {
	case events > MaxAppendTogether:
		return fmt.Sprintf("%d events; the limit is %d", events, MaxAppendTogether)
	case bytes > MaxTogetherBytes:
		return fmt.Sprintf("events of %d bytes; the limit is %d", bytes, MaxTogetherBytes)
	}
	return ""
}

// MaxClockStep bounds how far the clock of a record may be from the event
// source's. An account whose time is further ahead than that turns back.
const MaxClockStep = 2 * time.Hour

// AppendRequest carries the appends of many accounts. Each stands or falls
// alone.
type AppendRequest struct {
	Appends []Append `json:"appends"`
}

// AppendStatus says what became of an append.
type AppendStatus string

const (
	// Appended: all its records are durable.
	Appended AppendStatus = "appended"
	// VersionConflict: a stream is not at the expected version (Moved says which);
	// nothing was written.
	VersionConflict AppendStatus = "conflict"
	// KeysUsed: an event of the stream may carry one of the keys, which
	// FindKeys tells; nothing was written.
	KeysUsed AppendStatus = "keys-used"
	// Overloaded: the queue is full or the log is not ready; nothing was
	// written and the append may be sent again.
	Overloaded AppendStatus = "overloaded"
	// Halted: the log accepts nothing until an operator has fixed a fault, such
	// as a full disk; nothing was written, and an immediate retry fails, too.
	Halted AppendStatus = "halted"
	// AppendUnknown: it may or may not have been written.
	AppendUnknown AppendStatus = "unknown"
	// AppendInvalid: the append breaks a bound or its own order; nothing was
	// written.
	AppendInvalid AppendStatus = "invalid"
	// Apart: its streams are in several partitions, which no append can write
	// together; nothing was written.
	Apart AppendStatus = "apart"
)

// AppendStatuses are all of them.
func AppendStatuses() []AppendStatus {
	return []AppendStatus{Appended, VersionConflict, KeysUsed, Overloaded, Halted, AppendUnknown, AppendInvalid, Apart}
}

// AppendResult answers one Append.
type AppendResult struct {
	Status AppendStatus `json:"status"`
	// FirstPosition is the position of the first record, for Appended, of all
	// streams; the others follow it. Partition is the partition whose positions these are,
	// or 0 where the log has only one.
	FirstPosition int64 `json:"firstPosition,omitempty"`
	Partition     int   `json:"partition,omitempty"`
	// Version is the stream's version, for Appended and VersionConflict; that of
	// the first stream where there are several.
	Version int64 `json:"version,omitempty"`
	// Moved are the accounts of an append to several streams whose streams are not
	// at the expected version (VersionConflict), or may have one of the keys (KeysUsed).
	// The event source compares the streams that it has in mind first, and the others
	// only if these are where they should be: they may turn out to have moved later.
	Moved []bank.AccountID `json:"moved,omitempty"`
	// Reason explains every other status to an operator.
	Reason string `json:"reason,omitempty"`
}

// AppendReply answers an AppendRequest, one result per append, in order.
type AppendReply struct {
	Results []AppendResult `json:"results"`
}

// ReadStreamRequest asks for an account's events after a version, oldest
// first. Limit is at most MaxReadRecords; 0 means that.
type ReadStreamRequest struct {
	Account      bank.AccountID `json:"account"`
	AfterVersion int64          `json:"afterVersion"`
	Limit        int            `json:"limit"`
}

// ReadAllRequest asks for the log after a position, oldest first. Limit is at
// most MaxReadRecords; 0 means that.
type ReadAllRequest struct {
	AfterPosition int64 `json:"afterPosition"`
	Limit         int   `json:"limit"`
	// InPart lets the answer end inside an append to several streams: who asks waits
	// for the rest by itself. Otherwise the answer does so only if it would be empty.
	InPart bool `json:"inPart,omitempty"`
	// WaitMs is how many milliseconds the answer may wait for a record where
	// there is none yet, at most MaxReadWait.
	WaitMs int `json:"waitMs,omitempty"`
	// Certain asks for an answer only from the event source that writes the log: one
	// that another has replaced without its knowledge fails.
	Certain bool `json:"certain,omitempty"`
}

// FindKeysRequest asks for the events of an account that carry the keys, at
// most MaxCommands of them. Keys that no event carries are left out of the
// answer.
type FindKeysRequest struct {
	Account bank.AccountID `json:"account"`
	Keys    []string       `json:"keys"`
}

// Records answers every read. Head is the last durable position of the log
// when it was read.
type Records struct {
	Records []Record `json:"records"`
	Head    int64    `json:"head"`
	// Log is the id of the log, and Takeover that of its writer's last takeover, in an
	// answer to ReadAllRequest. As long as the takeover is the same, so is the log.
	Log      string `json:"log,omitempty"`
	Takeover string `json:"takeover,omitempty"`
	// Partition is the partition that answered, whose positions all of this
	// tells; 0 for the whole log.
	Partition int `json:"partition,omitempty"`
	// Traced are those of the records that somebody traces, in an answer to
	// ReadAllRequest; only the newest, as long as the event source remembers.
	Traced []Traced `json:"traced,omitempty"`
}
