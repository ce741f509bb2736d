package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"corebank/internal/bank"
	"corebank/internal/statement"
)

// Bounds of one page of a statement.
const (
	statementPageTime  = 30 * time.Second
	statementPageBytes = 4 << 20
)

const askStatement = `query($account: ID!, $from: DateTime!, $to: DateTime!, $after: String) {
  statement(accountId: $account, from: $from, to: $to) {
    owner currency from to opening { value } openingVersion closing { value } closingVersion
    lines(first: 100, after: $after) {
      nodes { id version type direction amount { value currency } balanceAfter { value } occurredAt effectiveAt
        reference memo externalId counterpartyId transferId reason }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

// statementPage is a page of a statement, as the gateway answers it.
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
}

// page asks the gateway for the page after a cursor.
func (ask *statementRequest) page(ctx context.Context, after any) (*statementPage, error) {
	ctx, cancel := context.WithTimeout(ctx, statementPageTime)
	defer cancel()
	body, err := json.Marshal(map[string]any{"query": askStatement,
		"variables": map[string]any{"account": ask.account, "from": ask.from, "to": ask.to, "after": after}})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(ask.url, "/")+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("--url %q: %w", ask.url, err)
	}
	token, err := ask.token()
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the bank cannot be reached, is it running at --url? %w", err)
	}
	defer response.Body.Close()
	var answer struct {
		Data   struct{ Statement *statementPage }
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, statementPageBytes)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s did not answer as a bank does (%s): %w", ask.url, response.Status, err)
	}
	switch {
	case len(answer.Errors) > 0:
		return nil, errors.New("the bank says: " + answer.Errors[0].Message)
	case answer.Data.Statement == nil:
		return nil, fmt.Errorf("there was no account %s by the end of the period", ask.account)
	}
	return answer.Data.Statement, nil
}

// frame is what the statement begins and ends with.
func (p *statementPage) frame(id bank.AccountID) (statement.Statement, error) {
	frame := statement.Statement{Account: id, Owner: p.Owner, Currency: p.Currency, From: p.From, To: p.To,
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
	line := statement.Line{ID: n.ID, Version: n.Version, Type: n.Type, Credit: n.Direction == "CREDIT", BookedAt: n.OccurredAt, ValueAt: n.EffectiveAt,
		Reference: n.Reference, Memo: n.Memo, ExternalID: n.ExternalID, Counterparty: n.CounterpartyID, Transfer: n.TransferID, Reason: n.Reason}
	var err error
	if line.Amount, err = bank.ParseMoney(n.Amount.Value, n.Amount.Currency); err != nil {
		return line, fmt.Errorf("the amount of transaction %s: %w", n.ID, err)
	}
	if line.Balance, err = bank.ParseMoney(n.BalanceAfter.Value, n.Amount.Currency); err != nil {
		return line, fmt.Errorf("the balance after transaction %s: %w", n.ID, err)
	}
	return line, nil
}
