package graph

import (
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Cost is what a field costs, in points of which a field that is at hand costs
// one. A point is some microseconds of a processor.
type Cost struct {
	// Points are its own.
	Points int
	// Past are more points, when asOf, since or an id asks for something as it was.
	Past int
	// Times is how often what is selected in it counts; 0 is once.
	Times int
	// Page has what is selected count as often as first or last say, at most
	// MaxOnPage times, and this often when neither is given.
	Page int
	// Batch has the field count once for each of its input's items, at most
	// MaxInBatch times.
	Batch bool
	// Leg are more points for each leg of the transactions that its input posts.
	Leg int
}

// What is beyond these is refused by its field, with clearer words than those
// of its cost.
const (
	MaxOnPage  = view.MaxPage
	MaxInBatch = 100
	MaxLegs    = bank.MaxLegs
)

// Costs are the costs, by type and field, of the fields that are not at hand or
// are lists.
func Costs() map[string]Cost {
	const (
		read     = 5    // a look into the views
		log      = 20   // a look into the log
		past     = 40   // to find a point in the past
		command  = 50   // an account's decision and its place in the log
		leg      = 20   // the same, of one of several accounts that decide together
		seat     = 50   // of a subscriber
		document = 3000 // a statement of 5000 lines
		// How often lists without pages count, that may be long or are short.
		long, short = 10, 3
	)
	costs := map[string]Cost{
		"Query.node":                {Points: read, Past: past},
		"Query.account":             {Points: read, Past: past},
		"Query.accountByExternalId": {Points: read},
		"Query.caller":              {Points: read},
		"Query.accounts":            {Points: read, Page: defaultPage},
		"Query.balance":             {Points: read, Past: past},
		"Query.history":             {Points: read, Past: past, Page: defaultPage},
		"Query.commandStatus":       {Points: log},
		"Query.hold":                {Points: read},
		"Query.transfer":            {Points: read},
		"Query.statement":           {Points: past},
		"Query.systemStatus":        {Points: log},
		"Query.trialBalance":        {Points: 5 * log},

		"Subscription.accountUpdated":  {Points: seat},
		"Subscription.transactionFeed": {Points: seat},
		"Subscription.transactions":    {Points: seat},
		"Subscription.transferUpdated": {Points: seat},

		"Caller.roles":                    {Times: short},
		"Caller.queries":                  {Times: short},
		"Caller.mutations":                {Times: short},
		"Account.metadata":                {Times: short},
		"Account.holds":                   {Times: long},
		"Account.transfersInTransit":      {Times: long},
		"Account.history":                 {Points: read, Page: defaultPage},
		"Account.events":                  {Points: log, Page: defaultPage},
		"Balance.explanation":             {Points: past, Past: 200},
		"BalanceExplanation.transactions": {Times: 2 * long},
		"BalanceExplanation.holds":        {Times: long},
		"Statement.lines":                 {Points: log, Page: MaxOnPage},
		"Statement.document":              {Points: document},
		"TrialBalance.totals":             {Times: long},
		"SystemStatus.partitions":         {Times: long},

		"Transaction.legs":             {Points: read, Times: short},
		"Transaction.transfer":         {Points: read},
		"Transaction.hold":             {Points: read},
		"Transaction.reverses":         {Points: read},
		"Transaction.reversals":        {Points: read, Times: short},
		"Transaction.reversedAmount":   {Points: read},
		"JournalTransaction.legs":      {Points: read, Times: long},
		"Leg.transaction":              {Points: log},
		"Transfer.reverses":            {Points: read},
		"Transfer.reversals":           {Points: read, Times: short},
		"TransactionConnection.totals": {Points: read},

		"Mutation.postBatch": {Points: command, Batch: true, Leg: leg},
	}
	for _, o := range contract.Operations() {
		if o.Mutation != "" {
			costs["Mutation."+o.Mutation] = Cost{Points: o.Accounts * command}
		}
	}
	costs["Mutation.postTransaction"] = Cost{Points: command, Leg: leg}
	return costs
}
