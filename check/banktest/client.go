package banktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// Client talks to a bank as a client program would, over HTTP. A test fails
// when the bank does not answer as GraphQL.
type Client struct {
	// URL is the gateway's, without a path.
	URL string
	// Token is what it signs in with; "" for nothing.
	Token string
	t     testing.TB
}

// NewClient is a client of the gateway at url that signs in with a token.
func NewClient(t testing.TB, url, token string) *Client { return &Client{URL: url, Token: token, t: t} }

// With is a client of the same gateway that signs in with another token.
func (c *Client) With(token string) *Client { return NewClient(c.t, c.URL, token) }

// Answer is a GraphQL answer.
type Answer struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// Send sends a GraphQL request. An error means that there was no answer.
func (c *Client) Send(query string, variables map[string]any) (answer Answer, err error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return answer, err
	}
	request, err := http.NewRequest(http.MethodPost, c.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return answer, fmt.Errorf("%s: %s", response.Status, text)
	}
	return answer, nil
}

// Do is a Send that must be answered.
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
	answer := c.Do(query, variables)
	if len(answer.Errors) > 0 {
		c.t.Fatalf("%s\nanswered %+v", query, answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, out); err != nil {
		c.t.Fatalf("%s: %v", answer.Data, err)
	}
}

const openAccount = `mutation($owner: String!, $currency: CurrencyCode!, $key: String!) {
  openAccount(input: {owner: $owner, currency: $currency, idempotencyKey: $key}) { account { id } userErrors { message } }
}`

// Open opens an account in EUR under an idempotency key and returns its id.
func (c *Client) Open(key string) string {
	c.t.Helper()
	var got struct {
		OpenAccount struct{ Account struct{ ID string } }
	}
	c.Get(openAccount, map[string]any{"owner": "Ada Lovelace", "currency": "EUR", "key": key}, &got)
	if got.OpenAccount.Account.ID == "" {
		c.t.Fatalf("no account was opened: %+v", got)
	}
	return got.OpenAccount.Account.ID
}

// payment is a mutation that moves money, with everything that it can answer.
const payment = `mutation($id: ID!, $value: Decimal!, $currency: CurrencyCode!, $key: String!, $memo: String) {
  paid: %s(input: {accountId: $id, amount: {value: $value, currency: $currency}, idempotencyKey: $key, memo: $memo}) {
    replayed
    account { version balance { current { value } available { value } } }
    transaction { id type amount { value } balanceAfter { value } version memo }
    userErrors { __typename code message path
      ... on InsufficientFunds { available { value } shortfall { value } }
      ... on IdempotencyConflict { fields }
      ... on InvalidAmount { maxPrecision }
      ... on CurrencyMismatch { expected }
    }
  }
}`

// Paid is the answer to a payment.
type Paid struct {
	Replayed bool
	Account  *struct {
		Version int
		Balance struct{ Current, Available struct{ Value string } }
	}
	Transaction *struct {
		ID, Type, Memo       string
		Amount, BalanceAfter struct{ Value string }
		Version              int
	}
	UserErrors []struct {
		Typename             string `json:"__typename"`
		Code, Message        string
		Path, Fields         []string
		Available, Shortfall struct{ Value string }
		MaxPrecision         int
		Expected             string
	}
}

// Memo is the note on every payment of a Client.
const Memo = "päivää ✓"

// Deposit pays into an account.
func (c *Client) Deposit(id, value, currency, key string) Paid {
	c.t.Helper()
	return c.pay("deposit", id, value, currency, key)
}

// Withdraw pays out of an account.
func (c *Client) Withdraw(id, value, currency, key string) Paid {
	c.t.Helper()
	return c.pay("withdraw", id, value, currency, key)
}

func (c *Client) pay(mutation, id, value, currency, key string) Paid {
	c.t.Helper()
	var got struct{ Paid Paid }
	c.Get(fmt.Sprintf(payment, mutation), map[string]any{"id": id, "value": value, "currency": currency, "key": key, "memo": Memo}, &got)
	return got.Paid
}

// Line is one line of a history.
type Line struct {
	Version              int
	Amount, BalanceAfter struct{ Value string }
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
		c.Get(`query($id: ID!, $first: Int!, $after: String) { history(accountId: $id, first: $first, after: $after) {
		  nodes { version amount { value } balanceAfter { value } } pageInfo { hasNextPage endCursor } } }`,
			map[string]any{"id": id, "first": page, "after": after}, &got)
		lines = append(lines, got.History.Nodes...)
		if !got.History.PageInfo.HasNextPage {
			return lines
		}
		after = got.History.PageInfo.EndCursor
	}
}

// maxLooks is how often Balance waits its ten seconds: a bank at work on a busy
// machine may take longer than one of them.
const maxLooks = 6

// Balance waits until the views show a version of the account and returns its
// balance.
func (c *Client) Balance(id string, minVersion int) (value string, version int) {
	c.t.Helper()
	var got struct {
		Balance struct {
			Current struct{ Value string }
			Version int
		}
	}
	const ask = `query($id: ID!, $v: Int!) { balance(accountId: $id, minVersion: $v, waitMs: 10000) { current { value } version } }`
	var answer Answer
	for range maxLooks {
		answer = c.Do(ask, map[string]any{"id": id, "v": minVersion})
		if len(answer.Errors) != 1 || answer.Errors[0].Extensions["code"] != "NOT_YET_VISIBLE" {
			break
		}
	}
	if len(answer.Errors) > 0 {
		c.t.Fatalf("%s\nanswered %+v", ask, answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, &got); err != nil {
		c.t.Fatalf("%s: %v", answer.Data, err)
	}
	return got.Balance.Current.Value, got.Balance.Version
}
