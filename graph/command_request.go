package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// commandRequest is what a mutation asks for, in terms of the domain. A
// resolver makes one of its input, submit sends it, and payloadOf makes the
// payload of its outcome.
type commandRequest struct {
	account bank.AccountID
	key     string
	command bank.Command
	// inputRefusals are refusals of fields that have no form in the domain: an
	// amount that cannot be read, or an id that names nothing.
	inputRefusals bank.Refusals
	dryRun        bool
	// accountField is the input field that names the account, "accountId" when
	// it is empty; path is where the input is, ["input"] when it is empty.
	accountField string
	path         []string
}

func newRequest(account, key string, dryRun *bool) commandRequest {
	c := commandRequest{account: bank.AccountID(account), key: key, dryRun: deref(dryRun)}
	c.refuseMarked("accountId", account)
	return c
}

// submit sends a request to its account and returns the payload of its outcome.
func (r *Resolver) submit(ctx context.Context, request commandRequest) (payload, error) {
	outcome, err := r.execute(ctx, request)
	if err != nil {
		return payload{}, err
	}
	if !request.dryRun {
		r.Decided(ctx, outcome)
	}
	if err := faultOf(outcome); err != nil {
		return payload{}, err
	}
	var dry *prediction
	if request.dryRun {
		dry = newPrediction()
		for _, record := range predicted(outcome) {
			if record.Account == request.account {
				dry.add(record)
			}
		}
	}
	return r.payloadOf(ctx, request, outcome, dry)
}

// execute sends a request to its account, unless it is refused without one.
func (r *Resolver) execute(ctx context.Context, request commandRequest) (contract.Outcome, error) {
	if outcome, refused := request.precheck(); refused {
		return outcome, nil
	}
	command, err := encode(ctx, request.key, request.command)
	if err != nil {
		return contract.Outcome{}, err
	}
	if !request.dryRun {
		outcome, err := r.Commands.Execute(ctx, request.account, command)
		if err != nil {
			r.Hidden(ctx, fmt.Errorf("execute a command on %s: %w", request.account, err))
			return contract.Outcome{Status: contract.Unknown}, nil
		}
		return outcome, nil
	}
	return request.judged(r.tryRun(ctx, request.account, command)), nil
}

// tryRun is the outcome of a command's dry run.
func (r *Resolver) tryRun(ctx context.Context, id bank.AccountID, command contract.Command) contract.Outcome {
	return r.executeBatch(ctx, contract.ClearingBatch{Accounts: []bank.AccountID{id},
		Batch: contract.CommandBatch{Commands: []contract.Command{command}, DryRun: true}})[0]
}

// judged is the outcome of a dry run that its account has judged. In place of an amount that cannot be read the account
// saw zero: what it says of that is left out, and the rules that it names beside stay.
func (c commandRequest) judged(by contract.Outcome) contract.Outcome {
	if len(c.inputRefusals) == 0 || by.Status == contract.NotTried {
		return by
	}
	outcome := contract.Outcome{Status: contract.Refused, Account: by.Account}
	all := c.refusals()
	if by.Status == contract.Refused {
		for _, rule := range append(bank.Refusals{by.Refusal}, by.Others...) {
			if !slices.ContainsFunc(all, func(known *bank.Refusal) bool {
				return sameField(known, rule) && (known.Code == rule.Code || slices.Contains(c.inputRefusals, known))
			}) {
				all = append(all, rule)
			}
		}
	}
	outcome.Refusal, outcome.Others = all[0], all[1:]
	return outcome
}

// lacksOnlyAmounts reports whether amounts cannot be read, and all else can.
func (c commandRequest) lacksOnlyAmounts() bool {
	for _, refusal := range c.inputRefusals {
		if refusal.Code != bank.AmountInvalid && refusal.Code != bank.CurrencyUnknown {
			return false
		}
	}
	return len(c.inputRefusals) > 0
}

// executeBatch sends commands to their accounts and returns one outcome for each. A
// dry run whose outcome is not known has not happened: it can be sent again.
func (r *Resolver) executeBatch(ctx context.Context, batch contract.ClearingBatch) []contract.Outcome {
	outcomes, err := r.Commands.ExecuteBatch(ctx, batch)
	if err == nil && len(outcomes) != len(batch.Accounts) {
		err = fmt.Errorf("it answered %d", len(outcomes))
	}
	if err != nil {
		r.Hidden(ctx, fmt.Errorf("execute %d commands on %s: %w", len(batch.Accounts), batch.Accounts[0], err))
		outcomes = slices.Repeat([]contract.Outcome{{Status: contract.Unknown}}, len(batch.Accounts))
	}
	for i := range outcomes {
		if batch.Batch.DryRun && outcomes[i].Status == contract.Unknown {
			outcomes[i].Status = contract.Unavailable
		}
	}
	return outcomes
}

// precheck refuses a request that is wrong whatever the state of its account
// is. A dry run is sent in spite of faults that its account checks as well, so
// that the answer lists every rule that the request breaks.
func (c commandRequest) precheck() (outcome contract.Outcome, refused bool) {
	readable := len(c.inputRefusals) == 0 || c.dryRun && c.lacksOnlyAmounts()
	sendable := bank.CheckKey(c.key) == nil && readable && c.account.Valid()
	if sendable && (c.dryRun || bank.Check(c.command) == nil) {
		return contract.Outcome{}, false
	}
	refusals := c.refusals()
	outcome = contract.Outcome{Status: contract.Refused, Refusal: refusals[0]}
	if c.dryRun {
		outcome.Others = refusals[1:]
	}
	return outcome, true
}

// refusals are the faults of the request itself, in the order of precedence.
func (c commandRequest) refusals() bank.Refusals {
	var all bank.Refusals
	key := c.key
	if refusal := bank.CheckKey(key); refusal != nil {
		all, key = append(all, refusal), ""
	}
	for _, refusal := range bank.CheckNew(c.command, key) {
		// In place of an amount that could not be read, the domain saw zero.
		unread := func(in *bank.Refusal) bool { return sameField(in, refusal) }
		if !slices.ContainsFunc(c.inputRefusals, unread) {
			all = append(all, refusal)
		}
	}
	all = append(all, c.inputRefusals...)
	if _, posts := c.command.(bank.PostTransaction); !posts && !c.account.Valid() && len(c.inputRefusals) == 0 {
		all = append(all, unknownAccount)
	}
	slices.SortStableFunc(all, func(a, b *bank.Refusal) int { return cmp.Compare(precedence(a), precedence(b)) })
	return all
}

// topField is the input field that a refusal is about: amount, for amount.value.
func topField(refusal *bank.Refusal) string {
	field, _, _ := strings.Cut(refusal.Field, ".")
	return field
}

// sameField reports whether both are about one field, of one leg where there are legs.
func sameField(a, b *bank.Refusal) bool {
	return topField(a) == topField(b) && (a.Leg == nil) == (b.Leg == nil) && (a.Leg == nil || *a.Leg == *b.Leg)
}

var unknownAccount = bank.RefuseUnknownAccount()

// precedence is the index of a refusal's code in the list of codes.
func precedence(refusal *bank.Refusal) int {
	return slices.IndexFunc(bank.Codes(), func(info bank.CodeInfo) bool { return info.Code == refusal.Code })
}

// inputPath is the path of an input field, starting at the mutation's arguments.
func (c commandRequest) inputPath(field string) []string {
	path := slices.Clone(c.path)
	if path == nil {
		path = []string{"input"}
	}
	switch {
	case field == "":
		return nil
	case field == "input":
		return path
	case field == "items" && len(path) > 2: // of the batch that it is an item of
		return path[:2]
	case field == "accountId" && c.accountField != "":
		return append(path, c.accountField)
	}
	return append(path, strings.Split(field, ".")...)
}

// userError is the typed form of a refusal. Of an account that is only paid, it says no
// more than that the account does not take the money.
func (c commandRequest) userError(refusal *bank.Refusal) model.UserError {
	path := c.refusalPath(refusal)
	posting, posts := c.command.(bank.PostTransaction)
	silent := refusal.Since.IsZero() && (refusal.Code == bank.ClosedAccount || refusal.Code == bank.FrozenAccount)
	if posts && silent && refusal.Leg != nil {
		return model.DestinationRefusal{Code: model.ErrorCode(refusal.Code), Message: refusal.Message, Path: path,
			Retryable: refusal.Code.Retryable(), Leg: legIndex(refusal),
			AccountID: string(posting.Legs[*refusal.Leg].Account)}
	}
	return userError(refusal, c.account, path)
}

// refusalPath is the path of the input field that a refusal is about.
func (c commandRequest) refusalPath(refusal *bank.Refusal) []string {
	if _, posts := c.command.(bank.PostTransaction); posts && refusal.Leg != nil {
		return c.inputPath("legs." + strconv.Itoa(*refusal.Leg) + "." + cmp.Or(refusal.Field, "accountId"))
	}
	return c.inputPath(refusal.Field)
}

// amount reads an amount of the input; one that cannot be read becomes an
// input refusal.
func (c *commandRequest) amount(field string, in *model.MoneyInput) bank.Money {
	if in == nil {
		return bank.Money{}
	}
	money, refusal := readMoney(field, in)
	if refusal != nil {
		c.inputRefusals = append(c.inputRefusals, refusal)
	}
	return money
}

// optionalAmount is amount for a field that may be left out.
func (c *commandRequest) optionalAmount(field string, in *model.MoneyInput) *bank.Money {
	if in == nil {
		return nil
	}
	money := c.amount(field, in)
	return &money
}

func details(reference, memo, externalID *string) bank.Details {
	return bank.Details{Reference: deref(reference), Memo: deref(memo), ExternalID: deref(externalID)}
}

// moment is a time in the bank's precision: whole microseconds of UTC. nil
// becomes the zero time.
func moment(in *scalar.DateTime) time.Time {
	if in == nil {
		return time.Time{}
	}
	return time.Time(*in).UTC().Truncate(time.Microsecond)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func deref[T any](value *T) T {
	var none T
	if value == nil {
		return none
	}
	return *value
}
