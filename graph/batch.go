package graph

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// maxBatchItems bounds the items of a batch.
const maxBatchItems = 100

// postBatch executes many commands together.
func (r *Resolver) postBatch(ctx context.Context, in model.PostBatchInput) (*model.PostBatchPayload, error) {
	payload := &model.PostBatchPayload{Results: []*model.BatchItemResult{}, DryRun: deref(in.DryRun),
		UserErrors: []model.UserError{}}
	requests, refusal, err := r.batchRequests(ctx, in)
	if err != nil {
		return nil, err
	}
	decided := r.Decided
	if payload.DryRun {
		decided = func(context.Context, contract.Outcome) {}
	}
	if refusal != nil {
		decided(ctx, contract.Outcome{Status: contract.Refused, Refusal: refusal})
		payload.UserErrors = append(payload.UserErrors, userError(refusal, "", commandRequest{}.inputPath(refusal.Field)))
		return payload, nil
	}
	outcomes := r.executeItems(ctx, requests, deref(in.Atomic), payload.DryRun)
	dry := make(predictions)
	for i, outcome := range outcomes {
		decided(ctx, outcome)
		if payload.DryRun {
			dry.add(requests[i].account, outcome)
		}
		item, err := r.itemResult(ctx, i, requests[i], outcome, dry[requests[i].account])
		if err != nil {
			return nil, err
		}
		payload.Results = append(payload.Results, item)
	}
	payload.FailedIndex = failedIndex(outcomes)
	return payload, nil
}

// predictions are what a dry run adds to each account.
type predictions map[bank.AccountID]*prediction

// add notes what a command of an account would do to it and to others.
func (p predictions) add(id bank.AccountID, o contract.Outcome) {
	of := func(id bank.AccountID) *prediction {
		if p[id] == nil {
			p[id] = newPrediction()
		}
		return p[id]
	}
	of(id)
	for _, record := range predicted(o) {
		of(record.Account).add(record)
	}
}

// failedIndex is the index of the first item that was refused or failed. An
// item that was not tried because of another one counts only if there is no
// other.
func failedIndex(outcomes []contract.Outcome) *int64 {
	var notTried *int64
	for i, o := range outcomes {
		index := int64(i)
		switch o.Status {
		case contract.Applied, contract.Replayed:
		case contract.NotTried:
			if notTried == nil {
				notTried = &index
			}
		default:
			return &index
		}
	}
	return notTried
}

// batchRequests reads the items, or refuses the batch as a whole.
func (r *Resolver) batchRequests(ctx context.Context,
	in model.PostBatchInput) ([]commandRequest, *bank.Refusal, error) {
	if n := len(in.Items); n < 1 || n > maxBatchItems {
		return nil, bank.RefuseInput("items", fmt.Sprintf("must be 1 to %d, not %d", maxBatchItems, n)), nil
	}
	requests := make([]commandRequest, len(in.Items))
	for i, item := range in.Items {
		request, kind, refusal, err := r.itemRequest(ctx, item)
		field := fmt.Sprintf("items.%d", i)
		switch {
		case err != nil:
			return nil, nil, err
		case refusal != "":
			return nil, bank.RefuseInput(field, refusal), nil
		case request.dryRun:
			return nil, bank.RefuseInput(field+"."+kind+".dryRun", "must not be set for an item; set it for the batch"), nil
		}
		request.path, request.dryRun = []string{"input", "items", strconv.Itoa(i), kind}, deref(in.DryRun)
		requests[i] = request
	}
	return requests, nil, nil
}

// itemRequest is the request of one item and the name of the field that holds
// it. refusal is the reason for which an item is refused.
func (r *Resolver) itemRequest(ctx context.Context,
	in *model.BatchItemInput) (request commandRequest, kind, refusal string, err error) {
	count := 0
	take := func(name string, c commandRequest) { request, kind, count = c, name, count+1 }
	if in.Deposit != nil {
		take("deposit", depositRequest(*in.Deposit))
	}
	if in.Withdraw != nil {
		take("withdraw", withdrawRequest(*in.Withdraw))
	}
	if in.Transfer != nil {
		take("transfer", transferRequest(*in.Transfer))
	}
	if in.PostTransaction != nil {
		take("postTransaction", postTransactionRequest(*in.PostTransaction))
	}
	holdItem(in, take)
	if in.Reverse != nil {
		if err := authorize(ctx, identity.Teller, identity.Admin); err != nil {
			return request, kind, refusal, err
		}
		var reverse commandRequest
		reverse, err = r.reverseRequest(ctx, *in.Reverse)
		take("reverse", reverse)
	}
	switch {
	case count != 1:
		refusal = "must have exactly one field"
	case in.Transfer != nil && in.Transfer.WaitMs != nil, in.Reverse != nil && in.Reverse.WaitMs != nil:
		refusal = "must not have waitMs; query the transfer afterwards"
	}
	return request, kind, refusal, err
}

// executeItems executes the requests in their order, as one batch.
func (r *Resolver) executeItems(ctx context.Context, requests []commandRequest,
	atomic, dryRun bool) []contract.Outcome {
	outcomes := make([]contract.Outcome, len(requests))
	var items []int // those that their accounts decide
	for i, request := range requests {
		outcome, known := request.precheck()
		if known && atomic {
			return r.abandonBatch(ctx, requests, i, outcome)
		}
		if known {
			outcomes[i] = outcome
		} else {
			items = append(items, i)
		}
	}
	if len(items) == 0 {
		return outcomes
	}
	for i, outcome := range r.executeSome(ctx, requests, items, atomic, dryRun) {
		outcomes[items[i]] = outcome
	}
	return outcomes
}

// abandonBatch is the outcome of an atomic batch with an item that is refused
// without its account. An item before it may be refused by its account, and is
// then the one because of which nothing happens.
func (r *Resolver) abandonBatch(ctx context.Context, requests []commandRequest, wrong int,
	refused contract.Outcome) []contract.Outcome {
	outcomes := slices.Repeat([]contract.Outcome{{Status: contract.NotTried}}, len(requests))
	failed := false
	if wrong > 0 {
		before := make([]int, wrong)
		for i := range before {
			before[i] = i
		}
		for i, outcome := range r.executeSome(ctx, requests, before, true, true) {
			switch {
			case outcome.Status == contract.Applied: // it would be, alone
				continue
			case outcome.Status != contract.NotTried && outcome.Status != contract.Replayed:
				failed = true
			}
			if outcome.Account = nil; !requests[i].dryRun { // it would be one that never was
				outcome.Others = nil
			}
			outcomes[i] = outcome
		}
	}
	if !failed {
		outcomes[wrong] = refused
	}
	return outcomes
}

// executeSome executes those of the requests that items has the indexes of, and
// returns an outcome for each.
func (r *Resolver) executeSome(ctx context.Context, requests []commandRequest, items []int,
	atomic, dryRun bool) []contract.Outcome {
	batch := contract.ClearingBatch{Batch: contract.CommandBatch{Atomic: atomic, DryRun: dryRun}}
	for _, i := range items {
		command, err := encode(ctx, requests[i].key, requests[i].command)
		if err != nil { // only a mistake of ours: what a caller can send is checked before
			r.Hidden(ctx, err)
			return slices.Repeat([]contract.Outcome{{Status: contract.Invalid, Reason: err.Error()}}, len(items))
		}
		batch.Accounts = append(batch.Accounts, requests[i].account)
		batch.Batch.Commands = append(batch.Batch.Commands, command)
	}
	outcomes := r.executeBatch(ctx, batch)
	for n, i := range items {
		outcomes[n] = requests[i].judged(outcomes[n])
	}
	return outcomes
}

// itemResult is the result of one item.
func (r *Resolver) itemResult(ctx context.Context, i int, request commandRequest, outcome contract.Outcome,
	dry *prediction) (*model.BatchItemResult, error) {
	status := map[contract.Status]model.BatchItemStatus{
		contract.Applied: model.BatchItemStatusApplied, contract.Replayed: model.BatchItemStatusReplayed,
		contract.Refused: model.BatchItemStatusRefused, contract.NotTried: model.BatchItemStatusNotTried,
		contract.Unavailable: model.BatchItemStatusUnavailable, contract.Unknown: model.BatchItemStatusUnknown,
	}[outcome.Status]
	if status == "" {
		return nil, faultOf(outcome)
	}
	p, err := r.payloadOf(ctx, request, outcome, dry)
	if err == nil && request.dryRun && outcome.Status == contract.Applied {
		err = r.addDestinationRefusal(ctx, request, &p)
	}
	return &model.BatchItemResult{Index: int64(i), Status: status, Account: p.account, Transaction: p.transaction,
		Transfer: p.transfer, Hold: p.hold, Journal: p.journal, UserErrors: p.userErrors}, err
}
