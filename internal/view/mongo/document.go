package mongo

import (
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// schemaVersion is kept with the checkpoint. A change of the documents counts
// it up; views of another version are built again, not migrated.
const schemaVersion = 2

// checkpointID is the one document of the checkpoint collection.
const checkpointID = "views"

type checkpointDocument struct {
	ID       string `bson:"_id"`
	Schema   int    `bson:"schema"`
	Position int64  `bson:"position"`
	// Retired is set by a switch to other views, which are to be written instead.
	Retired bool `bson:"retired,omitempty"`
}

type accountDocument struct {
	ID        bank.AccountID `bson:"_id"`
	Owner     string         `bson:"owner"`
	Currency  bank.Currency  `bson:"currency"`
	Balance   int64          `bson:"balance"` // minor units
	Version   int64          `bson:"version"`
	OpenedAt  int64          `bson:"openedAt"` // microseconds since 1970, UTC
	UpdatedAt int64          `bson:"updatedAt"`
	Stale     *staleDocument `bson:"stale,omitempty"` // only of a quarantined account
}

type staleDocument struct {
	Reason   string `bson:"reason"`
	Position int64  `bson:"position"`
	Version  int64  `bson:"version"`
	Since    int64  `bson:"since"` // microseconds since 1970, UTC
}

func fromAccount(a view.Account) accountDocument {
	d := accountDocument{ID: a.ID, Owner: a.Owner, Currency: a.Currency, Balance: a.Balance, Version: a.Version,
		OpenedAt: a.OpenedAt.UnixMicro(), UpdatedAt: a.UpdatedAt.UnixMicro()}
	if a.Quarantined() {
		d.Stale = &staleDocument{a.Stale.Reason, a.Stale.Position, a.Stale.Version, a.Stale.Since.UnixMicro()}
	}
	return d
}

func (d accountDocument) account() view.Account {
	a := view.Account{ID: d.ID, Owner: d.Owner, Currency: d.Currency, Balance: d.Balance, Version: d.Version,
		OpenedAt: time.UnixMicro(d.OpenedAt).UTC(), UpdatedAt: time.UnixMicro(d.UpdatedAt).UTC()}
	if s := d.Stale; s != nil {
		a.Stale = view.Stale{Reason: s.Reason, Position: s.Position, Version: s.Version, Since: time.UnixMicro(s.Since).UTC()}
	}
	return a
}

type lineDocument struct {
	ID           string               `bson:"_id"`
	Account      bank.AccountID       `bson:"account"`
	Version      int64                `bson:"version"`
	Position     int64                `bson:"position"`
	Type         view.TransactionType `bson:"type"`
	Currency     bank.Currency        `bson:"currency"`
	Amount       int64                `bson:"amount"` // minor units
	BalanceAfter int64                `bson:"balanceAfter"`
	OccurredAt   int64                `bson:"occurredAt"` // microseconds since 1970, UTC
	Reference    string               `bson:"reference"`
	Memo         string               `bson:"memo"`
}

// lineID names a line so that ids sort like versions.
func lineID(id bank.AccountID, version int64) string { return fmt.Sprintf("%s#%019d", id, version) }

func fromLine(l view.Transaction) lineDocument {
	return lineDocument{ID: lineID(l.Account, l.Version), Account: l.Account, Version: l.Version, Position: l.Position,
		Type: l.Type, Currency: l.Currency, Amount: l.Amount, BalanceAfter: l.BalanceAfter,
		OccurredAt: l.OccurredAt.UnixMicro(), Reference: l.Reference, Memo: l.Memo}
}

func (d lineDocument) line() view.Transaction {
	return view.Transaction{Account: d.Account, Version: d.Version, Position: d.Position, Type: d.Type,
		Currency: d.Currency, Amount: d.Amount, BalanceAfter: d.BalanceAfter,
		OccurredAt: time.UnixMicro(d.OccurredAt).UTC(), Reference: d.Reference, Memo: d.Memo}
}
