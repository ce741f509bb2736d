package torture

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
)

// The mutations. What happened is called by one name in the answer.
const (
	queryMutation = `mutation($input: %sInput!) { payload: %s(input: $input) {
    replayed account { id version balance { current { value } } }
    transaction { version balanceAfter { value } } %s
    userErrors { code ... on InsufficientFunds { available { value } } } } }`
	alsoHold = "hold { id }"
)

// outcomeWait is how long those wait for the end of a transfer who do.
const outcomeWait = 500 * time.Millisecond

// input are the fields of a mutation.
type input map[string]any

// body is the GraphQL request.
func body(r *laws.Request) (query string, variables map[string]any) {
	mutation, also, in := mutationOf(r)
	in["idempotencyKey"] = r.Key
	kind := strings.ToUpper(mutation[:1]) + mutation[1:]
	return fmt.Sprintf(queryMutation, kind, mutation, also), map[string]any{"input": in}
}

// mutationOf is the name of the request's, what else it asks for, and its fields.
func mutationOf(r *laws.Request) (name, also string, in input) {
	switch c := r.Command.(type) {
	case bank.OpenAccount:
		return "openAccount", "", input{"owner": c.Owner, "currency": c.Currency}
	case bank.CloseAccount:
		return "closeAccount", "", input{"accountId": r.Account}
	case bank.Deposit:
		return "deposit", "", input{"accountId": r.Account, "amount": money(c.Amount), "memo": c.Memo}
	case bank.Withdraw:
		return "withdraw", "", input{"accountId": r.Account, "amount": money(c.Amount)}
	case bank.SendTransfer:
		return "transfer", "", patiently(r, input{"fromAccountId": r.Account, "toAccountId": c.To, "amount": money(c.Amount)})
	case bank.PlaceHold:
		in := input{"accountId": r.Account, "amount": money(c.Amount)}
		if !c.ExpiresAt.IsZero() {
			in["expiresAt"] = c.ExpiresAt.Format(time.RFC3339Nano)
		}
		return "placeHold", alsoHold, in
	case bank.AdjustHold:
		in := part(c.Amount, input{"holdId": within(r, "hld_", c.Hold)})
		if !c.ExpiresAt.IsZero() {
			in["expiresAt"] = c.ExpiresAt.Format(time.RFC3339Nano)
		}
		return "adjustHold", "", in
	case bank.CaptureHold:
		return "captureHold", "", part(c.Amount, input{"holdId": within(r, "hld_", c.Hold), "releaseRest": c.ReleaseRest})
	case bank.ReleaseHold:
		return "releaseHold", "", input{"holdId": within(r, "hld_", c.Hold)}
	case bank.Reverse:
		return "reverse", "", patiently(r,
			part(c.Amount, input{"transactionId": within(r, "txn_", c.Transaction), "reason": c.Reason}))
	case bank.FreezeAccount:
		return "freezeAccount", "", input{"accountId": r.Account, "scope": scope(c), "reason": c.Reason}
	case bank.UnfreezeAccount:
		return "unfreezeAccount", "", input{"accountId": r.Account}
	default:
		panic(fmt.Sprintf("torture: no mutation for command %T", c))
	}
}

// patiently waits for the end of a transfer, if its client does.
func patiently(r *laws.Request, in input) input {
	if r.Waits {
		in["waitMs"] = outcomeWait.Milliseconds()
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

func money(m bank.Money) input { return input{"value": m.Decimal(), "currency": m.Currency} }

// part adds an amount where there is one.
func part(amount *bank.Money, in input) input {
	if amount != nil {
		in["amount"] = money(*amount)
	}
	return in
}

func scope(c bank.FreezeAccount) string {
	switch {
	case c.Debits && c.Credits:
		return "BOTH"
	case c.Debits:
		return "DEBITS"
	default:
		return "CREDITS"
	}
}
