package banktest

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"corebank/check/graphqlclient"
)

// Client uses a bank as a client program would, over HTTP. A test fails when the
// bank's answer is not GraphQL.
type Client struct {
	graphqlclient.Client
	t testing.TB
}

// NewClient is a client of the gateway at url that signs in with a token.
func NewClient(t testing.TB, url, token string) *Client {
	return &Client{graphqlclient.Client{URL: url, Token: token, HTTP: http.DefaultClient}, t}
}

// With is a client of the same gateway that signs in with another token.
func (c *Client) With(token string) *Client { return NewClient(c.t, c.URL, token) }

// Send sends a GraphQL request. An error means that there was no answer.
func (c *Client) Send(query string, variables map[string]any) (Answer, error) {
	answer, err := c.Post(context.Background(), query, variables)
	return Answer{answer, c.t, query}, err
}

// Do is a Send that must be answered: see Answer.Answers and Answer.Fails.
func (c *Client) Do(query string, variables map[string]any) Answer {
	c.t.Helper()
	answer, err := c.Send(query, variables)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer
}

// Get sends a request that must succeed and decodes its data into out.
func (c *Client) Get(query string, variables map[string]any, out any) {
	c.t.Helper()
	c.Do(query, variables).Decode(out)
}

// Decode decodes the data of a request that must have succeeded.
func (a Answer) Decode(out any) {
	a.t.Helper()
	if len(a.Errors) > 0 {
		a.t.Fatalf("%s\nanswered %+v", a.query, a.Errors)
	}
	if err := json.Unmarshal(a.Data, out); err != nil {
		a.t.Fatalf("%s: %v", a.Data, err)
	}
}

// Open opens an account in EUR under an idempotency key and returns its id.
func (c *Client) Open(key string) string {
	c.t.Helper()
	input := map[string]any{"owner": "Ada Lovelace", "currency": "EUR", "idempotencyKey": key}
	return c.Must("openAccount", input).Account.ID
}

// Memo is the note on every payment of Deposit and Withdraw.
const Memo = "päivää ✓"

// Deposit pays into an account.
func (c *Client) Deposit(id, value, currency, key string) Posted {
	c.t.Helper()
	return c.Mutate("deposit", payment(id, value, currency, key))
}

// Withdraw pays out of an account.
func (c *Client) Withdraw(id, value, currency, key string) Posted {
	c.t.Helper()
	return c.Mutate("withdraw", payment(id, value, currency, key))
}

func payment(id, value, currency, key string) map[string]any {
	amount := map[string]any{"value": value, "currency": currency}
	return map[string]any{"accountId": id, "amount": amount, "idempotencyKey": key, "memo": Memo}
}

// Line is one line of a history.
type Line struct {
	Version              int
	Amount, BalanceAfter Money
}

// History reads all of an account's history, newest first, in pages.
func (c *Client) History(id string, page int) []Line {
	c.t.Helper()
	var lines []Line
	for after := any(nil); ; {
		var got struct {
			History struct {
				Nodes    []Line
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		c.Get(`query($id: ID!, $first: Int!, $after: String) {
		  history(accountId: $id, first: $first, after: $after) {
		    nodes { version amount { value } balanceAfter { value } } pageInfo { hasNextPage endCursor }
		  }
		}`,
			map[string]any{"id": id, "first": page, "after": after}, &got)
		lines = append(lines, got.History.Nodes...)
		if !got.History.PageInfo.HasNextPage {
			return lines
		}
		after = got.History.PageInfo.EndCursor
	}
}

// balanceTries is how often Balance waits ten seconds: a bank under load on a
// busy machine may take longer than that.
const balanceTries = 6

// Balance waits until the views show a version of the account and returns its
// balance.
func (c *Client) Balance(id string, minVersion int) (value string, version int) {
	c.t.Helper()
	const query = `query($id: ID!, $v: Int!) {
	  balance(accountId: $id, minVersion: $v, waitMs: 10000) { current { value } version }
	}`
	var answer Answer
	for range balanceTries {
		answer = c.Do(query, map[string]any{"id": id, "v": minVersion})
		if len(answer.Errors) != 1 || answer.Errors[0].Code() != "NOT_YET_VISIBLE" {
			break
		}
	}
	var got struct {
		Balance struct {
			Current Money
			Version int
		}
	}
	answer.Decode(&got)
	return got.Balance.Current.Value, got.Balance.Version
}
