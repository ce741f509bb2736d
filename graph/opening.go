package graph

import (
	"context"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/identity"
)

func (r *Resolver) openOrder(ctx context.Context, in model.OpenAccountInput) order {
	o := order{account: bank.NewAccountID(identity.From(ctx).Subject, in.IdempotencyKey), key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	o.command = bank.OpenAccount{Owner: in.Owner, Currency: bank.Currency(in.Currency), Name: deref(in.Name),
		Kind: bank.Kind(deref(in.Kind)), ExternalID: deref(in.ExternalID), Metadata: o.metadata(in.Metadata)}
	return o
}

func updateOrder(in model.UpdateAccountInput) order {
	o := order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun)}
	command := bank.UpdateAccount{Name: in.Name}
	if in.Metadata != nil {
		metadata := o.metadata(in.Metadata)
		command.Metadata = &metadata
	}
	o.command = command
	return o
}

func closeOrder(in model.CloseAccountInput) order {
	return order{account: bank.AccountID(in.AccountID), key: in.IdempotencyKey, dryRun: deref(in.DryRun),
		command: bank.CloseAccount{Reason: deref(in.Reason)}}
}

// metadata reads entries, of which no two may have the same key.
func (o *order) metadata(entries []*model.MetadataInput) map[string]string {
	if len(entries) == 0 {
		return nil
	}
	m := make(map[string]string, len(entries))
	for _, e := range entries {
		m[e.Key] = e.Value
	}
	if len(m) < len(entries) {
		o.unread = append(o.unread, bank.RefuseInput("metadata", "must not have two entries with the same key"))
	}
	return m
}
