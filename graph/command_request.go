package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// order is what a mutation asks for, in the words of the domain.
type order struct {
	account bank.AccountID
	key     string
	command bank.Command
	// unread are refusals of fields that have no form in the domain: an amount
	// that is none, or the id of nothing.
	unread bank.Refusals
	dryRun bool
	// accountField is the input field that names the account, "accountId" when
	// it is empty; path is where the input is, ["input"] when it is empty.
	accountField string
	path         []string
}

// where is the path of an input field from the mutation's arguments on.
func (o order) where(field string) []string {
	path := slices.Clone(o.path)
	if path == nil {
		path = []string{"input"}
	}
	switch {
	case field == "":
		return nil
	case field == "input":
		return path
	case field == "accountId" && o.accountField != "":
		return append(path, o.accountField)
	}
	return append(path, strings.Split(field, ".")...)
}

// flaws is what is wrong with the order itself, in the order of precedence.
func (o order) flaws() bank.Refusals {
	var all bank.Refusals
	if refusal := bank.CheckKey(o.key); refusal != nil {
		all = append(all, refusal)
	}
	if bank.Check(o.command) != nil {
		_, broken := bank.Account{}.Judge(o.command, bank.Circumstances{})
		for _, refusal := range broken {
			// The domain judges zero in place of an amount that was not read.
			if refusal.Code == bank.InputInvalid || len(o.unread) == 0 && precedence(refusal) < precedence(unknownAccount) {
				all = append(all, refusal)
			}
		}
	}
	all = append(all, o.unread...)
	if !o.account.Valid() && len(o.unread) == 0 {
		all = append(all, unknownAccount)
	}
	slices.SortStableFunc(all, func(a, b *bank.Refusal) int { return cmp.Compare(precedence(a), precedence(b)) })
	return all
}

var unknownAccount = bank.RefuseUnknownAccount()

// precedence is the place of a refusal's code in the registry.
func precedence(refusal *bank.Refusal) int {
	return slices.IndexFunc(bank.Codes(), func(info bank.CodeInfo) bool { return info.Code == refusal.Code })
}

// refused is the outcome of an order that no account needs to see, and false
// for one that has to be sent. A dry run is sent with flaws that its account
// judges as well, so that it tells all that is wrong.
func (o order) refused() (contract.Outcome, bool) {
	if bank.CheckKey(o.key) == nil && bank.Check(o.command) == nil && len(o.unread) == 0 && o.account.Valid() {
		return contract.Outcome{}, false
	}
	if o.dryRun && bank.CheckKey(o.key) == nil && len(o.unread) == 0 && o.account.Valid() {
		return contract.Outcome{}, false
	}
	flaws := o.flaws()
	outcome := contract.Outcome{Status: contract.Refused, Refusal: flaws[0]}
	if o.dryRun {
		outcome.Others = flaws[1:]
	}
	return outcome, true
}

// send gives an order to its account and returns what became of it.
func (r *Resolver) send(ctx context.Context, o order) (contract.Outcome, error) {
	if outcome, refused := o.refused(); refused {
		return outcome, nil
	}
	command, err := encode(ctx, o.key, o.command)
	if err != nil {
		return contract.Outcome{}, err
	}
	if !o.dryRun {
		outcome, err := r.Commands.Execute(ctx, o.account, command)
		if err != nil {
			return outcome, fmt.Errorf("execute a command on %s: %w", o.account, err)
		}
		return outcome, nil
	}
	outcomes, err := r.batch(ctx, o.account, contract.CommandBatch{Commands: []contract.Command{command}, DryRun: true})
	if err != nil {
		return contract.Outcome{}, err
	}
	return outcomes[0], nil
}

// batch sends commands to one account and returns one outcome for each.
func (r *Resolver) batch(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) ([]contract.Outcome, error) {
	outcomes, err := r.Commands.ExecuteBatch(ctx, id, batch)
	if err != nil {
		return nil, fmt.Errorf("execute %d commands on %s: %w", len(batch.Commands), id, err)
	}
	if len(outcomes) != len(batch.Commands) {
		return nil, fmt.Errorf("%s answered %d of %d commands", id, len(outcomes), len(batch.Commands))
	}
	return outcomes, nil
}

// place sends an order and tells what became of it.
func (r *Resolver) place(ctx context.Context, o order) (result, error) {
	outcome, err := r.send(ctx, o)
	if err != nil {
		return result{}, err
	}
	if err := faultOf(outcome); err != nil {
		return result{}, err
	}
	return r.told(ctx, o, outcome)
}

// amount reads an amount of the order's input and notes where it is none.
func (o *order) amount(field string, in *model.MoneyInput) bank.Money {
	if in == nil {
		return bank.Money{}
	}
	money, refusal := readMoney(field, in)
	if refusal != nil {
		o.unread = append(o.unread, refusal)
	}
	return money
}

// optionalAmount is amount for one that may be left out.
func (o *order) optionalAmount(field string, in *model.MoneyInput) *bank.Money {
	if in == nil {
		return nil
	}
	money := o.amount(field, in)
	return &money
}

func details(reference, memo, externalID *string) bank.Details {
	return bank.Details{Reference: deref(reference), Memo: deref(memo), ExternalID: deref(externalID)}
}

// moment is a time as the bank keeps it: whole microseconds of UTC. The zero
// time is none.
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
