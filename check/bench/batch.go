package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
)

func openBatch(ctx context.Context, l *lab) ([]measured, error) {
	t, err := l.uniform(ctx)
	if err != nil {
		return nil, err
	}
	load := l.load(batchClients)
	each := fmt.Sprintf("%s, each request with %d deposits", count(load.Clients, "client"), batchItems)
	return []measured{
		l.moves(caseBatch, "commands", fmt.Sprintf("%s on any of %s: a turn of an actor for each", each, count(len(t.accounts), "account")), t, load,
			t.batches(func(int) int { return rand.IntN(len(t.accounts)) })),
		l.moves(caseBatchOne, "commands", each+" on one account: one turn for all", t, load,
			t.batches(func(client int) int { return client % len(t.accounts) })),
	}, nil
}

// batches are batches of deposits on accounts that choose picks for a client.
func (t *till) batches(choose func(client int) int) operation {
	return func(ctx context.Context, client, _ int) (int, error) {
		chosen := make([]int, batchItems)
		for n := range chosen {
			chosen[n] = choose(client)
		}
		return t.batch(ctx, chosen, moveMinor)
	}
}

// batch deposits an amount on each of some accounts, in one request.
func (t *till) batch(ctx context.Context, chosen []int, minor int64) (done int, err error) {
	answer, err := t.gateway.mutate(ctx, t.batchRequest(chosen, minor))
	if err == nil && len(answer.Results) != len(chosen) {
		err = fmt.Errorf("%w: %d results of %d", errDoubt, len(answer.Results), len(chosen))
	}
	if err != nil {
		for _, i := range chosen {
			t.settle(err, map[int]int64{i: minor})
		}
		return 0, err
	}
	failures := make([]error, 0, 1)
	for n, i := range chosen {
		failed := answer.Results[n].failed()
		t.settle(failed, map[int]int64{i: minor})
		if failed != nil {
			failures = append(failures, failed)
		}
	}
	return len(chosen) - len(failures), errors.Join(failures...)
}

// failed is nil if the item happened now.
func (r itemResult) failed() error {
	switch {
	case r.Status == "APPLIED":
		return nil
	case len(r.UserErrors) > 0 && r.Status == "REFUSED":
		return fmt.Errorf("refused: %s: %s", r.UserErrors[0].Code, r.UserErrors[0].Message)
	case r.Status == "UNAVAILABLE" || r.Status == "NOT_TRIED":
		return fmt.Errorf("nothing happened: %s", r.Status)
	default:
		return fmt.Errorf("%w: %s", errDoubt, r.Status)
	}
}

func (t *till) batchRequest(chosen []int, minor int64) []byte {
	text := make([]byte, 0, 200*len(chosen)+500)
	text = append(append(append(text, `{"query":`...), jsonText(batchText)...), `,"variables":{"items":[`...)
	for n, i := range chosen {
		if n > 0 {
			text = append(text, ',')
		}
		text = append(append(text, `{"deposit":{"accountId":"`...), t.accounts[i].id...)
		text = append(append(text, `","amount":{"value":"`...), centsText(minor)...)
		text = append(append(text, `","currency":"EUR"},"idempotencyKey":"`...), t.key()...)
		text = append(text, `","reference":"salary"}}`...)
	}
	return append(text, `]}}`...)
}

// centsText is an amount in cents as the API has it.
func centsText(minor int64) string {
	return strconv.FormatInt(minor/100, 10) + fmt.Sprintf(".%02d", minor%100)
}

// fundClients pay in at the same time.
const fundClients = 4

// fund pays fundMinor in on each account.
func (t *till) fund(ctx context.Context) error {
	failures := make([]error, fundClients)
	var all sync.WaitGroup
	for n := range failures {
		all.Go(func() {
			for from := n * batchItems; from < len(t.accounts) && failures[n] == nil; from += fundClients * batchItems {
				chosen := make([]int, min(batchItems, len(t.accounts)-from))
				for k := range chosen {
					chosen[k] = from + k
				}
				_, failures[n] = t.batch(ctx, chosen, fundMinor)
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}
