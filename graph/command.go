package graph

import (
	"context"
	"fmt"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// commandStatus asks the log whether a command was ever applied. The keys are in
// the events, so the answer never expires.
func (r *Resolver) commandStatus(ctx context.Context, accountID *string, key string) (*model.CommandStatus, error) {
	if refusal := bank.CheckKey(key); refusal != nil {
		return nil, badInput(refusal.Message)
	}
	id := bank.AccountID(deref(accountID))
	if accountID == nil {
		id = bank.NewAccountID(identity.From(ctx).Subject, key)
	}
	if err := onlyOwnID("accountId", string(id)); err != nil {
		return nil, err
	}
	if !id.Valid() {
		return nil, badInput(fmt.Sprintf("%.60q is not an account id.", *accountID))
	}
	visible, err := r.seesNow(ctx, id)
	if err != nil {
		return nil, err
	}
	if !visible {
		return neverApplied(), nil
	}
	found, err := r.Log.FindKeys(ctx, contract.FindKeysRequest{Account: id, Keys: []string{key}})
	if err != nil {
		return nil, fmt.Errorf("find a key of %s in the log: %w", id, err)
	}
	if len(found.Records) == 0 {
		return neverApplied(), nil
	}
	event, err := r.eventOf(ctx, found.Records[0])
	if err != nil {
		return nil, err
	}
	return &model.CommandStatus{State: model.CommandStateApplied, Event: event, Transaction: event.Transaction,
		Message: "It was applied. Sent again unchanged, it returns the same result and changes nothing."}, nil
}

func neverApplied() *model.CommandStatus {
	return &model.CommandStatus{State: model.CommandStateUnknown,
		Message: "It was never applied. It is safe to send it again with the same key."}
}
