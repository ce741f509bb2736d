package contract

import (
	"reflect"

	"corebank/internal/bank"
)

// eventName is the stored identity of an event type. It does not follow the
// names of Go types, so that renaming a type never orphans history.
type eventName struct {
	Type   string
	Schema int
}

// eventShapes reads every shape in which an event was ever stored, and lifts
// old ones to what the domain knows today. Nothing is ever taken out of it.
var eventShapes = map[eventName]func(data []byte) (bank.Event, error){
	{"account-opened", 1}:       lifted(openedV1.lift),
	{"account-opened", 2}:       shape[bank.AccountOpened],
	{"account-updated", 1}:      shape[bank.AccountUpdated],
	{"account-frozen", 1}:       shape[bank.AccountFrozen],
	{"account-unfrozen", 1}:     shape[bank.AccountUnfrozen],
	{"account-closed", 1}:       shape[bank.AccountClosed],
	{"limits-set", 1}:           shape[bank.LimitsSet],
	{"external-id-claimed", 1}:  shape[bank.ExternalIDClaimed],
	{"money-deposited", 1}:      lifted(func(p paidV1) bank.Event { return bank.MoneyDeposited(p.lift()) }),
	{"money-deposited", 2}:      shape[bank.MoneyDeposited],
	{"money-withdrawn", 1}:      lifted(func(p paidV1) bank.Event { return bank.MoneyWithdrawn(p.lift()) }),
	{"money-withdrawn", 2}:      shape[bank.MoneyWithdrawn],
	{"hold-placed", 1}:          shape[bank.HoldPlaced],
	{"hold-captured", 1}:        shape[bank.HoldCaptured],
	{"hold-released", 1}:        shape[bank.HoldReleased],
	{"hold-expired", 1}:         shape[bank.HoldExpired],
	{"transfer-sent", 1}:        shape[bank.TransferSent],
	{"transfer-received", 1}:    shape[bank.TransferReceived],
	{"transfer-rejected", 1}:    shape[bank.TransferRejected],
	{"transfer-completed", 1}:   shape[bank.TransferCompleted],
	{"transfer-returned", 1}:    shape[bank.TransferReturned],
	{"transaction-reversed", 1}: shape[bank.TransactionReversed],
}

// storedAs is the shape in which each event is stored today.
var storedAs = map[reflect.Type]eventName{
	reflect.TypeFor[bank.AccountOpened]():       {"account-opened", 2},
	reflect.TypeFor[bank.AccountUpdated]():      {"account-updated", 1},
	reflect.TypeFor[bank.AccountFrozen]():       {"account-frozen", 1},
	reflect.TypeFor[bank.AccountUnfrozen]():     {"account-unfrozen", 1},
	reflect.TypeFor[bank.AccountClosed]():       {"account-closed", 1},
	reflect.TypeFor[bank.LimitsSet]():           {"limits-set", 1},
	reflect.TypeFor[bank.ExternalIDClaimed]():   {"external-id-claimed", 1},
	reflect.TypeFor[bank.MoneyDeposited]():      {"money-deposited", 2},
	reflect.TypeFor[bank.MoneyWithdrawn]():      {"money-withdrawn", 2},
	reflect.TypeFor[bank.HoldPlaced]():          {"hold-placed", 1},
	reflect.TypeFor[bank.HoldCaptured]():        {"hold-captured", 1},
	reflect.TypeFor[bank.HoldReleased]():        {"hold-released", 1},
	reflect.TypeFor[bank.HoldExpired]():         {"hold-expired", 1},
	reflect.TypeFor[bank.TransferSent]():        {"transfer-sent", 1},
	reflect.TypeFor[bank.TransferReceived]():    {"transfer-received", 1},
	reflect.TypeFor[bank.TransferRejected]():    {"transfer-rejected", 1},
	reflect.TypeFor[bank.TransferCompleted]():   {"transfer-completed", 1},
	reflect.TypeFor[bank.TransferReturned]():    {"transfer-returned", 1},
	reflect.TypeFor[bank.TransactionReversed](): {"transaction-reversed", 1},
}

// shape reads data that is stored as the domain's own type.
func shape[T bank.Event](data []byte) (bank.Event, error) {
	var event T
	err := decodeStrictly(data, &event)
	return event, err
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

func (p paidV1) lift() bank.Paid {
	return bank.Paid{Movement: bank.Movement{Amount: p.Amount, Balance: p.Balance, Postings: p.Postings},
		Details: bank.Details{Reference: p.Reference, Memo: p.Memo}}
}
