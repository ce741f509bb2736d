package graph

import (
	"context"
	"errors"
	"fmt"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/view"
)

func transactionOf(t view.Transaction) *model.Transaction {
	money := func(minor int64) *model.Money {
		return moneyOf(bank.Money{Minor: minor, Currency: t.Currency})
	}
	return &model.Transaction{
		ID: transactionID(t.Account, t.Version), AccountID: string(t.Account),
		Type: model.TransactionType(t.Type), Direction: directionOf(t.Credit),
		Amount: money(t.Amount), BalanceAfter: money(t.BalanceAfter), Version: t.Version,
		OccurredAt: scalar.DateTime(t.OccurredAt), EffectiveAt: scalar.DateTime(t.EffectiveAt),
		Reference: optional(t.Reference), Memo: optional(t.Memo), ExternalID: optional(t.ExternalID), Caller: t.Caller,
		CounterpartyID: optional(string(t.Counterparty)), TransferID: optional(string(t.Transfer)),
		JournalID: optional(string(t.Journal)), Reason: optional(t.Reason), Line: t,
	}
}

func directionOf(credit bool) model.Direction {
	if credit {
		return model.DirectionCredit
	}
	return model.DirectionDebit
}

// transaction returns a transaction by its account and version; nil when none is
// visible.
func (r *Resolver) transaction(ctx context.Context, id bank.AccountID, version int64) (*model.Transaction, error) {
	if visible, err := r.sees(ctx, id); err != nil || !visible {
		return nil, err
	}
	t, err := r.Views.Transaction(ctx, id, version)
	if errors.Is(err, view.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("view of transaction %d of %s: %w", version, id, err)
	}
	return transactionOf(t), nil
}
