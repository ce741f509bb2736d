package banktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

type Money struct{ Value, Currency string }

type Account struct {
	ID, Status string
	Version    int
	Balance    struct{ Current, Available, Held, InTransit Money }
}

type Transaction struct {
	ID, AccountID, Type, Direction, Memo, Reference, Reason string
	Amount, BalanceAfter                                    Money
	Version                                                 int
	OccurredAt                                              time.Time
}

type Transfer struct {
	ID, Status string
	Amount     Money
	Rejection  *struct{ Code, Message string }
}

type Hold struct {
	ID, Status                  string
	Amount, Remaining, Captured Money
}

// Journal is what was posted on several accounts.
type Journal struct {
	ID       string
	LegCount int
	Legs     []Leg
}

type Leg struct {
	Index                                 int
	AccountID, Direction, Reference, Memo string
	Amount                                Money
	Transaction                           *Transaction
}

// Posted is the payload of any mutation.
type Posted struct {
	Account          *Account
	Transaction      *Transaction
	Transfer         *Transfer
	Hold             *Hold
	Journal          *Journal
	Replayed, DryRun bool
	UserErrors       []UserError

	t        testing.TB
	mutation string
	text     json.RawMessage
}

// Answers checks that the payload matches want: see Match. want is a format for
// arguments.
func (p Posted) Answers(want string, arguments ...any) Posted {
	p.t.Helper()
	match(p.t, p.mutation, p.text, fmt.Sprintf(want, arguments...))
	return p
}

// UserError is a refusal with the fields of all its types.
type UserError struct {
	Typename      string `json:"__typename"`
	Code, Message string
	Path, Fields  []string
	Leg           *int
	Retryable     bool
	Available     *Money
	Shortfall     *Money
	Remaining     *Money
	Since         *time.Time
	By            string
}

// The fields that mutations select. AccountFields and the others also serve queries.
const (
	AccountFields = `id status version balance { current { value currency } available { value currency }
  held { value currency } inTransit { value currency } }`
	TransactionFields = `id accountId type direction memo reference reason version occurredAt
  amount { value currency } balanceAfter { value currency }`
	TransferFields = `id status amount { value currency } rejection { code message }`
	HoldFields     = `id status amount { value currency } remaining { value currency } captured { value currency }`
	JournalFields  = `id legCount legs { index accountId direction reference memo amount { value currency }
  transaction { ` + TransactionFields + ` } }`
	userErrorFields = `__typename code message path retryable leg
  ... on InsufficientFunds { available { value currency } shortfall { value currency } }
  ... on LimitExceeded { remaining { value currency } }
  ... on AmountExceedsRemaining { remaining { value currency } }
  ... on IdempotencyConflict { fields }
  ... on AccountFrozen { since }
  ... on HoldExpired { since }
  ... on AlreadyReversed { by }
  ... on InvalidAmount { maxPrecision }
  ... on CurrencyMismatch { expected }`
)

// mutation returns the document of a mutation that selects its whole payload.
func mutation(name string) string {
	more := "account { " + AccountFields + " } transaction { " + TransactionFields + " } "
	switch {
	case name == "postTransaction":
		more = "journal { " + JournalFields + " }"
	case name == "reverse":
		more += "transfer { " + TransferFields + " } journal { " + JournalFields + " }"
	case name == "transfer":
		more += "transfer { " + TransferFields + " }"
	case strings.HasSuffix(name, "Hold"):
		more += "hold { " + HoldFields + " }"
	}
	return fmt.Sprintf(`mutation($input: %sInput!) { posted: %s(input: $input) {
  %s replayed dryRun userErrors { %s } } }`, strings.ToUpper(name[:1])+name[1:], name, more, userErrorFields)
}

// Mutate sends a mutation with its input.
func (c *Client) Mutate(name string, input map[string]any) Posted {
	c.t.Helper()
	var got struct{ Posted json.RawMessage }
	c.Get(mutation(name), map[string]any{"input": input}, &got)
	posted := Posted{t: c.t, mutation: name, text: got.Posted}
	if err := json.Unmarshal(got.Posted, &posted); err != nil {
		c.t.Fatalf("%s: %v", got.Posted, err)
	}
	return posted
}

// Must is a Mutate that must be accepted.
func (c *Client) Must(name string, input map[string]any) Posted {
	c.t.Helper()
	posted := c.Mutate(name, input)
	if len(posted.UserErrors) > 0 {
		c.t.Fatalf("%s %v was refused: %+v", name, input, posted.UserErrors)
	}
	return posted
}

// EUR is an amount in euros, for an input.
func EUR(value string) map[string]any { return map[string]any{"value": value, "currency": "EUR"} }
