package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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

func (g *gateway) ask(ctx context.Context, client string, r *laws.Request) laws.Answer {
	a := laws.Answer{Request: r, Client: client, Account: r.Account, Status: contract.Unknown}
	query, variables := body(r)
	a.Sent = g.clock()
	answer, err := g.Post(ctx, query, variables)
	a.Answered = g.clock()
	if err != nil {
		a.Note = err.Error()
		return a
	}
	readAnswer(answer, &a)
	return a
}

// readAnswer notes what an answer says. A payload tells what happened, also where an error says that a part of it
// could not be read. Such an error has a path that goes below the mutation, and does not say that nothing happened.
func readAnswer(answer graphqlclient.Answer, a *laws.Answer) {
	var data struct{ Payload *payload }
	if answer.Data != nil {
		if err := json.Unmarshal(answer.Data, &data); err != nil {
			a.Note = err.Error()
			return
		}
	}
	if data.Payload != nil {
		data.Payload.read(a)
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

// queryMutation calls what happened by one name in the answer.
const queryMutation = `mutation($input: %sInput!) { payload: %s(input: $input) {
    replayed account { id version balance { current { value } } }
    transaction { version balanceAfter { value } } %s
    userErrors { code ... on InsufficientFunds { available { value } } } } }`

// outcomeWait is how long those wait for the end of a transfer who do.
const outcomeWait = 500 * time.Millisecond

type input map[string]any

func body(r *laws.Request) (query string, variables map[string]any) {
	mutation, in := mutationOf(r)
	in["idempotencyKey"] = r.Key
	also := ""
	switch mutation {
	case "placeHold":
		also = "hold { id }"
	case "transfer", "reverse":
		if r.Waits {
			in["waitMs"] = outcomeWait.Milliseconds()
		}
	}
	kind := strings.ToUpper(mutation[:1]) + mutation[1:]
	return fmt.Sprintf(queryMutation, kind, mutation, also), map[string]any{"input": in}
}

func mutationOf(r *laws.Request) (name string, in input) {
	in = input{"accountId": r.Account}
	switch c := r.Command.(type) {
	case bank.OpenAccount:
		return "openAccount", input{"owner": c.Owner, "currency": c.Currency}
	case bank.CloseAccount:
		return "closeAccount", in
	case bank.Deposit:
		in["memo"] = c.Memo
		return "deposit", in.with(&c.Amount, time.Time{})
	case bank.Withdraw:
		return "withdraw", in.with(&c.Amount, time.Time{})
	case bank.SendTransfer:
		return "transfer", input{"fromAccountId": r.Account, "toAccountId": c.To}.with(&c.Amount, time.Time{})
	case bank.PlaceHold:
		return "placeHold", in.with(&c.Amount, c.ExpiresAt)
	case bank.AdjustHold:
		return "adjustHold", input{"holdId": within(r, "hld_", c.Hold)}.with(c.Amount, c.ExpiresAt)
	case bank.CaptureHold:
		in = input{"holdId": within(r, "hld_", c.Hold), "releaseRest": c.ReleaseRest}
		return "captureHold", in.with(c.Amount, time.Time{})
	case bank.ReleaseHold:
		return "releaseHold", input{"holdId": within(r, "hld_", c.Hold)}
	case bank.Reverse:
		in = input{"transactionId": within(r, "txn_", c.Transaction), "reason": c.Reason}
		return "reverse", in.with(c.Amount, time.Time{})
	case bank.FreezeAccount:
		in["reason"], in["scope"] = c.Reason, map[[2]bool]string{{true, true}: "BOTH", {true, false}: "DEBITS",
			{false, true}: "CREDITS"}[[2]bool{c.Debits, c.Credits}]
		return "freezeAccount", in
	case bank.UnfreezeAccount:
		return "unfreezeAccount", in
	default:
		panic(fmt.Sprintf("torture: no mutation for command %T", c))
	}
}

// with adds an amount and a moment where there are such.
func (in input) with(amount *bank.Money, expires time.Time) input {
	if amount != nil {
		in["amount"] = input{"value": amount.Decimal(), "currency": amount.Currency}
	}
	if !expires.IsZero() {
		in["expiresAt"] = expires.Format(time.RFC3339Nano)
	}
	return in
}

// within is the id of what belongs to the account, by its version.
func within(r *laws.Request, prefix string, version int64) string {
	return fmt.Sprintf("%s%s_%d", prefix, strings.TrimPrefix(string(r.Account), "acc_"), version)
}

// versionOf is the version in such an id; 0 if there is none.
func versionOf(id string) int64 {
	version, err := strconv.ParseInt(id[strings.LastIndex(id, "_")+1:], 10, 64)
	if err != nil {
		return 0
	}
	return version
}
