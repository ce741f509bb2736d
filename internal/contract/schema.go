package contract

import (
	"fmt"
	"reflect"
	"time"

	"corebank/internal/bank"
)

// CommandType is a command's type, and how it is read from the wire.
type CommandType struct {
	Type   reflect.Type
	decode func(data []byte) (bank.Command, error)
}

func command[T bank.Command]() CommandType {
	return CommandType{reflect.TypeFor[T](), func(data []byte) (bank.Command, error) {
		var command T
		err := decodeStrictly(data, &command)
		return command, err
	}}
}

// eventName is the stored identity of an event type. It does not follow the
// names of Go types, so that renaming a type never orphans history.
type eventName struct {
	Type   string
	Schema int
}

// StoredEvent is how an event is stored: in which shape today, and in which it ever was.
type StoredEvent struct {
	Go   reflect.Type
	Name string
	// Schema is the version of the shape of today. The earlier ones are read and lifted to it.
	Schema int
	read   []func(data []byte) (bank.Event, error) // by version, from 1
}

// event is stored today as the domain's own type T; earlier reads the shapes of the past, from version 1.
func event[T bank.Event](name string, schema int, earlier ...func([]byte) (bank.Event, error)) StoredEvent {
	if len(earlier) != schema-1 {
		panic(fmt.Sprintf("%s is stored with schema %d and read with %d before it", name, schema, len(earlier)))
	}
	today := func(data []byte) (bank.Event, error) {
		var event T
		err := decodeStrictly(data, &event)
		return event, err
	}
	return StoredEvent{Go: reflect.TypeFor[T](), Name: name, Schema: schema, read: append(earlier, today)}
}

var (
	commandTypes = make(map[string]CommandType)     // by their names on the wire
	commandNames = make(map[reflect.Type]string)    // the same the other way round
	storedAs     = make(map[reflect.Type]eventName) // the shape in which each event is stored today
	// eventShapes reads every shape in which an event was ever stored, and lifts
	// old ones to what the domain knows today.
	eventShapes = make(map[eventName]func(data []byte) (bank.Event, error))
)

func init() {
	for _, o := range operations {
		commandTypes[o.Command], commandNames[o.Go.Type] = o.Go, o.Command
		for _, e := range o.Events {
			storedAs[e.Go] = eventName{e.Name, e.Schema}
			for i, read := range e.read {
				eventShapes[eventName{e.Name, i + 1}] = read
			}
		}
	}
}

// lifted reads data of an old shape and makes today's event of it.
func lifted[Old any](lift func(Old) bank.Event) func([]byte) (bank.Event, error) {
	return func(data []byte) (bank.Event, error) {
		var old Old
		if err := decodeStrictly(data, &old); err != nil {
			return nil, err
		}
		return lift(old), nil
	}
}

// openedV1 is from before accounts had kinds: all were current accounts.
type openedV1 struct {
	Owner    string        `json:"owner"`
	Currency bank.Currency `json:"currency"`
}

func (o openedV1) lift() bank.Event {
	return bank.AccountOpened{Owner: o.Owner, Currency: o.Currency, Kind: bank.Current}
}

// paidV1 is from before payments had external ids and effective times.
type paidV1 struct {
	Amount    bank.Money     `json:"amount"`
	Balance   bank.Money     `json:"balance"`
	Postings  []bank.Posting `json:"postings"`
	Reference string         `json:"reference,omitempty"`
	Memo      string         `json:"memo,omitempty"`
}

func depositedV1(p paidV1) bank.Event { return bank.MoneyDeposited(p.lift()) }

func withdrawnV1(p paidV1) bank.Event { return bank.MoneyWithdrawn(p.lift()) }

func (p paidV1) lift() bank.Paid {
	return bank.Paid{Movement: bank.Movement{Amount: p.Amount, Balance: p.Balance, Postings: p.Postings},
		Details: bank.Details{Reference: p.Reference, Memo: p.Memo}}
}

// sentV1 and receivedV1 are from before a transfer could end in the step in which it was sent.
type sentV1 struct {
	bank.Movement
	Transfer bank.TransferID `json:"transfer"`
	To       bank.AccountID  `json:"to"`
	bank.Details
	EffectiveAt time.Time              `json:"effectiveAt,omitzero"`
	Reverses    *bank.TransferReversal `json:"reverses,omitempty"`
}

func (s sentV1) lift() bank.Event {
	return bank.TransferSent{Movement: s.Movement, Transfer: s.Transfer, To: s.To, Details: s.Details,
		EffectiveAt: s.EffectiveAt, Reverses: s.Reverses}
}

type receivedV1 struct {
	bank.Movement
	Transfer bank.TransferID `json:"transfer"`
	From     bank.AccountID  `json:"from"`
	bank.Details
	EffectiveAt time.Time       `json:"effectiveAt,omitzero"`
	Reverses    bank.TransferID `json:"reverses,omitempty"`
}

func (r receivedV1) lift() bank.Event {
	return bank.TransferReceived{Movement: r.Movement, Transfer: r.Transfer, From: r.From, Details: r.Details,
		EffectiveAt: r.EffectiveAt, Reverses: r.Reverses}
}

// rejectedV1 and returnedV1 are from before the end of a transfer said what its
// sending had said.
type rejectedV1 struct {
	Transfer bank.TransferID `json:"transfer"`
	From     bank.AccountID  `json:"from"`
	Amount   bank.Money      `json:"amount"`
	bank.Rejection
}

func (r rejectedV1) lift() bank.Event {
	return bank.TransferRejected{Transfer: r.Transfer, From: r.From, Amount: r.Amount, Rejection: r.Rejection}
}

type returnedV1 struct {
	bank.Movement
	Transfer bank.TransferID `json:"transfer"`
	To       bank.AccountID  `json:"to"`
	bank.Rejection
}

func (r returnedV1) lift() bank.Event {
	return bank.TransferReturned{Movement: r.Movement, Transfer: r.Transfer, To: r.To, Rejection: r.Rejection}
}

// expiredV1 is from before the end of a hold said when that was.
type expiredV1 struct {
	Hold   int64      `json:"hold"`
	Amount bank.Money `json:"amount"`
}

func (e expiredV1) lift() bank.Event { return bank.HoldExpired{Hold: e.Hold, Amount: e.Amount} }
