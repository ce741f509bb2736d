package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// What clients send. Answers are what a client shows of a movement.
const (
	payload = `{ account { id } transaction { id version amount { value } balanceAfter { value } occurredAt } replayed userErrors { code message } }`

	openText = `mutation($owner: String!, $key: String!) { done: openAccount(input: {owner: $owner, currency: "EUR", idempotencyKey: $key}) ` +
		`{ account { id } userErrors { code message } } }`
	depositText = `mutation($id: ID!, $key: String!) { done: deposit(input: {accountId: $id, amount: {value: "` + moveText +
		`", currency: "EUR"}, idempotencyKey: $key, reference: "salary"}) ` + payload + ` }`
	withdrawText = `mutation($id: ID!, $key: String!) { done: withdraw(input: {accountId: $id, amount: {value: "` + moveText +
		`", currency: "EUR"}, idempotencyKey: $key, reference: "rent"}) ` + payload + ` }`
	transferText = `mutation($id: ID!, $to: ID!, $key: String!) { done: transfer(input: {fromAccountId: $id, toAccountId: $to, amount: {value: "` + moveText +
		`", currency: "EUR"}, idempotencyKey: $key, reference: "gift"}) ` + payload + ` }`
	referenceText = `mutation($id: ID!, $key: String!, $reference: String!) { done: deposit(input: {accountId: $id, amount: {value: "` + moveText +
		`", currency: "EUR"}, idempotencyKey: $key, reference: $reference}) ` + payload + ` }`
	batchText = `mutation($items: [BatchItemInput!]!) { done: postBatch(input: {items: $items}) ` +
		`{ results { status transaction { id version balanceAfter { value } } userErrors { code message } } userErrors { code message } } }`
)

// userError is a refusal.
type userError struct{ Code, Message string }

// mutated is what the bank answers to a mutation.
type mutated struct {
	Account     *struct{ ID string }
	Transaction *struct {
		ID      string
		Version int64
	}
	Results    []itemResult
	UserErrors []userError
}

// itemResult is what became of an item of a batch.
type itemResult struct {
	Status     string
	UserErrors []userError
}

// errDoubt says that nobody knows whether a mutation took effect.
var errDoubt = errors.New("the outcome is not known")

// requestOf is a request in the form of GraphQL over HTTP.
func requestOf(query string, variables any) []byte {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // strings and maps of strings
	}
	return body
}

// mutate sends a mutation whose payload is called done. A refusal is an error
// like any other: a load is made so that there is none.
func (g gateway) mutate(ctx context.Context, body []byte) (mutated, error) {
	text, err := g.send(ctx, body)
	if err != nil {
		return mutated{}, fmt.Errorf("%w: %w", errDoubt, err)
	}
	return readMutated(text)
}

// readMutated tells apart what happened, what was refused and what nobody
// knows.
func readMutated(text []byte) (mutated, error) {
	var answer struct {
		Data   struct{ Done *mutated }
		Errors []struct{ Message string }
	}
	if err := decode(text, &answer); err != nil {
		return mutated{}, fmt.Errorf("%w: the gateway answers %.200q: %w", errDoubt, text, err)
	}
	if len(answer.Errors) > 0 || answer.Data.Done == nil {
		return mutated{}, fmt.Errorf("%w: the gateway answers %.200s", errDoubt, text)
	}
	if refused := answer.Data.Done.UserErrors; len(refused) > 0 {
		return *answer.Data.Done, fmt.Errorf("refused: %s: %s", refused[0].Code, refused[0].Message)
	}
	return *answer.Data.Done, nil
}

// moveRequest writes the request of a movement on one account, with more
// variables as names and values. It writes the text itself, because a load has
// to be cheaper than what it measures; ids, keys and references have nothing in
// them that JSON would escape.
func moveRequest(query, id, key string, more ...string) []byte {
	text := make([]byte, 0, 800)
	text = append(append(append(text, `{"query":`...), jsonText(query)...), `,"variables":{"id":"`...)
	text = append(append(text, id...), `","key":"`...)
	text = append(text, key...)
	for n := 0; n+1 < len(more); n += 2 {
		text = append(append(text, `","`...), more[n]...)
		text = append(append(text, `":"`...), more[n+1]...)
	}
	return append(text, `"}}`...)
}

// jsonText is a query as a JSON string: all that needs escaping in ours is
// quotation marks.
func jsonText(query string) string { return `"` + strings.ReplaceAll(query, `"`, `\"`) + `"` }
