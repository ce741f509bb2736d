package demo

import (
	"fmt"
	"maps"
	"strings"
)

// clerk does what the story says, one request after the other, up to the first that
// fails.
type clerk struct {
	send   func(operation string, input map[string]any) (reply, error)
	result Result
	err    error
}

// account is an account of the story.
type account struct{ id, currency string }

// opening is a new account, and the key under which it is opened.
type opening struct{ key, owner, name, kind, currency, branch string }

// do sends a request under a key of the demo.
func (c *clerk) do(operation, key string, input map[string]any) reply {
	return c.request(operation, "demo-"+strings.ToLower(key), input)
}

func (c *clerk) request(operation, key string, input map[string]any) reply {
	if c.err != nil {
		return reply{}
	}
	input = maps.Clone(input)
	input["idempotencyKey"] = key
	answer, err := c.send(operation, input)
	switch {
	case err != nil:
		c.err = err
	case len(answer.UserErrors) > 0 && answer.UserErrors[0].Code == apart:
		c.result.Apart++
	case len(answer.UserErrors) > 0:
		c.err = fmt.Errorf("%s %s was refused: %s", operation, key, answer.UserErrors[0].Message)
	case !answer.Replayed:
		c.result.New++
	}
	return answer
}

func (c *clerk) open(o opening) account {
	answer := c.do("openAccount", o.key, map[string]any{"owner": o.owner, "currency": o.currency, "name": o.name,
		"kind": o.kind, "externalId": "demo-" + o.key,
		"metadata": []map[string]string{{"key": "branch", "value": o.branch}}})
	c.result.Accounts++
	return account{answer.Account.AccountID, o.currency}
}

// person opens the first account of a person.
func (c *clerk) person(owner, currency, branch string) account {
	c.result.People++
	key, _, _ := strings.Cut(owner, " ")
	return c.open(opening{strings.ToLower(key), owner, "Everyday", "CURRENT", currency, branch})
}

func (c *clerk) company(key, owner, currency, branch string) account {
	c.result.Companies++
	return c.open(opening{key, owner, "Business", "BUSINESS", currency, branch})
}

func (a account) amount(value string) map[string]string {
	return map[string]string{"value": value, "currency": a.currency}
}

// on is a request about an account.
func (a account) on(more map[string]any) map[string]any {
	more["accountId"] = a.id
	return more
}

// paying is a payment. Its reference is unique within the account that pays, or
// within the only one.
func (a account) paying(value, reference, memo string) map[string]any {
	return map[string]any{"amount": a.amount(value), "reference": reference, "memo": memo}
}

func (c *clerk) deposit(to account, value, reference, memo string) {
	c.do("deposit", reference, to.on(to.paying(value, reference, memo)))
}

func (c *clerk) withdraw(from account, value, reference, memo string) (transaction string) {
	return c.do("withdraw", reference, from.on(from.paying(value, reference, memo))).Transaction.ID
}

// maxWait is how long a transfer may take to arrive, in milliseconds. It takes time
// only where the log has several partitions.
const maxWait = 10_000

func (c *clerk) transfer(from, to account, value, reference, memo string) (transaction string) {
	input := from.paying(value, reference, memo)
	input["fromAccountId"], input["toAccountId"], input["waitMs"] = from.id, to.id, maxWait
	return c.do("transfer", reference, input).Transaction.ID
}

// hold reserves money, as a card terminal does.
func (c *clerk) hold(on account, value, reference, memo string) (hold string) {
	return c.do("placeHold", reference, on.on(on.paying(value, reference, memo))).Hold.HoldID
}

// card is a payment by card: more is reserved than is paid in the end.
func (c *clerk) card(on account, reserved, paid, reference, memo string) {
	hold := c.hold(on, reserved, reference, memo)
	c.do("captureHold", reference+"-paid", map[string]any{"holdId": hold, "amount": on.amount(paid),
		"releaseRest": true, "reference": reference, "memo": memo})
}

func (c *clerk) reverse(transaction string, of account, value, key, reason string) {
	c.do("reverse", key, map[string]any{"transactionId": transaction, "amount": of.amount(value), "reason": reason,
		"waitMs": maxWait})
}

// leg is a part of what is posted on several accounts at once.
func (a account) leg(direction, value, memo string) map[string]any {
	return a.on(map[string]any{"direction": direction, "amount": a.amount(value), "memo": memo})
}
