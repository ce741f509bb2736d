//go:build linux

package compose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"corebank/check/graphqlclient"
	"corebank/internal/app"
)

// Bounds of the load: enough to have payments under way at every moment, and little
// enough to leave the processors to what is being started again.
const (
	clients        = 4
	accounts       = 24
	betweenTwo     = 10 * time.Millisecond
	requestTimeout = 10 * time.Second
	patience       = 3 * time.Minute // of a client for one payment
	retryEvery     = 100 * time.Millisecond
)

// payments are clients that pay in, and what they were answered.
type payments struct {
	gateways []graphqlclient.Client
	accounts []string

	mu       sync.Mutex
	cents    map[string]int64   // acknowledged, by account
	versions map[string][]int64 // of the account, one of each payment
	count    int
	retried  int
	lastPaid string    // the account that was
	last     time.Time // of the last acknowledgement
	longest  time.Duration
	failed   error
}

func newPayments(token string, gateways ...string) *payments {
	p := &payments{cents: make(map[string]int64), versions: make(map[string][]int64)}
	for _, url := range gateways {
		p.gateways = append(p.gateways,
			graphqlclient.Client{URL: url, Token: token, HTTP: &http.Client{Timeout: requestTimeout}})
	}
	return p
}

const openMutation = `mutation($key: String!, $owner: String!) {
  payload: openAccount(input: {owner: $owner, currency: "EUR", idempotencyKey: $key}) {
    account { id } userErrors { code message } } }`

const depositMutation = `mutation($id: ID!, $value: Decimal!, $key: String!) {
  payload: deposit(input: {accountId: $id, amount: {value: $value, currency: "EUR"}, idempotencyKey: $key}) {
    transaction { version } userErrors { code message } } }`

type payload struct {
	Account     *struct{ ID string }
	Transaction *struct{ Version int64 }
	UserErrors  []struct{ Code, Message string }
}

// settle sends a mutation until its outcome is known, first to one of the gateways and
// each time again to the next one. A refusal is an error.
func (p *payments) settle(ctx context.Context, first int, mutation string, variables map[string]any) (payload, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for try := first; ; try++ {
		answer, err := p.gateways[try%len(p.gateways)].Post(ctx, mutation, variables)
		var data struct{ Payload *payload }
		if err == nil && answer.Data != nil {
			err = json.Unmarshal(answer.Data, &data)
		}
		switch done := data.Payload; {
		case err == nil && done != nil && len(done.UserErrors) > 0:
			return *done, fmt.Errorf("refused: %+v", done.UserErrors)
		case err == nil && done != nil && (done.Account != nil || done.Transaction != nil):
			return *done, nil
		case err == nil && len(answer.Errors) > 0:
			if err = answer.Errors[0]; answer.Errors[0].Extensions["retryable"] != true {
				return payload{}, err
			}
		}
		p.mu.Lock()
		p.retried++
		p.mu.Unlock()
		if !app.Pause(ctx, retryEvery) {
			return payload{}, fmt.Errorf("no outcome after %v: %w", patience, err)
		}
	}
}

func (p *payments) open(ctx context.Context) error {
	for n := range accounts {
		variables := map[string]any{"key": fmt.Sprint("open-", n), "owner": fmt.Sprint("Owner ", n)}
		done, err := p.settle(ctx, n, openMutation, variables)
		if err != nil {
			return err
		}
		p.accounts = append(p.accounts, done.Account.ID)
	}
	return nil
}

// run pays in until ctx ends, and then waits for what is under way.
func (p *payments) run(ctx context.Context) {
	p.last = time.Now()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(client), 19))
			for n := 0; app.Pause(ctx, betweenTwo); n++ {
				account, cents := p.accounts[random.IntN(len(p.accounts))], 1+random.Int64N(99_999)
				done, err := p.settle(context.WithoutCancel(ctx), client+n, depositMutation, map[string]any{"id": account,
					"value": decimal(cents), "key": fmt.Sprintf("pay-%d-%d", client, n)})
				p.note(account, cents, done, err)
			}
		})
	}
	all.Wait()
}

func decimal(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// during pays in while something is done, and fails the test for a payment that failed.
func (p *payments) during(t *testing.T, do func()) {
	t.Helper()
	loading, stop := context.WithCancel(t.Context())
	paid := make(chan struct{})
	go func() { defer close(paid); p.run(loading) }()
	do()
	stop()
	<-paid
	count, _, failed := p.status()
	if failed != nil {
		t.Fatal(failed)
	}
	t.Logf("%d payments were acknowledged, %d answers were asked for again", count, p.retried)
}

func (p *payments) note(account string, cents int64, done payload, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed = errors.Join(p.failed, err)
		return
	}
	p.count++
	p.lastPaid = account
	p.cents[account] += cents
	p.versions[account] = append(p.versions[account], done.Transaction.Version)
	p.longest = max(p.longest, time.Since(p.last))
	p.last = time.Now()
}

// status is how many payments were acknowledged, and the longest time without one
// since the last question.
func (p *payments) status() (count int, longest time.Duration, failed error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest = p.longest
	p.longest = 0
	return p.count, longest, p.failed
}

// awaitMore waits for some more payments than so many.
func (p *payments) awaitMore(ctx context.Context, than int) error {
	for {
		count, failed := p.progress()
		if failed != nil || count > than+clients {
			return failed
		}
		if !app.Pause(ctx, tick) {
			return errors.New("no payment is acknowledged any more")
		}
	}
}

func (p *payments) progress() (count int, failed error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count, p.failed
}
