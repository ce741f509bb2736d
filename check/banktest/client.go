package banktest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

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

// Answer is a GraphQL answer.
type Answer struct {
	graphqlclient.Answer
	t     testing.TB
	query string
}

// Answers checks that the request succeeded and that its data matches want: see
// Match. want is a format for arguments.
func (a Answer) Answers(want string, arguments ...any) Answer {
	a.t.Helper()
	if len(a.Errors) > 0 {
		a.t.Errorf("%s\nanswered %+v", a.query, a.Errors)
		return a
	}
	match(a.t, a.query, a.Data, fmt.Sprintf(want, arguments...))
	return a
}

// match fails the test if JSON does not match want. It lists each difference.
func match(t testing.TB, what string, text json.RawMessage, want string) {
	t.Helper()
	differences, err := Match(text, want)
	if err != nil {
		t.Fatal(err)
	}
	if len(differences) == 0 {
		return
	}
	report := what
	for _, d := range differences {
		report += "\n  " + d
	}
	t.Errorf("%s\nin %s", report, text)
}

// Match compares JSON with what is wanted of it and returns the differences.
// want is JSON in which names and words need no quotation marks, such as
// {account: {status: OPEN, balance: {current: {value: "5.00"}}}}; decimals do
// need them. An object may have more fields than want names. A list must have
// exactly the elements of want.
func Match(text json.RawMessage, want string) ([]string, error) {
	var wanted, got any
	if err := yaml.Unmarshal([]byte(want), &wanted); err != nil {
		return nil, fmt.Errorf("%s: %w", want, err)
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return compare("answer", got, wanted), nil
}

func compare(path string, got, want any) (differences []string) {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			value, ok := object[name]
			if !ok {
				differences = append(differences, fmt.Sprintf("%s.%s is missing", path, name))
				continue
			}
			differences = append(differences, compare(path+"."+name, value, want[name])...)
		}
		return differences
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			break
		}
		for i := range want {
			differences = append(differences, compare(fmt.Sprintf("%s[%d]", path, i), list[i], want[i])...)
		}
		return differences
	case int:
		if got == float64(want) {
			return nil
		}
	default:
		if reflect.DeepEqual(got, want) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s is %s, want %s", path, jsonOf(got), jsonOf(want))}
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
