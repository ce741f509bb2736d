package banktest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Money is an amount as the API tells it.
type Money struct{ Value, Currency string }

// Account is an account as the API tells it.
type Account struct {
	ID, Status string
	Version    int
	Balance    struct{ Current, Available, Held, InTransit Money }
}

// Transaction is a line of history as the API tells it.
type Transaction struct {
	ID, AccountID, Type, Direction, Memo, Reference, Reason string
	Amount, BalanceAfter                                    Money
	Version                                                 int
	OccurredAt                                              time.Time
}

// Transfer is a transfer as the API tells it.
type Transfer struct {
	ID, Status string
	Amount     Money
	Rejection  *struct{ Code, Message string }
}

// Hold is a hold as the API tells it.
type Hold struct {
	ID, Status                  string
	Amount, Remaining, Captured Money
}

// Posted is the answer to a mutation, whichever.
type Posted struct {
	Account          *Account
	Transaction      *Transaction
	Transfer         *Transfer
	Hold             *Hold
	Replayed, DryRun bool
	UserErrors       []UserError
}

// UserError is a refusal with all that it may tell.
type UserError struct {
	Typename      string `json:"__typename"`
	Code, Message string
	Path, Fields  []string
	Retryable     bool
	Available     *Money
	Shortfall     *Money
	Remaining     *Money
	Since         *time.Time
	By            string
}

// Codes are the codes of the refusals, in their order.
func (p Posted) Codes() []string {
	codes := []string{}
	for _, e := range p.UserErrors {
		codes = append(codes, e.Code)
	}
	return codes
}

// What mutations answer. AccountFields and the others are for queries, too.
const (
	AccountFields = `id status version balance { current { value currency } available { value currency }
  held { value currency } inTransit { value currency } }`
	TransactionFields = `id accountId type direction memo reference reason amount { value currency } balanceAfter { value currency } version occurredAt`
	TransferFields    = `id status amount { value currency } rejection { code message }`
	HoldFields        = `id status amount { value currency } remaining { value currency } captured { value currency }`
	userErrorFields   = `__typename code message path retryable
  ... on InsufficientFunds { available { value currency } shortfall { value currency } }
  ... on LimitExceeded { remaining { value currency } }
  ... on AmountExceedsRemaining { remaining { value currency } }
  ... on IdempotencyConflict { fields }
  ... on AccountFrozen { since }
  ... on AlreadyReversed { by }`
)

// mutation is the text of one, with everything that it can answer.
func mutation(name string) string {
	more := ""
	switch {
	case slices.Contains([]string{"transfer", "reverse"}, name):
		more = "transfer { " + TransferFields + " }"
	case strings.HasSuffix(name, "Hold"):
		more = "hold { " + HoldFields + " }"
	}
	return fmt.Sprintf(`mutation($input: %sInput!) { posted: %s(input: $input) {
  account { %s } transaction { %s } %s replayed dryRun userErrors { %s } } }`,
		strings.ToUpper(name[:1])+name[1:], name, AccountFields, TransactionFields, more, userErrorFields)
}

// Post sends a mutation with its input.
func (c *Client) Post(name string, input map[string]any) Posted {
	c.t.Helper()
	var got struct{ Posted Posted }
	c.Get(mutation(name), map[string]any{"input": input}, &got)
	return got.Posted
}

// Must is a Post that has to be accepted.
func (c *Client) Must(name string, input map[string]any) Posted {
	c.t.Helper()
	posted := c.Post(name, input)
	if len(posted.UserErrors) > 0 {
		c.t.Fatalf("%s %v was refused: %+v", name, input, posted.UserErrors)
	}
	return posted
}

// EUR is an amount in euro, for an input.
func EUR(value string) map[string]any { return map[string]any{"value": value, "currency": "EUR"} }
