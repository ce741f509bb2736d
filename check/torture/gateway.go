package torture

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"corebank/check/graphqlclient"
	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// requestTimeout is longer than the gateway takes to give up.
const requestTimeout = 20 * time.Second

// gateway is the API as its clients use it.
type gateway struct {
	graphqlclient.Client
	clock func() time.Duration
}

func newGateway(url, token string, clients int, clock func() time.Duration) *gateway {
	return &gateway{graphqlclient.Client{URL: url, Token: token, HTTP: &http.Client{Timeout: requestTimeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: clients}}}, clock}
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

// ask sends a request once.
func (g *gateway) ask(ctx context.Context, client string, r *laws.Request) laws.Answer {
	a := laws.Answer{Request: r, Client: client, Account: r.Account, Status: contract.Unknown}
	query, variables := body(r)
	a.Sent = g.clock()
	var data struct{ Payload *payload }
	err := g.get(ctx, query, variables, &data)
	a.Answered = g.clock()
	var fault graphqlclient.Error
	switch {
	case errors.As(err, &fault) && fault.Code() == "UNAVAILABLE":
		a.Status, a.Note = contract.Unavailable, fault.Message
	case err != nil:
		a.Note = err.Error()
	case data.Payload == nil:
		a.Note = "an answer without data"
	default:
		data.Payload.read(&a)
	}
	return a
}

// get sends a request and decodes its data. The first error of the answer is an
// error.
func (g *gateway) get(ctx context.Context, query string, variables map[string]any, data any) error {
	answer, err := g.Post(ctx, query, variables)
	if err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return answer.Errors[0]
	}
	return json.Unmarshal(answer.Data, data)
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
	err := g.get(ctx, queryBalance, map[string]any{"id": id}, &data)
	if err != nil || data.Balance == nil {
		return shown{}, err
	}
	return shown{minor(data.Balance.Current), data.Balance.Version, data.Balance.Stale}, nil
}
