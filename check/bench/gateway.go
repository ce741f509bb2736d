package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	fastjson "github.com/go-json-experiment/json"
	"github.com/valyala/fasthttp"

	"corebank/check/graphqlclient"
	"corebank/internal/app"
)

// Bounds of a request to the bank, and of the wait for its views.
const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 4 << 20
	settlePause    = 50 * time.Millisecond
	settleTimeout  = 30 * time.Minute
)

// gateway is the API as clients use it, over connections that stay open. A load
// shares the machine with what it measures. It therefore uses an HTTP client
// without goroutines of its own: a request costs half of what it costs with
// net/http.
type gateway struct {
	graphqlclient.Client // for websockets
	path                 string
	http                 *fasthttp.Client
}

func (e *env) newGateway(b *runningBank, clients int) gateway {
	client := &fasthttp.Client{MaxConnsPerHost: clients, MaxConnWaitTimeout: requestTimeout,
		MaxResponseBodySize: maxAnswer}
	e.onClose(func() error { client.CloseIdleConnections(); return nil })
	return gateway{graphqlclient.Client{URL: b.url, Token: b.token}, "/graphql", client}
}

func (g gateway) at(path string) gateway {
	g.path = path
	return g
}

// send posts a request and returns the answer unread.
func (g gateway) send(ctx context.Context, body []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(answer)
	request.Header.SetMethod(http.MethodPost)
	request.SetRequestURI(g.URL + g.path)
	request.Header.SetContentType("application/json")
	request.Header.Set("Authorization", "Bearer "+g.Token)
	request.SetBodyRaw(body)
	if err := g.http.DoTimeout(request, answer, requestTimeout); err != nil {
		return nil, err
	}
	text := bytes.Clone(answer.Body())
	if status := answer.StatusCode(); status != http.StatusOK {
		return nil, fmt.Errorf("the gateway answers %d %s: %.200s", status, http.StatusText(status), bytes.TrimSpace(text))
	}
	return text, nil
}

// variables are those of a request, and objects in it.
type variables map[string]any

func requestOf(query string, v variables) []byte {
	body, err := fastjson.Marshal(struct {
		Query     string    `json:"query"`
		Variables variables `json:"variables"`
	}{query, v})
	if err != nil {
		panic(err) // strings only
	}
	return body
}

type answered[T any] struct {
	Data   T
	Errors []struct{ Message string }
}

func (g gateway) query(ctx context.Context, query string, v variables, data any) error {
	text, err := g.send(ctx, requestOf(query, v))
	if err != nil {
		return err
	}
	answer := answered[any]{Data: data}
	if err := decode(text, &answer); err != nil {
		return fmt.Errorf("the gateway answers %.200q: %w", text, err)
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	return nil
}

// decode costs the measured machine less than half of what encoding/json costs.
func decode(text []byte, into any) error {
	return fastjson.Unmarshal(text, into, fastjson.MatchCaseInsensitiveNames(true))
}

// progress is how far the log, the topic and the views are.
func (g gateway) progress(ctx context.Context) (head, published, lag int64, err error) {
	var got struct {
		SystemStatus struct{ Head, Published, Lag int64 }
	}
	err = g.query(ctx, "{ systemStatus { head published lag } }", nil, &got)
	return got.SystemStatus.Head, got.SystemStatus.Published, got.SystemStatus.Lag, err
}

func (g gateway) head(ctx context.Context) (int64, error) {
	head, _, _, err := g.progress(ctx)
	return head, err
}

// settled waits until the views show the whole log.
func (g gateway) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for {
		head, published, lag, err := g.progress(ctx)
		if err == nil && lag == 0 && published == head {
			return nil
		}
		if !app.Pause(ctx, settlePause) {
			return fmt.Errorf("the views have not caught up: %w", errors.Join(ctx.Err(), err))
		}
	}
}

// The mutations. They select what a client shows of a movement.
const (
	answer = `account { id } transaction { id version amount { value } balanceAfter { value } occurredAt } ` +
		`replayed userErrors { code message }`
	payload   = `{ ` + answer + ` }`
	moveInput = `amount: {value: "` + moveText + `", currency: "EUR"}, idempotencyKey: $key, reference: `

	openMutation = `mutation($owner: String!, $key: String!) { done: openAccount(` +
		`input: {owner: $owner, currency: "EUR", idempotencyKey: $key}) { account { id } userErrors { code message } } }`
	depositMutation = `mutation($id: ID!, $key: String!) { done: deposit(` +
		`input: {accountId: $id, ` + moveInput + `"salary"}) ` + payload + ` }`
	withdrawMutation = `mutation($id: ID!, $key: String!) { done: withdraw(` +
		`input: {accountId: $id, ` + moveInput + `"rent"}) ` + payload + ` }`
	transferMutation = `mutation($id: ID!, $to: ID!, $key: String!) { done: transfer(` +
		`input: {fromAccountId: $id, toAccountId: $to, ` + moveInput + `"gift"}) ` + payload + ` }`
	endedTransferMutation = `mutation($id: ID!, $to: ID!, $key: String!) { done: transfer(` +
		`input: {fromAccountId: $id, toAccountId: $to, waitMs: 10000, ` + moveInput + `"gift"}) ` +
		`{ transfer { status } ` + answer + ` } }`
	referenceMutation = `mutation($id: ID!, $key: String!, $reference: String!) { done: deposit(` +
		`input: {accountId: $id, ` + moveInput + `$reference}) ` + payload + ` }`
	postMutation = `mutation($legs: [LegInput!]!, $key: String!) { done: postTransaction(` +
		`input: {legs: $legs, idempotencyKey: $key}) { journal { id postedAt legs { index accountId amount { value } } } ` +
		`replayed userErrors { code message } } }`
	batchMutation = `mutation($items: [BatchItemInput!]!) { done: postBatch(input: {items: $items}) ` +
		`{ results { status transaction { id version balanceAfter { value } } userErrors { code message } } ` +
		`userErrors { code message } } }`
)

type mutated struct {
	Account     *struct{ ID string }
	Transaction *struct {
		ID      string
		Version int64
	}
	Transfer   *struct{ Status string }
	Journal    *struct{ ID string }
	Results    []itemResult
	UserErrors []userError
}

type userError struct{ Code, Message string }

func (e userError) refusal() error { return fmt.Errorf("refused: %s: %s", e.Code, e.Message) }

type itemResult struct {
	Status     string
	UserErrors []userError
}

// errUnknown says that a mutation may or may not have taken effect.
var errUnknown = errors.New("the outcome is not known")

// mutate sends a mutation whose payload is called done. A refusal is an error
// like any other: a load is designed to have none.
func (g gateway) mutate(ctx context.Context, mutation string, v variables) (mutated, error) {
	text, err := g.send(ctx, requestOf(mutation, v))
	if err != nil {
		return mutated{}, fmt.Errorf("%w: %w", errUnknown, err)
	}
	return readMutated(text)
}

// readMutated distinguishes success, refusal and an unknown outcome.
func readMutated(text []byte) (mutated, error) {
	var answer answered[struct{ Done *mutated }]
	if err := decode(text, &answer); err != nil {
		return mutated{}, fmt.Errorf("%w: the gateway answers %.200q: %w", errUnknown, text, err)
	}
	if len(answer.Errors) > 0 || answer.Data.Done == nil {
		return mutated{}, fmt.Errorf("%w: the gateway answers %.200s", errUnknown, text)
	}
	if refused := answer.Data.Done.UserErrors; len(refused) > 0 {
		return *answer.Data.Done, refused[0].refusal()
	}
	return *answer.Data.Done, nil
}
