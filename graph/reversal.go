package graph

import (
	"context"
	"errors"
	"fmt"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// reverseOrder finds the account that has to undo a transaction: of a
// transfer, the one that received it. It asks the log, which is never behind.
func (r *Resolver) reverseOrder(ctx context.Context, in model.ReverseInput) (order, error) {
	o := order{key: in.IdempotencyKey, dryRun: deref(in.DryRun), accountField: "transactionId"}
	command := bank.Reverse{Amount: o.optionalAmount("amount", in.Amount), Reason: in.Reason}
	var ok bool
	if o.account, command.Transaction, ok = parseTransactionID(in.TransactionID); !ok {
		o.unread = append(o.unread, bank.RefuseUnknownTransaction())
	} else if len(o.unread) == 0 {
		received, refusal, err := r.receivedFor(ctx, o.account, command.Transaction)
		switch {
		case err != nil:
			return o, err
		case refusal != nil:
			o.unread = append(o.unread, refusal)
		case received != nil:
			o.account, command.Transaction = received.Account, received.Version
		}
	}
	o.command = command
	return o, nil
}

// receivedFor is the arrival of the transfer that left an account with a
// version, or the refusal of one that did not arrive; nil for every other
// version.
func (r *Resolver) receivedFor(ctx context.Context, id bank.AccountID, version int64) (*contract.Record, *bank.Refusal, error) {
	_, event, err := r.eventAt(ctx, id, version)
	sent, ok := event.(bank.TransferSent)
	if err != nil || !ok {
		return nil, nil, err
	}
	answer, err := r.findKey(ctx, sent.To, bank.ReceiveTransfer{Transfer: sent.Transfer})
	if err != nil {
		return nil, nil, err
	}
	if answer == nil {
		return nil, bank.RefuseOnItsWay(), nil
	}
	if answered, err := answer.Event(); err != nil {
		return nil, nil, err
	} else if _, received := answered.(bank.TransferReceived); !received {
		return nil, bank.RefuseCameBack(), nil
	}
	return answer, nil, nil
}

// findKey is the event that a step of the bank's own became; nil for none.
func (r *Resolver) findKey(ctx context.Context, id bank.AccountID, step bank.Command) (*contract.Record, error) {
	key, _ := bank.SystemKey(step)
	found, err := r.Log.FindKeys(ctx, contract.FindKeysRequest{Account: id, Keys: []string{key}})
	if err != nil {
		return nil, fmt.Errorf("find a step of %s in the log: %w", id, err)
	}
	if len(found.Records) == 0 {
		return nil, nil
	}
	return &found.Records[0], nil
}

// reverses is the transaction that a line undoes; nil for most.
func (r *Resolver) reverses(ctx context.Context, line view.Transaction) (*model.Transaction, error) {
	if line.Reverses != 0 {
		return r.transaction(ctx, line.Account, line.Reverses)
	}
	if line.ReversesTransfer == "" {
		return nil, nil
	}
	first, err := r.transfer(ctx, line.ReversesTransfer)
	if err != nil || first == nil {
		return nil, err
	}
	return r.transaction(ctx, first.Told.From, first.Told.SentVersion)
}

// received is where a line can be undone: a transfer is where it arrived. ok
// is false for one that did not arrive.
func (r *Resolver) received(ctx context.Context, line view.Transaction) (id bank.AccountID, version int64, ok bool, err error) {
	if line.Type != view.TransferOut {
		return line.Account, line.Version, true, nil
	}
	t, err := r.transfer(ctx, line.Transfer)
	if err != nil || t == nil || t.Told.ReceivedVersion == 0 {
		return "", 0, false, err
	}
	return t.Told.To, t.Told.ReceivedVersion, true, nil
}

// reversals are the transactions that undo a line.
func (r *Resolver) reversals(ctx context.Context, line view.Transaction) ([]*model.Transaction, error) {
	told := []*model.Transaction{}
	id, version, ok, err := r.received(ctx, line)
	if err != nil || !ok {
		return told, err
	}
	records, err := r.Views.References(ctx, view.ReversalKey(id, version))
	if err != nil {
		return nil, fmt.Errorf("reversals of %d of %s: %w", version, id, err)
	}
	for _, record := range records {
		event, err := record.Event()
		if err != nil {
			return nil, err
		}
		line := view.TransactionOf(record, event)
		if line == nil || line.Type == view.TransferReturned {
			continue
		}
		seen, err := r.sees(ctx, line.Account)
		if err != nil {
			return nil, err
		}
		if seen {
			told = append(told, transactionOf(*line))
		}
	}
	return told, nil
}

// reversedAmount is how much of a line was undone.
func (r *Resolver) reversedAmount(ctx context.Context, line view.Transaction) (*model.Money, error) {
	sum := bank.Money{Currency: line.Currency}
	id, version, ok, err := r.received(ctx, line)
	if err != nil || !ok {
		return moneyOf(sum), err
	}
	// The amount belongs to the caller's own line, wherever it is kept.
	a, err := r.Views.Account(ctx, id)
	if errors.Is(err, view.ErrNotFound) {
		return moneyOf(sum), nil
	}
	if err != nil {
		return nil, fmt.Errorf("view of account %s: %w", id, err)
	}
	for _, reversed := range a.Reversed {
		if reversed.Version == version {
			sum.Minor = reversed.Minor
		}
	}
	return moneyOf(sum), nil
}
