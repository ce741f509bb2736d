package contract

import (
	"encoding/json"
	"fmt"
	"time"

	"corebank/internal/bank"
)

// Record is one stored event: what the log keeps, what the topic carries and
// what the views are made of. Its JSON form is the stored form.
type Record struct {
	// Position is the place in the whole log, from 1, without gaps. The event
	// source gives it.
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
	Key         string          `json:"key"`
	Caller      string          `json:"caller"`
	RequestHash string          `json:"requestHash"`
	Data        json.RawMessage `json:"data"`
}

// eventName is the stored identity of an event type. It does not follow the
// names of Go types, so that renaming a type never orphans history.
type eventName struct {
	Type   string
	Schema int
}

var (
	accountOpenedV1  = eventName{"account-opened", 1}
	moneyDepositedV1 = eventName{"money-deposited", 1}
	moneyWithdrawnV1 = eventName{"money-withdrawn", 1}
)

// SetEvent stores the event's name, schema and data in the record. It fails
// on an event that Event could not read back.
func (r *Record) SetEvent(e bank.Event) error {
	var name eventName
	switch e.(type) {
	case bank.AccountOpened:
		name = accountOpenedV1
	case bank.MoneyDeposited:
		name = moneyDepositedV1
	case bank.MoneyWithdrawn:
		name = moneyWithdrawnV1
	default:
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
	switch (eventName{r.Type, r.Schema}) {
	case accountOpenedV1:
		return decodeEvent[bank.AccountOpened](r)
	case moneyDepositedV1:
		return decodeEvent[bank.MoneyDeposited](r)
	case moneyWithdrawnV1:
		return decodeEvent[bank.MoneyWithdrawn](r)
	case eventName{Type: unreadable}:
		return nil, whyUnreadable(r)
	default:
		return nil, fmt.Errorf("event %s version %d of %s is unknown to this build; it needs a newer corebank", r.Type, r.Schema, r.Account)
	}
}

func decodeEvent[T bank.Event](r Record) (bank.Event, error) {
	var event T
	if err := decodeStrictly(r.Data, &event); err != nil {
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
