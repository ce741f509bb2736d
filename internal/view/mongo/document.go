package mongo

import (
	"encoding/json"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// schemaVersion is stored with the checkpoint. Increment it with every change of
// the documents; views of another version are built again, not migrated.
const schemaVersion = 3

// checkpointID is the id of the only document of the checkpoint collection.
const checkpointID = "views"

type checkpointDocument struct {
	ID       string `bson:"_id"`
	Schema   int    `bson:"schema"`
	Position int64  `bson:"position"`
	Trial    string `bson:"trial"` // JSON of the trial balance there
	// Marked is JSON of the checkpoint with its log and mark; earlier builds wrote none.
	Marked string `bson:"marked,omitempty"`
	// Retired is set by a switch to other views: those are written from then on.
	Retired bool `bson:"retired,omitempty"`
}

// accountDocument has the fields by which accounts are found, and the JSON of the
// whole account.
type accountDocument struct {
	ID         bank.AccountID `bson:"_id"`
	Version    int64          `bson:"version"`
	Opened     int64          `bson:"opened"` // the position of its opening; 0 for a stream that is no account
	Owner      string         `bson:"owner"`
	Kind       bank.Kind      `bson:"kind"`
	Currency   bank.Currency  `bson:"currency"`
	ExternalID string         `bson:"externalId,omitempty"`
	State      string         `bson:"state"`
	Stale      *staleDocument `bson:"stale,omitempty"` // only of a quarantined account
}

type staleDocument struct {
	Reason   string `bson:"reason"`
	Position int64  `bson:"position"`
	Version  int64  `bson:"version"`
	Since    int64  `bson:"since"` // microseconds since 1970, UTC
}

func fromAccount(a view.Account) (accountDocument, error) {
	state, err := json.Marshal(a.Account)
	d := accountDocument{ID: a.ID, Version: a.Version, Opened: a.Opened, Owner: a.Owner, Kind: a.Kind,
		Currency: a.Currency, ExternalID: a.ExternalID, State: string(state)}
	if a.Quarantined() {
		d.Stale = &staleDocument{a.Stale.Reason, a.Stale.Position, a.Stale.Version, a.Stale.Since.UnixMicro()}
	}
	return d, err
}

func (d accountDocument) account() (view.Account, error) {
	a := view.Account{Opened: d.Opened}
	if s := d.Stale; s != nil {
		a.Stale = view.Stale{Reason: s.Reason, Position: s.Position, Version: s.Version,
			Since: time.UnixMicro(s.Since).UTC()}
	}
	return a, json.Unmarshal([]byte(d.State), &a.Account)
}

// lineDocument omits empty fields, so that a deposit without them is only in the
// indexes that contain every line.
type lineDocument struct {
	ID               string          `bson:"_id"`
	Account          bank.AccountID  `bson:"account"`
	Version          int64           `bson:"version"`
	Position         int64           `bson:"position"`
	Type             bank.EntryType  `bson:"type"`
	Credit           bool            `bson:"credit"`
	Currency         bank.Currency   `bson:"currency"`
	Amount           int64           `bson:"amount"` // minor units
	BalanceAfter     int64           `bson:"balanceAfter"`
	OccurredAt       int64           `bson:"occurredAt"` // microseconds since 1970, UTC
	EffectiveAt      int64           `bson:"effectiveAt"`
	Caller           string          `bson:"caller"`
	Reference        string          `bson:"reference,omitempty"`
	Memo             string          `bson:"memo,omitempty"`
	ExternalID       string          `bson:"externalId,omitempty"`
	Counterparty     bank.AccountID  `bson:"counterparty,omitempty"`
	Transfer         bank.TransferID `bson:"transfer,omitempty"`
	Journal          bank.JournalID  `bson:"journal,omitempty"`
	Hold             int64           `bson:"hold,omitempty"`
	Reverses         int64           `bson:"reverses,omitempty"`
	ReversesTransfer bank.TransferID `bson:"reversesTransfer,omitempty"`
	Reason           string          `bson:"reason,omitempty"`
}

// lineID is the id of a line. Ids of one account sort like versions.
func lineID(id bank.AccountID, version int64) string { return fmt.Sprintf("%s#%019d", id, version) }

func fromLine(l view.Transaction) (lineDocument, error) {
	return lineDocument{ID: lineID(l.Account, l.Version), Account: l.Account, Version: l.Version, Position: l.Position,
		Type: l.Type, Credit: l.Credit, Currency: l.Currency, Amount: l.Amount, BalanceAfter: l.BalanceAfter,
		OccurredAt: l.OccurredAt.UnixMicro(), EffectiveAt: l.EffectiveAt.UnixMicro(), Caller: l.Caller,
		Reference: l.Reference, Memo: l.Memo, ExternalID: l.ExternalID, Counterparty: l.Counterparty, Transfer: l.Transfer,
		Journal: l.Journal, Hold: l.Hold, Reverses: l.Reverses, ReversesTransfer: l.ReversesTransfer, Reason: l.Reason}, nil
}

func (d lineDocument) line() (view.Transaction, error) {
	return view.Transaction{Account: d.Account, Version: d.Version, Position: d.Position, Type: d.Type, Credit: d.Credit,
		Currency: d.Currency, Amount: d.Amount, BalanceAfter: d.BalanceAfter,
		OccurredAt: time.UnixMicro(d.OccurredAt).UTC(), EffectiveAt: time.UnixMicro(d.EffectiveAt).UTC(), Caller: d.Caller,
		Reference: d.Reference, Memo: d.Memo, ExternalID: d.ExternalID, Counterparty: d.Counterparty, Transfer: d.Transfer,
		Journal: d.Journal, Hold: d.Hold, Reverses: d.Reverses, ReversesTransfer: d.ReversesTransfer, Reason: d.Reason}, nil
}

type referenceDocument struct {
	ID       string         `bson:"_id"`
	Key      string         `bson:"key"`
	Position int64          `bson:"position"`
	Account  bank.AccountID `bson:"account"`
	Record   string         `bson:"record"` // JSON
}

func fromReference(r view.Reference) (referenceDocument, error) {
	record, err := json.Marshal(r.Record)
	return referenceDocument{ID: fmt.Sprintf("%s#%019d", r.Key, r.Record.Position), Key: r.Key,
		Position: r.Record.Position, Account: r.Record.Account, Record: string(record)}, err
}

func (d referenceDocument) reference() (view.Reference, error) {
	record, err := d.record()
	return view.Reference{Key: d.Key, Record: record}, err
}

func (d referenceDocument) record() (r contract.Record, err error) {
	return r, json.Unmarshal([]byte(d.Record), &r)
}

type stateDocument struct {
	ID        string         `bson:"_id"`
	Account   bank.AccountID `bson:"account"`
	Version   int64          `bson:"version"`
	ChangedAt int64          `bson:"changedAt"` // microseconds since 1970, UTC
	Position  int64          `bson:"position"`
	State     string         `bson:"state"` // JSON
}

func fromState(s view.State) (stateDocument, error) {
	state, err := json.Marshal(s.Account)
	return stateDocument{ID: lineID(s.Account.ID, s.Account.Version), Account: s.Account.ID, Version: s.Account.Version,
		ChangedAt: s.Account.ChangedAt.UnixMicro(), Position: s.Position, State: string(state)}, err
}

func (d stateDocument) state() (view.State, error) {
	s := view.State{Position: d.Position}
	return s, json.Unmarshal([]byte(d.State), &s.Account)
}

type trialDocument struct {
	Position int64  `bson:"_id"`
	At       int64  `bson:"at"`    // microseconds since 1970, UTC
	Trial    string `bson:"trial"` // JSON
}

func fromTrial(t view.Trial) (trialDocument, error) {
	text, err := json.Marshal(t)
	return trialDocument{Position: t.Position, At: t.At.UnixMicro(), Trial: string(text)}, err
}

func (d trialDocument) trial() (view.Trial, error) { return readTrial(d.Trial) }

func readTrial(text string) (t view.Trial, err error) { return t, json.Unmarshal([]byte(text), &t) }
