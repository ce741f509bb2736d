package client

import (
	"context"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/statement"
)

const statementQuery = `query($account: ID!, $from: DateTime!, $to: DateTime!, $after: String) {
  statement(accountId: $account, from: $from, to: $to) {
    owner currency from to opening { value } openingVersion closing { value } closingVersion
    lines(first: 100, after: $after) {
      nodes { id version type direction amount { value currency } balanceAfter { value } occurredAt effectiveAt
        reference memo externalId counterpartyId transferId journalId reason }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

// statementPage is a page of a statement, as the gateway sends it.
type statementPage struct {
	Owner                          string
	Currency                       bank.Currency
	From, To                       time.Time
	Opening, Closing               struct{ Value string }
	OpeningVersion, ClosingVersion int64
	Lines                          struct {
		Nodes    []statementNode
		PageInfo struct {
			HasNextPage bool
			EndCursor   string
		}
	}
}

type statementNode struct {
	ID, Type, Direction string
	Version             int64
	Amount              struct {
		Value    string
		Currency bank.Currency
	}
	BalanceAfter                                                    struct{ Value string }
	OccurredAt, EffectiveAt                                         time.Time
	Reference, Memo, ExternalID, CounterpartyID, TransferID, Reason string
	JournalID                                                       string
}

// statementPage reads the page after a cursor.
func (c Client) statementPage(ctx context.Context, r StatementRequest, after any) (*statementPage, error) {
	var reply struct{ Statement *statementPage }
	variables := map[string]any{"account": r.Account, "from": r.From, "to": r.To, "after": after}
	err := c.Query(ctx, statementQuery, variables, &reply)
	if err == nil && reply.Statement == nil {
		err = fmt.Errorf("account %s did not exist by the end of the period", r.Account)
	}
	return reply.Statement, err
}

// frame is the beginning and the end of the statement.
func (p *statementPage) frame(id bank.AccountID, zone *time.Location) (statement.Statement, error) {
	frame := statement.Statement{Account: id, Owner: p.Owner, Currency: p.Currency, From: p.From, To: p.To, Zone: zone,
		OpeningVersion: p.OpeningVersion, ClosingVersion: p.ClosingVersion, Created: time.Now()}
	var err error
	if frame.Opening, err = bank.ParseMoney(p.Opening.Value, p.Currency); err != nil {
		return frame, fmt.Errorf("the opening balance %q: %w", p.Opening.Value, err)
	}
	if frame.Closing, err = bank.ParseMoney(p.Closing.Value, p.Currency); err != nil {
		return frame, fmt.Errorf("the closing balance %q: %w", p.Closing.Value, err)
	}
	return frame, nil
}

func (n statementNode) line() (statement.Line, error) {
	line := statement.Line{ID: n.ID, Version: n.Version, Type: n.Type, Credit: n.Direction == "CREDIT",
		BookedAt: n.OccurredAt, ValueAt: n.EffectiveAt, Reference: n.Reference, Memo: n.Memo, ExternalID: n.ExternalID,
		Counterparty: n.CounterpartyID, Transfer: n.TransferID, Journal: n.JournalID, Reason: n.Reason}
	var err error
	if line.Amount, err = bank.ParseMoney(n.Amount.Value, n.Amount.Currency); err != nil {
		return line, fmt.Errorf("the amount of transaction %s: %w", n.ID, err)
	}
	if line.Balance, err = bank.ParseMoney(n.BalanceAfter.Value, n.Amount.Currency); err != nil {
		return line, fmt.Errorf("the balance after transaction %s: %w", n.ID, err)
	}
	return line, nil
}
