package torture

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"corebank/check/graphqlclient"
	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// How long a client waits for an answer.
const (
	// requestTimeout is longer than the gateway takes to give up.
	requestTimeout = 20 * time.Second
	// nextTimeout is after which a client asks another gateway, where there is one.
	nextTimeout = 5 * time.Second
)

// gateway is the API as a client uses it. Where there are several, it uses one as long as
// that answers, and then the next.
type gateway struct {
	clients []graphqlclient.Client
	at      atomic.Int32
	clock   func() time.Duration
	final   sync.Map // the texts of errors that are not to be retried
}

func newGateway(urls []string, token string, clients int, clock func() time.Duration) *gateway {
	g := &gateway{clock: clock}
	timeout := requestTimeout
	if len(urls) > 1 {
		timeout = nextTimeout
	}
	for _, url := range urls {
		g.clients = append(g.clients, graphqlclient.Client{URL: url, Token: token, HTTP: &http.Client{
			Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}})
	}
	return g
}

// seat is the API as another client uses it, of some number: they begin at different
// gateways.
func (g *gateway) seat(number int) *gateway {
	other := &gateway{clients: g.clients, clock: g.clock}
	other.at.Store(int32(max(number, 0) % len(g.clients)))
	return other
}

// Post sends a request to one gateway.
func (g *gateway) Post(ctx context.Context, query string, variables map[string]any) (graphqlclient.Answer, error) {
	at := g.at.Load()
	answer, err := g.clients[at].Post(ctx, query, variables)
	g.note(at, err)
	for _, e := range answer.Errors {
		if e.Extensions["retryable"] != true {
			g.final.Store(e.Error(), true)
		}
	}
	return answer, err
}

// finalErrors are those that said not to try again.
func (g *gateway) finalErrors() (texts []string) {
	g.final.Range(func(text, _ any) bool {
		texts = append(texts, text.(string))
		return true
	})
	return texts
}

// Dial opens a websocket with one gateway.
func (g *gateway) Dial(ctx context.Context) (*graphqlclient.Socket, error) {
	at := g.at.Load()
	socket, err := g.clients[at].Dial(ctx)
	g.note(at, err)
	return socket, err
}

// note has the next request go to another gateway if one did not answer.
func (g *gateway) note(at int32, err error) {
	if err != nil {
		g.at.CompareAndSwap(at, (at+1)%int32(len(g.clients)))
	}
}

const queryBalance = `query($id: ID!) { balance(accountId: $id) { current { value } version stale } }`

type payload struct {
	Replayed bool
	// Status is that of an item of a batch.
	Status  string
	Account *struct {
		ID      bank.AccountID
		Version int64
		Balance struct{ Current amount }
	}
	Transaction *transaction
	Hold        *struct{ ID string }
	Transfer    *struct{ Status string }
	Journal     *struct {
		Legs []struct {
			AccountID   bank.AccountID
			Transaction *transaction
		}
	}
	// Results are those of a batch.
	Results    []payload
	UserErrors []struct {
		Code      bank.Code
		Leg       *int
		Available *amount
	}
}

type transaction struct {
	Version      int64
	BalanceAfter amount
}

type amount struct{ Value string }

// ask sends a request, with the others of its batch, and returns what was answered to each.
func (g *gateway) ask(ctx context.Context, client string, r *laws.Request) []laws.Answer {
	all := r.Together
	if all == nil {
		all = []*laws.Request{r}
	}
	query, variables := body(r)
	sent := g.clock()
	answer, err := g.Post(ctx, query, variables)
	answered := g.clock()
	answers := make([]laws.Answer, len(all))
	for i, r := range all {
		a := &answers[i]
		*a = laws.Answer{Request: r, Client: client, Account: r.Account, Status: contract.Unknown, Sent: sent,
			Answered: answered}
		if err != nil {
			a.Note = err.Error()
		} else {
			readAnswer(answer, i, a)
		}
	}
	return answers
}

// readAnswer notes what an answer says. A payload tells what happened, also where an error says that a part of it
// could not be read. Such an error has a path that goes below the mutation, and does not say that nothing happened. Of
// a batch, the answer to one item is read.
func readAnswer(answer graphqlclient.Answer, item int, a *laws.Answer) {
	var data struct{ Payload *payload }
	if answer.Data != nil {
		if err := json.Unmarshal(answer.Data, &data); err != nil {
			a.Note = err.Error()
			return
		}
	}
	if data.Payload != nil {
		data.Payload.readItem(item, a)
	}
	switch {
	case len(answer.Errors) > 0:
		first := answer.Errors[0]
		a.Note = first.Error()
		if data.Payload == nil && first.Code() == "UNAVAILABLE" && len(first.Path) <= 1 {
			a.Status = contract.Unavailable
		}
	case data.Payload == nil:
		a.Note = "an answer without data"
	}
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

// readItem reads what was answered to an item of a batch, or to a request alone.
func (t payload) readItem(item int, a *laws.Answer) {
	switch {
	case a.Request.Together == nil:
		t.read(a)
	case item < len(t.Results):
		t.Results[item].read(a)
	case len(t.UserErrors) > 0:
		a.Status, a.Code = contract.NotTried, t.UserErrors[0].Code
	}
}

func (t payload) read(a *laws.Answer) {
	if t.Account != nil {
		a.Account = t.Account.ID
		a.AccountVersion, a.AccountBalance = t.Account.Version, minor(t.Account.Balance.Current)
	}
	if len(t.UserErrors) > 0 {
		first := t.UserErrors[0]
		a.Status, a.Code, a.Leg = contract.Refused, first.Code, first.Leg
		if first.Available != nil {
			a.Available = &bank.Money{Minor: minor(*first.Available), Currency: currency}
		}
		return
	}
	a.Status = contract.Applied
	if t.Status != "" {
		a.Status = contract.Status(strings.ReplaceAll(strings.ToLower(t.Status), "_", "-"))
	} else if t.Replayed {
		a.Status = contract.Replayed
	}
	if a.Acknowledged() {
		t.readDone(a)
	}
}

// readDone reads what happened.
func (t payload) readDone(a *laws.Answer) {
	if t.Transfer != nil {
		a.Ends = t.Transfer.Status
	}
	if t.Journal != nil {
		for _, leg := range t.Journal.Legs {
			saw := laws.Seen{Account: leg.AccountID}
			if leg.Transaction != nil {
				saw.Version, saw.Balance = leg.Transaction.Version, minor(leg.Transaction.BalanceAfter)
			}
			if a.Legs = append(a.Legs, saw); leg.AccountID == a.Request.Account && a.Version == 0 {
				a.Version, a.Balance = saw.Version, saw.Balance
			}
		}
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
