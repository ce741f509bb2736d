package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"corebank/internal/bank"
)

// Record is one stored event: what the log keeps, what the topic carries and
// what the views are made of. Its JSON form is the stored form.
type Record struct {
	// Position is the place in the whole log, from 1, without gaps. The event
	// source gives it. What a partition stores and answers has the place in that
	// partition instead.
	Position int64 `json:"position"`
	// Account and Version place the event in its account's stream, from 1,
	// without gaps.
	Account bank.AccountID `json:"account"`
	Version int64          `json:"version"`
	// Type and Schema name the event and the shape of its data.
	Type   string `json:"type"`
	Schema int    `json:"schema"`
	// At is when it was decided: UTC, microseconds, never before the account's
	// previous event.
	At time.Time `json:"at"`
	// Key, Caller and RequestHash tell which request made it.
	Key         string `json:"key"`
	Caller      string `json:"caller"`
	RequestHash string `json:"requestHash"`
	// Role is the one in which the caller asked; "" in events from before there
	// were roles.
	Role string `json:"role,omitempty"`
	// After is the record of another partition that this one came of and that
	// the log has before it; nil for most, which came of what the log had.
	After *PartitionPosition `json:"after,omitempty"`
	// More is how many records of the same append to several streams follow this
	// one; 0 for its last, and for all others. No one shows such an append in part:
	// who has some of it waits for the rest.
	More int             `json:"more,omitempty"`
	Data json.RawMessage `json:"data"`
}

// SetEvent stores the event's name, schema and data in the record. It fails
// on an event that Event could not read back.
func (r *Record) SetEvent(e bank.Event) error {
	name, known := storedAs[reflect.TypeOf(e)]
	if !known {
		return fmt.Errorf("no stored name for event %T", e)
	}
	if err := bank.CheckEvent(e); err != nil {
		return fmt.Errorf("store %s: it says %w", name.Type, err)
	}
	if err := bank.CheckBalanced(e.PostingLines()); err != nil {
		return fmt.Errorf("store %s: %w", name.Type, err)
	}
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name.Type, err)
	}
	r.Type, r.Schema, r.Data = name.Type, name.Schema, data
	return nil
}

// Event decodes the record's event. It fails on a name, a schema version or a
// field that this build does not know, and where something is missing: replay
// understands every event or stops.
func (r Record) Event() (bank.Event, error) {
	if r.Type == unreadable {
		return nil, whyUnreadable(r)
	}
	decode, known := eventShapes[eventName{r.Type, r.Schema}]
	if !known {
		return nil, fmt.Errorf("event %s version %d of %s is unknown to this build; it needs a newer corebank",
			r.Type, r.Schema, r.Account)
	}
	event, err := decode(r.Data)
	if err != nil {
		return nil, fmt.Errorf("decode event %s at position %d: %w", r.Type, r.Position, err)
	}
	if err := bank.CheckEvent(event); err != nil {
		return nil, fmt.Errorf("event %s at position %d says %w", r.Type, r.Position, err)
	}
	return event, nil
}

// Fold is the account after the record, which must be the next of its stream.
func Fold(a bank.Account, r Record) (bank.Account, error) {
	if r.Version != a.Version+1 {
		return a, fmt.Errorf("account %s is at version %d and cannot take version %d", r.Account, a.Version, r.Version)
	}
	event, err := r.Event()
	if err != nil {
		return a, err
	}
	a.ID = r.Account
	return a.Apply(event, r.At), nil
}

// Whole are contiguous records without an append to several streams at their end
// of which some are missing. There is no append of more than MaxAppendTogether:
// no one waits for the end of what claims to be one.
func Whole(records []Record) []Record {
	n := len(records)
	for n > 0 && records[n-1].More > 0 {
		if n--; len(records)-n >= MaxAppendTogether {
			return records
		}
	}
	return records[:n]
}
