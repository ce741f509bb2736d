package audit

import "corebank/check/laws"

type (
	Finding = laws.Finding
	Rule    = laws.Law
	Views   = laws.ViewSums
)

const (
	RuleStorage  = laws.Storage
	RuleOrder    = laws.Order
	RuleProof    = laws.Proof
	RuleViews    = laws.Views
	RulePostings = laws.Postings
	RuleBalance  = laws.Balance
)

var ReadViews = laws.ReadViews
