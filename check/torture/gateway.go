package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of a client.
const (
	requestTimeout = 20 * time.Second // longer than the gateway takes to give up
	maxAnswer      = 1 << 20          // bytes
)

// gateway is the API as its clients use it.
type gateway struct {
	url   string
	token string // who it signs in as
	http  *http.Client
	clock func() time.Duration
}

func newGateway(url, token string, clients int, clock func() time.Duration) *gateway {
	return &gateway{url: url, token: token, clock: clock, http: &http.Client{Timeout: requestTimeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: clients}}}
}

const queryBalance = `query($id: ID!) { balance(accountId: $id) { current { value } version stale } }`

// payload is what a mutation answers.
type payload struct {
	Replayed bool
	Account  *struct {
		ID      bank.AccountID
		Version int64
		Balance struct{ Current amount }
	}
	Transaction *struct {
		Version      int64
		BalanceAfter amount
	}
	Hold       *struct{ ID string }
	UserErrors []struct {
		Code      bank.Code
		Available *amount
	}
}

type amount struct{ Value string }

// graphError is a top-level error.
type graphError struct {
	Message    string
	Extensions struct{ Code string }
}

// ask sends a request once.
func (g *gateway) ask(ctx context.Context, client string, r *laws.Request) laws.Answer {
	a := laws.Answer{Request: r, Client: client, Account: r.Account, Status: contract.Unknown}
	query, variables := body(r)
	var data struct{ Payload *payload }
	a.Sent = g.clock()
	faults, err := g.post(ctx, query, variables, &data)
	a.Answered = g.clock()
	switch {
	case err != nil:
		a.Note = err.Error()
	case len(faults) > 0 && faults[0].Extensions.Code == "UNAVAILABLE":
		a.Status, a.Note = contract.Unavailable, faults[0].Message
	case len(faults) > 0:
		a.Note = faults[0].Extensions.Code + ": " + faults[0].Message
	case data.Payload == nil:
		a.Note = "an answer without data"
	default:
		data.Payload.read(&a)
	}
	return a
}

// read puts the payload into an answer.
func (t payload) read(a *laws.Answer) {
	if t.Account != nil {
		a.Account = t.Account.ID
		a.AccountVersion, a.AccountBalance = t.Account.Version, minor(t.Account.Balance.Current)
	}
	if len(t.UserErrors) > 0 {
		a.Status, a.Code = contract.Refused, t.UserErrors[0].Code
		if available := t.UserErrors[0].Available; available != nil {
			a.Available = &bank.Money{Minor: minor(*available), Currency: currency}
		}
		return
	}
	a.Status = contract.Applied
	if t.Replayed {
		a.Status = contract.Replayed
	}
	switch {
	case t.Transaction != nil:
		a.Version, a.Balance = t.Transaction.Version, minor(t.Transaction.BalanceAfter)
	case t.Hold != nil:
		a.Version = versionOf(t.Hold.ID)
	default:
		if _, opening := a.Request.Command.(bank.OpenAccount); opening {
			a.Version = 1 // an opening is the first event
		}
	}
}

// currency is that of all accounts here.
const currency = bank.Currency("EUR")

// minor is an amount in minor units; -1 for one that cannot be read, which no
// check takes for an amount.
func minor(a amount) int64 {
	money, err := bank.ParseMoney(a.Value, currency)
	if err != nil {
		return -1
	}
	return money.Minor
}

// post sends a GraphQL request. An error means that there was no answer.
func (g *gateway) post(ctx context.Context, query string, variables map[string]any, data any) ([]graphError, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+g.token)
	response, err := g.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data   json.RawMessage
		Errors []graphError
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("%s: %.100s", response.Status, text)
	}
	if len(answer.Errors) > 0 {
		return answer.Errors, nil
	}
	return nil, json.Unmarshal(answer.Data, data)
}

// shown is what the API says of an account; the zero shown for nothing.
type shown struct {
	value, version int64
	stale          bool // it stands still
}

func (g *gateway) balance(ctx context.Context, id bank.AccountID) (shown, error) {
	var data struct {
		Balance *struct {
			Current amount
			Version int64
			Stale   bool
		}
	}
	faults, err := g.post(ctx, queryBalance, map[string]any{"id": id}, &data)
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("balance of %s: %s", id, faults[0].Message)
	}
	if err != nil || data.Balance == nil {
		return shown{}, err
	}
	return shown{minor(data.Balance.Current), data.Balance.Version, data.Balance.Stale}, nil
}

// ready reports whether the bank is ready for mutations.
func (g *gateway) ready(ctx context.Context) bool { return g.readiness(ctx) == "" }

// readiness is why the bank is not ready for mutations; empty if it is.
func (g *gateway) readiness(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/readyz", nil)
	if err != nil {
		return err.Error()
	}
	response, err := g.http.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err == nil && response.StatusCode == http.StatusOK {
		return ""
	}
	return fmt.Sprintf("%s: %s", response.Status, text)
}

const readyTimeout = 3 * time.Second
