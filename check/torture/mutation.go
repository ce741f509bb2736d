package torture

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
)

// The parts of answers. What happened is called by one name.
const (
	queryMutation = `mutation($input: %sInput!) { payload: %s(input: $input) { %s } }`
	askAccount    = `account { id version balance { current { value } } } transaction { version balanceAfter { value } } `
	askReplayed   = `replayed `
	askErrors     = `userErrors { code leg ... on InsufficientFunds { available { value } } } `
	askTransfer   = `transfer { status } `
	askJournal    = `journal { legs { accountId transaction { version balanceAfter { value } } } } `
	askItems      = `results { status ` + askAccount + askErrors + `} ` + askErrors
)

// outcomeWait is how long those wait for the end of a transfer who do.
const outcomeWait = 500 * time.Millisecond

type input map[string]any

func body(r *laws.Request) (query string, variables map[string]any) {
	mutation, in, asks := "postBatch", input{"atomic": true}, askItems
	if r.Together == nil {
		mutation, in = keyed(r)
		asks = askReplayed + askErrors + asksOf(mutation)
	} else {
		var items []input
		for _, r := range r.Together {
			name, item := keyed(r)
			items = append(items, input{name: item})
		}
		in["items"] = items
	}
	if r.Waits && (mutation == "transfer" || mutation == "reverse") {
		in["waitMs"] = outcomeWait.Milliseconds()
	}
	kind := strings.ToUpper(mutation[:1]) + mutation[1:]
	return fmt.Sprintf(queryMutation, kind, mutation, asks), map[string]any{"input": in}
}

// asksOf is what is asked of what a mutation did.
func asksOf(mutation string) string {
	switch mutation {
	case "postTransaction":
		return askJournal
	case "placeHold":
		return askAccount + "hold { id }"
	case "transfer":
		return askAccount + askTransfer
	case "reverse":
		return askAccount + askTransfer + askJournal
	}
	return askAccount
}

func keyed(r *laws.Request) (mutation string, in input) {
	mutation, in = mutationOf(r)
	in["idempotencyKey"] = r.Key
	return mutation, in
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
	case bank.PostTransaction:
		var legs []input
		for _, leg := range c.Legs {
			direction := map[bool]string{true: "CREDIT", false: "DEBIT"}[leg.Credit]
			legs = append(legs, input{"accountId": leg.Account, "direction": direction, "memo": leg.Memo}.
				with(&leg.Amount, time.Time{}))
		}
		return "postTransaction", input{"legs": legs}
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
