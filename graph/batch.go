package graph

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// maxBatch bounds the items of a batch.
const maxBatch = 100

// postBatch sends many commands together.
func (r *Resolver) postBatch(ctx context.Context, in model.PostBatchInput) (*model.PostBatchPayload, error) {
	told := &model.PostBatchPayload{Results: []*model.BatchItemResult{}, DryRun: deref(in.DryRun), UserErrors: []model.UserError{}}
	orders, refusal, err := r.batchOrders(ctx, in)
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		told.UserErrors = append(told.UserErrors, userError(refusal, "", order{}.where(refusal.Field)))
		return told, nil
	}
	outcomes := r.carry(ctx, orders, deref(in.Atomic), told.DryRun)
	for i, outcome := range outcomes {
		item, err := r.itemResult(ctx, i, orders[i], outcome)
		if err != nil {
			return nil, err
		}
		told.Results = append(told.Results, item)
	}
	told.FailedIndex = failedIndex(outcomes)
	return told, nil
}

// failedIndex is the item to name: the first that was refused or failed, not
// one that was not tried because of it.
func failedIndex(outcomes []contract.Outcome) *int64 {
	var named *int64
	for i, o := range outcomes {
		index := int64(i)
		switch o.Status {
		case contract.Applied, contract.Replayed:
		case contract.NotTried:
			if named == nil {
				named = &index
			}
		default:
			return &index
		}
	}
	return named
}

// batchOrders reads the items, or refuses the batch as a whole.
func (r *Resolver) batchOrders(ctx context.Context, in model.PostBatchInput) ([]order, *bank.Refusal, error) {
	if n := len(in.Items); n < 1 || n > maxBatch {
		return nil, bank.RefuseInput("items", fmt.Sprintf("must be 1 to %d, not %d", maxBatch, n)), nil
	}
	orders := make([]order, len(in.Items))
	for i, item := range in.Items {
		o, kind, refusal, err := r.itemOrder(ctx, item)
		field := fmt.Sprintf("items.%d", i)
		switch {
		case err != nil:
			return nil, nil, err
		case refusal != "":
			return nil, bank.RefuseInput(field, refusal), nil
		case o.dryRun:
			return nil, bank.RefuseInput(field+"."+kind+".dryRun", "must not be given for an item; give it for the batch"), nil
		case deref(in.Atomic) && o.account != orders[0].account && i > 0:
			return nil, bank.RefuseInput(field, "is of another account than the first; an atomic batch is of one account"), nil
		}
		o.path, o.dryRun = []string{"input", "items", strconv.Itoa(i), kind}, deref(in.DryRun)
		orders[i] = o
	}
	return orders, nil, nil
}

// itemOrder is the order that one item holds, under the name of its field, or
// what is wrong with the item.
func (r *Resolver) itemOrder(ctx context.Context, in *model.BatchItemInput) (o order, kind, wrong string, err error) {
	given := 0
	take := func(name string, made order) { o, kind, given = made, name, given+1 }
	if in.Deposit != nil {
		take("deposit", depositOrder(*in.Deposit))
	}
	if in.Withdraw != nil {
		take("withdraw", withdrawOrder(*in.Withdraw))
	}
	if in.Transfer != nil {
		take("transfer", transferOrder(*in.Transfer))
	}
	if in.PlaceHold != nil {
		take("placeHold", placeHoldOrder(*in.PlaceHold))
	}
	if in.CaptureHold != nil {
		take("captureHold", captureHoldOrder(*in.CaptureHold))
	}
	if in.ReleaseHold != nil {
		take("releaseHold", releaseHoldOrder(*in.ReleaseHold))
	}
	if in.Reverse != nil {
		if err := authorize(ctx, identity.Teller, identity.Admin); err != nil {
			return o, kind, wrong, err
		}
		var reverse order
		reverse, err = r.reverseOrder(ctx, *in.Reverse)
		take("reverse", reverse)
	}
	switch {
	case given != 1:
		wrong = "must have exactly one field"
	case in.Transfer != nil && in.Transfer.WaitMs != nil, in.Reverse != nil && in.Reverse.WaitMs != nil:
		wrong = "must not have waitMs; ask for the transfer afterwards"
	}
	return o, kind, wrong, err
}

// carry sends each account its orders, in their order, all accounts at once.
// What went wrong with one account is said of its items alone.
func (r *Resolver) carry(ctx context.Context, orders []order, atomic, dryRun bool) []contract.Outcome {
	outcomes := make([]contract.Outcome, len(orders))
	lines, refused := make(map[bank.AccountID][]int), false
	for i, o := range orders {
		if outcome, known := o.refused(); known {
			outcomes[i], refused = outcome, true
		} else {
			lines[o.account] = append(lines[o.account], i)
		}
	}
	if atomic && refused {
		for i := range outcomes {
			if outcomes[i].Status == "" {
				outcomes[i].Status = contract.NotTried
			}
		}
		return outcomes
	}
	var group sync.WaitGroup
	for id, line := range lines {
		group.Go(func() {
			for i, outcome := range r.carryLine(ctx, id, orders, line, contract.CommandBatch{Atomic: atomic, DryRun: dryRun}) {
				outcomes[line[i]] = outcome
			}
		})
	}
	group.Wait()
	return outcomes
}

// carryLine sends one account its orders and returns an outcome for each.
func (r *Resolver) carryLine(ctx context.Context, id bank.AccountID, orders []order, line []int, batch contract.CommandBatch) []contract.Outcome {
	fail := func(status contract.Status, err error) []contract.Outcome {
		r.Hidden(ctx, err)
		outcomes := make([]contract.Outcome, len(line))
		for i := range outcomes {
			outcomes[i] = contract.Outcome{Status: status, Reason: err.Error()}
		}
		return outcomes
	}
	for _, i := range line {
		command, err := encode(ctx, orders[i].key, orders[i].command)
		if err != nil {
			return fail(contract.Unavailable, err)
		}
		batch.Commands = append(batch.Commands, command)
	}
	outcomes, err := r.batch(ctx, id, batch)
	if err != nil {
		return fail(contract.Unknown, err)
	}
	return outcomes
}

// itemResult tells what became of an item.
func (r *Resolver) itemResult(ctx context.Context, i int, o order, outcome contract.Outcome) (*model.BatchItemResult, error) {
	status := map[contract.Status]model.BatchItemStatus{
		contract.Applied: model.BatchItemStatusApplied, contract.Replayed: model.BatchItemStatusReplayed,
		contract.Refused: model.BatchItemStatusRefused, contract.NotTried: model.BatchItemStatusNotTried,
		contract.Unavailable: model.BatchItemStatusUnavailable, contract.Unknown: model.BatchItemStatusUnknown,
	}[outcome.Status]
	if status == "" {
		return nil, faultOf(outcome)
	}
	res, err := r.told(ctx, o, outcome)
	if err == nil && o.dryRun && outcome.Status == contract.Applied {
		err = r.askDestination(ctx, o, &res)
	}
	return &model.BatchItemResult{Index: int64(i), Status: status, Account: res.account, Transaction: res.transaction,
		Transfer: res.transfer, Hold: res.hold, UserErrors: res.userErrors}, err
}
