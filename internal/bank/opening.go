package bank

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// OpenAccount asks for a new account in one currency.
type OpenAccount struct {
	Owner    string   `json:"owner"`
	Currency Currency `json:"currency"`
	Name     string   `json:"name,omitempty"`
	// Kind is Current when it is empty.
	Kind Kind `json:"kind,omitempty"`
	// ExternalID is the caller's own name for the account, unique in the bank.
	ExternalID string            `json:"externalId,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
}

// UpdateAccount asks to change what is not nil. Metadata is replaced as a
// whole.
type UpdateAccount struct {
	Name     *string            `json:"name,omitempty"`
	Metadata *map[string]string `json:"metadata,omitempty"`
}

// MarshalJSON writes metadata that is to be empty as {}: a pointer to no map
// would arrive as metadata that is to stay.
func (c UpdateAccount) MarshalJSON() ([]byte, error) {
	type withoutMethods UpdateAccount
	if c.Metadata != nil && *c.Metadata == nil {
		c.Metadata = &map[string]string{}
	}
	return json.Marshal(withoutMethods(c))
}

// CloseAccount asks to close the account permanently.
type CloseAccount struct {
	Reason string `json:"reason,omitempty"`
}

// AccountOpened says that the account exists from now on, empty.
type AccountOpened struct {
	nonMonetary
	accountOnly
	Owner      string            `json:"owner"`
	Currency   Currency          `json:"currency"`
	Name       string            `json:"name,omitempty"`
	Kind       Kind              `json:"kind"`
	ExternalID string            `json:"externalId,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
}

// AccountUpdated says what the account's name and metadata are from now on,
// and which of the two was asked for (Changed: "name", "metadata").
type AccountUpdated struct {
	nonMonetary
	accountOnly
	Changed  []string          `json:"changed"`
	Name     string            `json:"name,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// AccountClosed says that nothing will ever move on the account again.
type AccountClosed struct {
	nonMonetary
	accountOnly
	Reason string `json:"reason,omitempty"`
}

// ExternalIDClaimed says, in a stream of its own, which account an external
// id belongs to.
type ExternalIDClaimed struct {
	nonMonetary
	accountOnly
	ExternalID string    `json:"externalId"`
	Account    AccountID `json:"account"`
}

func (c OpenAccount) check(by rules) (broken Refusals) {
	broken.add(by.name("owner", c.Owner, 1, MaxOwnerLength))
	broken.add(by.words("name", c.Name, 0, MaxNameLength))
	if c.Kind != "" && !slices.Contains(Kinds(), c.Kind) {
		broken.add(refuseInput("kind", "must be CURRENT, SAVINGS or BUSINESS"))
	}
	broken.add(by.name("externalId", c.ExternalID, 0, MaxExternalIDLength))
	broken = append(broken, checkMetadata(by, c.Metadata)...)
	if _, known := c.Currency.Exponent(); !known || by.today && !c.Currency.Active() {
		broken.add(RefuseCurrency("currency", c.Currency))
	}
	return broken
}

func (c OpenAccount) decide(a Account, _ Circumstances) (Event, Refusals) {
	if a.IsOpen() {
		return nil, Refusals{refuseOpen()}
	}
	return AccountOpened{Owner: c.Owner, Currency: c.Currency, Name: c.Name, Kind: c.kind(),
		ExternalID: c.ExternalID, Metadata: copiedMetadata(c.Metadata)}, nil
}

// copiedMetadata shares no memory with the command, and is nil when empty, as it
// will be when it is read back from the log.
func copiedMetadata(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

func (c OpenAccount) kind() Kind {
	if c.Kind == "" {
		return Current
	}
	return c.Kind
}

func (e AccountOpened) apply(a Account, at time.Time) Account {
	a.Owner, a.Currency, a.Name, a.Kind, a.OpenedAt = e.Owner, e.Currency, e.Name, e.Kind, at
	a.ExternalID, a.Metadata = e.ExternalID, e.Metadata
	a.Balance = Money{Currency: e.Currency}
	return a
}

func (e AccountOpened) validate() error {
	if e.Owner == "" || e.Currency == "" || e.Kind == "" {
		return errors.New("an account without an owner, a currency or a kind")
	}
	return nil
}

func (e AccountOpened) conflictsWith(c Command) []string {
	if c, ok := c.(OpenAccount); ok {
		return conflicts(field{"owner", e.Owner != c.Owner}, field{"currency", e.Currency != c.Currency},
			field{"name", e.Name != c.Name}, field{"kind", e.Kind != c.kind()},
			field{"externalId", e.ExternalID != c.ExternalID}, field{"metadata", !maps.Equal(e.Metadata, c.Metadata)})
	}
	return wrongKind()
}

func (c UpdateAccount) check(by rules) (broken Refusals) {
	if c.Name == nil && c.Metadata == nil {
		broken.add(refuseInput("input", "must change the name or the metadata"))
	}
	if c.Name != nil {
		broken.add(by.words("name", *c.Name, 0, MaxNameLength))
	}
	if c.Metadata != nil {
		broken = append(broken, checkMetadata(by, *c.Metadata)...)
	}
	return broken
}

func (c UpdateAccount) decide(a Account, _ Circumstances) (Event, Refusals) {
	if refusal := a.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	after := AccountUpdated{Name: a.Name, Metadata: a.Metadata}
	if c.Name != nil {
		after.Name, after.Changed = *c.Name, append(after.Changed, "name")
	}
	if c.Metadata != nil {
		after.Metadata, after.Changed = copiedMetadata(*c.Metadata), append(after.Changed, "metadata")
	}
	return after, nil
}

func (e AccountUpdated) apply(a Account, _ time.Time) Account {
	a.Name, a.Metadata = e.Name, e.Metadata
	return a
}

func (e AccountUpdated) validate() error {
	if len(e.Changed) == 0 {
		return errors.New("an update of nothing")
	}
	return nil
}

func (e AccountUpdated) conflictsWith(c Command) []string {
	if c, ok := c.(UpdateAccount); ok {
		name, metadata := slices.Contains(e.Changed, "name"), slices.Contains(e.Changed, "metadata")
		return conflicts(field{"name", name != (c.Name != nil) || name && e.Name != *c.Name},
			field{"metadata", metadata != (c.Metadata != nil) || metadata && !maps.Equal(e.Metadata, *c.Metadata)})
	}
	return wrongKind()
}

func (c CloseAccount) check(by rules) (broken Refusals) {
	broken.add(by.words("reason", c.Reason, 0, MaxReasonLength))
	return broken
}

func (c CloseAccount) decide(a Account, in Circumstances) (Event, Refusals) {
	if refusal := a.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	held, transit := a.Held(in.Now), a.MoneyInTransit()
	if a.Balance.Minor != 0 || held.Minor != 0 || len(a.InTransit) > 0 {
		return nil, Refusals{{Code: AccountNotEmpty, Field: "accountId",
			Balance: &a.Balance, Held: &held, InTransit: &transit,
			Message: "The account still has a balance of " + a.Balance.String() + ", " + held.String() + " held and " +
				transit.String() + " in transit; bring all to zero before closing it."}}
	}
	return AccountClosed{Reason: c.Reason}, nil
}

func (e AccountClosed) apply(a Account, at time.Time) Account {
	a.ClosedAt = at
	return a
}

func (e AccountClosed) validate() error { return nil }

func (e AccountClosed) conflictsWith(c Command) []string {
	if c, ok := c.(CloseAccount); ok {
		return conflicts(field{"reason", e.Reason != c.Reason})
	}
	return wrongKind()
}

func (e ExternalIDClaimed) apply(a Account, _ time.Time) Account {
	a.Claimant = e.Account
	return a
}

func (e ExternalIDClaimed) validate() error {
	if e.ExternalID == "" || !e.Account.Valid() {
		return errors.New("a claim without an external id or an account")
	}
	return nil
}

func (e ExternalIDClaimed) conflictsWith(Command) []string { return wrongKind() }
