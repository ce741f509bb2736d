package graph

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// reverseRequest finds the account that reverses a transaction: for a transfer,
// the account that received it. It reads the log, which is never behind.
func (r *Resolver) reverseRequest(ctx context.Context, in model.ReverseInput) (commandRequest, error) {
	account, version, ok := parseTransactionID(in.TransactionID)
	c := newRequest(string(account), in.IdempotencyKey, in.DryRun)
	c.accountField = "transactionId"
	command := bank.Reverse{Transaction: version, Amount: c.optionalAmount("amount", in.Amount), Reason: in.Reason}
	if isMarked := strings.Contains(in.TransactionID, MarkSign); isMarked {
		c.refuseMarked("transactionId", in.TransactionID)
	} else if !ok {
		c.inputRefusals = append(c.inputRefusals, bank.RefuseUnknownTransaction())
	} else if len(c.inputRefusals) == 0 {
		received, refusal, err := r.receivedFor(ctx, account, version)
		switch {
		case err != nil:
			return c, err
		case refusal != nil:
			c.inputRefusals = append(c.inputRefusals, refusal)
		case received != nil:
			c.account, command.Transaction = received.Account, received.Version
		}
	}
	c.command = command
	return c, nil
}

// receivedFor is the arrival of the transfer that an account sent with a
// version, or a refusal if the transfer has not arrived; nil for every other
// version.
func (r *Resolver) receivedFor(ctx context.Context, id bank.AccountID,
	version int64) (*contract.Record, *bank.Refusal, error) {
	_, event, err := r.eventAt(ctx, id, version)
	sent, ok := event.(bank.TransferSent)
	if err != nil || !ok {
		return nil, nil, err
	}
	if sent.End == bank.EndReturned { // the receiving account says nothing about it
		return nil, bank.RefuseCameBack(), nil
	}
	arrival, err := r.findKey(ctx, sent.To, bank.ReceiveTransfer{Transfer: sent.Transfer})
	if err != nil {
		return nil, nil, err
	}
	if arrival == nil {
		return nil, bank.RefuseOnItsWay(), nil
	}
	if event, err := arrival.Event(); err != nil {
		return nil, nil, err
	} else if _, received := event.(bank.TransferReceived); !received {
		return nil, bank.RefuseCameBack(), nil
	}
	return arrival, nil, nil
}

// findKey is the event of a step that the bank takes by itself; nil if there is
// none.
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

// reverses is the transaction that a line reverses; nil for most lines.
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
	return r.transaction(ctx, first.View.From, first.View.SentVersion)
}

// received is the account and version at which a line is reversed: for a
// transfer, its arrival. ok is false for a transfer that has not arrived.
func (r *Resolver) received(ctx context.Context,
	line view.Transaction) (id bank.AccountID, version int64, ok bool, err error) {
	if line.Type != bank.TransferOutEntry {
		return line.Account, line.Version, true, nil
	}
	t, err := r.transfer(ctx, line.Transfer)
	if err != nil || t == nil || t.View.ReceivedVersion == 0 {
		return "", 0, false, err
	}
	return t.View.To, t.View.ReceivedVersion, true, nil
}

// reversals are the transactions that reverse a line.
func (r *Resolver) reversals(ctx context.Context, line view.Transaction) ([]*model.Transaction, error) {
	undone := []*model.Transaction{}
	id, version, ok, err := r.received(ctx, line)
	if err != nil || !ok {
		return undone, err
	}
	records, err := r.Views.References(ctx, bank.ReversalSubject(id, version))
	if err != nil {
		return nil, fmt.Errorf("reversals of %d of %s: %w", version, id, err)
	}
	for _, record := range records {
		event, err := record.Event()
		if err != nil {
			return nil, err
		}
		line := view.TransactionOf(record, event)
		if line == nil || line.Type == bank.TransferReturnedEntry {
			continue
		}
		seen, err := r.sees(ctx, line.Account)
		if err != nil {
			return nil, err
		}
		if seen {
			undone = append(undone, transactionOf(*line))
		}
	}
	return undone, nil
}

// reversedAmount is how much of a line was reversed.
func (r *Resolver) reversedAmount(ctx context.Context, line view.Transaction) (*model.Money, error) {
	sum := bank.Money{Currency: line.Currency}
	id, version, ok, err := r.received(ctx, line)
	if err != nil || !ok {
		return moneyOf(sum), err
	}
	// The amount belongs to the caller's own line, even if another account has it.
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
