package graph

import (
	"corebank/graph/generated"
	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/view"
)

// What fields cost in points, where a field that is at hand costs one. A point
// is some microseconds of a processor.
const (
	costRead     = 5    // a look into the views
	costLog      = 20   // a look into the log
	costCommand  = 50   // a decision and its place in the log
	costFollow   = 50   // a subscriber's seat
	costDocument = 3000 // a statement of 5000 lines
	// What a list without a page counts for where it may be long, and short.
	longList, shortList = 10, 3
	// explainedAtMost is what an explanation counts for that says where to begin.
	explainedAtMost = 200
	// batchAtMost is how many commands of a batch are counted; more are refused.
	batchAtMost = 100
)

// Costs is the cost of every field that is not at hand or is a list: a page
// costs its lines.
func Costs() generated.ComplexityRoot {
	var c generated.ComplexityRoot
	costQueries(&c)
	costMutations(&c)
	costAccounts(&c)
	costTransactions(&c)
	return c
}

// pageCost is that of a page. One that is too long is refused by its field,
// with clearer words.
func pageCost(base, each, unsaid int, asked ...*int64) int {
	length := int64(unsaid)
	for _, n := range asked {
		if n != nil {
			length = min(max(*n, 1), view.MaxPage)
		}
	}
	return base + int(length)*each
}

// pastCost adds what it takes to tell something as it was.
func pastCost(asOf *model.AsOf) int {
	if asOf == nil {
		return 0
	}
	return 2 * costLog
}

func costQueries(c *generated.ComplexityRoot) {
	q := &c.Query
	q.Node = func(child int, _ string) int { return costRead + child }
	q.Account = func(child int, _ string, _, _ *int64, asOf *model.AsOf) int { return costRead + pastCost(asOf) + child }
	q.AccountByExternalID = func(child int, _ string) int { return costRead + child }
	q.Accounts = func(child int, first *int64, _ *string, _ *model.AccountFilter) int {
		return pageCost(costRead, child, defaultPage, first)
	}
	q.Balance = func(child int, _ string, _, _ *int64, asOf *model.AsOf) int { return costRead + pastCost(asOf) + child }
	q.History = func(child int, _ string, first *int64, _ *string, last *int64, _ *string, _ *model.TransactionFilter, _, _ *int64, asOf *model.AsOf) int {
		return pageCost(costRead+pastCost(asOf), child, defaultPage, first, last)
	}
	q.CommandStatus = func(child int, _ *string, _ string) int { return costLog + child }
	q.Hold = func(child int, _ string) int { return costRead + child }
	q.Transfer = func(child int, _ string) int { return costRead + child }
	q.Statement = func(child int, _ string, _, _ scalar.DateTime, _ model.StatementFormat) int { return 2*costLog + child }
	q.SystemStatus = func(child int) int { return costLog + child }
	q.TrialBalance = func(child int, _ *model.LogAsOf) int { return 5*costLog + child }
	c.TrialBalance.Totals = func(child int) int { return longList * child }
	c.Subscription.Transactions = func(child int, _, _ *string) int { return costFollow + child }
}

func costMutations(c *generated.ComplexityRoot) {
	m := &c.Mutation
	m.OpenAccount = func(child int, _ model.OpenAccountInput) int { return costCommand + child }
	m.UpdateAccount = func(child int, _ model.UpdateAccountInput) int { return costCommand + child }
	m.CloseAccount = func(child int, _ model.CloseAccountInput) int { return costCommand + child }
	m.FreezeAccount = func(child int, _ model.FreezeAccountInput) int { return costCommand + child }
	m.UnfreezeAccount = func(child int, _ model.UnfreezeAccountInput) int { return costCommand + child }
	m.SetLimits = func(child int, _ model.SetLimitsInput) int { return costCommand + child }
	m.Deposit = func(child int, _ model.DepositInput) int { return costCommand + child }
	m.Withdraw = func(child int, _ model.WithdrawInput) int { return costCommand + child }
	m.PlaceHold = func(child int, _ model.PlaceHoldInput) int { return costCommand + child }
	m.CaptureHold = func(child int, _ model.CaptureHoldInput) int { return costCommand + child }
	m.ReleaseHold = func(child int, _ model.ReleaseHoldInput) int { return costCommand + child }
	m.Transfer = func(child int, _ model.TransferInput) int { return 2*costCommand + child }
	m.Reverse = func(child int, _ model.ReverseInput) int { return 2*costCommand + child }
	m.PostBatch = func(child int, in model.PostBatchInput) int {
		return min(max(len(in.Items), 1), batchAtMost) * (costCommand + child)
	}
}

func costAccounts(c *generated.ComplexityRoot) {
	a := &c.Account
	a.Metadata = func(child int) int { return shortList * child }
	a.Holds = func(child int) int { return longList * child }
	a.TransfersInTransit = func(child int) int { return longList * child }
	a.History = func(child int, first *int64, _ *string, last *int64, _ *string, _ *model.TransactionFilter) int {
		return pageCost(costRead, child, defaultPage, first, last)
	}
	a.Events = func(child int, first *int64, _ *string, last *int64, _ *string) int {
		return pageCost(costLog, child, defaultPage, first, last)
	}
	c.Balance.Explanation = func(child int, since *model.AsOf) int {
		if since == nil {
			return 2*costLog + child // its lists count for themselves
		}
		return explainedAtMost + pastCost(since) + child
	}
	c.BalanceExplanation.Transactions = func(child int) int { return 2 * longList * child }
	c.BalanceExplanation.Holds = func(child int) int { return longList * child }
	c.Statement.Lines = func(child int, first *int64, _ *string) int {
		return pageCost(costLog, child, view.MaxPage, first)
	}
	c.Statement.Document = func(int) int { return costDocument }
}

func costTransactions(c *generated.ComplexityRoot) {
	t := &c.Transaction
	t.Transfer = func(child int) int { return costRead + child }
	t.Hold = func(child int) int { return costRead + child }
	t.Reverses = func(child int) int { return costRead + child }
	t.Reversals = func(child int) int { return costRead + shortList*child }
	t.ReversedAmount = func(child int) int { return costRead + child }
	c.Transfer.Reverses = func(child int) int { return costRead + child }
	c.Transfer.Reversals = func(child int) int { return costRead + shortList*child }
	c.TransactionConnection.Totals = func(child int) int { return costRead + child }
}
