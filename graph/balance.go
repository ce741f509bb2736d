package graph

import (
	"context"
	"fmt"
	"math/big"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Bounds of an explanation: how many versions it goes back by default, and how
// many events it may read.
const (
	defaultExplained = 20
	maxExplained     = 1000
)

// balanceOf is an account's balance.
func balanceOf(a state) *model.Balance {
	return &model.Balance{ID: marked(partID(balancePrefix, a.ID), a.mark), AccountID: string(a.ID),
		Current: moneyOf(a.Balance), Available: moneyOf(a.Available(a.at)), Held: moneyOf(a.Held(a.at)),
		Overdraft: moneyOf(a.Overdraft()), InTransit: moneyOf(a.MoneyInTransit()),
		Version: a.Version, AsOf: scalar.DateTime(a.ChangedAt),
		State: a.Account, At: a.at, Mark: a.mark, Logged: a.logged, Predicted: a.predicted}
}

// explain lists the transactions and holds that make a balance since an earlier
// point, and checks that they add up to it.
func (r *Resolver) explain(ctx context.Context, b *model.Balance,
	since *model.AsOf) (*model.BalanceExplanation, error) {
	from, err := readAsOf(since)
	if err != nil {
		return nil, err
	}
	if from == nil {
		from = &point{version: max(0, b.State.Version-defaultExplained)}
	}
	before, err := r.accountAt(ctx, b.State.ID, *from)
	if err != nil {
		return nil, err
	}
	if n := b.State.Version - before.Version; n < 0 || n > maxExplained {
		return nil, badInput(fmt.Sprintf("since must be at most %d versions before version %d of the balance.",
			maxExplained, b.State.Version))
	}
	explanation := &model.BalanceExplanation{SinceVersion: before.Version,
		Transactions: []*model.Transaction{}, Holds: []*model.Hold{},
		Opening: moneyOf(bank.Money{Minor: before.Balance.Minor, Currency: b.State.Currency}),
		Current: b.Current, Held: b.Held, Overdraft: b.Overdraft, Available: b.Available}
	credits, debits := new(big.Int), new(big.Int) // wider than an amount: a balance may have come and gone many times
	sum := func(line view.Transaction) bool {
		explanation.Transactions = append(explanation.Transactions, explainingTransaction(b, line))
		if line.Credit {
			credits.Add(credits, big.NewInt(line.Amount))
		} else {
			debits.Add(debits, big.NewInt(line.Amount))
		}
		return true
	}
	if err = r.eachLine(ctx, b.State.ID, before.Version, b.Logged, sum); err == nil {
		err = predictedLines(b, sum)
	}
	total := big.NewInt(before.Balance.Minor)
	total.Add(total, credits).Sub(total, debits)
	if err == nil && total.Cmp(big.NewInt(b.State.Balance.Minor)) != 0 {
		err = fmt.Errorf("the balance of %s at version %d differs from the sum of its events since version %d",
			b.State.ID, b.State.Version, before.Version)
	}
	explanation.Credits = wideMoneyOf(credits, b.State.Currency)
	explanation.Debits = wideMoneyOf(debits, b.State.Currency)
	of := state{Account: b.State, at: b.At, mark: b.Mark, logged: b.Logged}
	for _, h := range b.State.Holds {
		if b.At.Before(h.ExpiresAt) {
			explanation.Holds = append(explanation.Holds, activeHold(of, h))
		}
	}
	return explanation, err
}

// eachLine calls do with the transactions of an account's events after one
// version up to another, until do returns false.
func (r *Resolver) eachLine(ctx context.Context, id bank.AccountID, after, last int64,
	do func(view.Transaction) bool) error {
	return r.eachEvent(ctx, id, after, last, func(record contract.Record) (bool, error) {
		event, err := record.Event()
		if err != nil {
			return false, err
		}
		line := view.TransactionOf(record, event)
		return line == nil || do(*line), nil
	})
}
