package audit

import (
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
)

// Auditor holds one log to the laws. It serves one goroutine: give it every record, in the order of the log, then
// ask for the report.
type Auditor struct {
	*laws.Log
	findings laws.Findings
}

// New is an auditor of a log of which it has seen nothing.
func New() *Auditor {
	a := new(Auditor)
	a.Log = laws.NewLog(&a.findings)
	return a
}

// Find adds what the caller found: how the log is stored is for it to check.
func (a *Auditor) Find(f laws.Finding) { a.findings.Add(f) }

// Report ends the audit, which began at a time and took so long. The proof is nil if none was asked for.
func (a *Auditor) Report(began time.Time, took time.Duration, proof *Proof) Report {
	a.End()
	r := Report{
		OK: a.findings.Total == 0, Position: a.Position(), Records: a.Records(), Accounts: a.Accounts(),
		Transactions: a.Lines(), Keys: a.Keys(), Totals: totalsByCurrency(a.Trial()), Views: a.Compared(), Proof: proof,
		Findings: append([]laws.Finding{}, a.findings.Kept...), FindingsTotal: a.findings.Total,
		Began: began.UTC(), Seconds: took.Seconds(),
	}
	if took > 0 {
		r.RecordsPerSecond = float64(r.Records) / took.Seconds()
	}
	return r
}

// Excuse has the faults of an account left out of the report: they were made on purpose.
func (a *Auditor) Excuse(id bank.AccountID) { a.findings.Excuse(id) }
