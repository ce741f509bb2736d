package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/terminal"
	"corebank/internal/view"
)

// Report is what an audit found. Its JSON form is for machines: fields are added, never renamed.
type Report struct {
	// OK says that there is no finding.
	OK bool `json:"ok"`
	// Records, Accounts, Transactions (the lines of all histories) and Keys (idempotency keys) count what the log
	// holds, Position is its last.
	Position     int64 `json:"position"`
	Records      int64 `json:"records"`
	Accounts     int64 `json:"accounts"`
	Transactions int64 `json:"transactions"`
	Keys         int64 `json:"keys"`
	// Waiting counts records that are in their partition, and have no place in the whole log yet: those from after
	// its end. The others do not count them.
	Waiting int64 `json:"waiting,omitempty"`
	// Totals are the sums of the ledger, by currency.
	Totals []Total `json:"totals"`
	// Views is nil if the views were not compared.
	Views *laws.Compared `json:"views,omitempty"`
	// Proof is nil if the storage's proofs were not checked.
	Proof *Proof `json:"proof,omitempty"`
	// Findings are the first laws.MaxFindings of FindingsTotal.
	Findings      []laws.Finding `json:"findings"`
	FindingsTotal int64          `json:"findingsTotal"`
	// Began is when the audit began, Seconds how long it took.
	Began            time.Time `json:"began"`
	Seconds          float64   `json:"seconds"`
	RecordsPerSecond float64   `json:"recordsPerSecond"`
}

// Proof says which part of the storage's history was proven.
type Proof struct {
	// Transactions counts from the first; Hash stands for all of them.
	Transactions uint64 `json:"transactions"`
	Hash         string `json:"hash"`
	// Since is the state of an earlier audit that this one follows from, or nil.
	Since *Earlier `json:"since,omitempty"`
	// Partitions are the proofs of the partitions of a log that has several; the one around them is then that of
	// their sequence.
	Partitions []Proof `json:"partitions,omitempty"`
}

// Earlier is the state that an earlier audit left.
type Earlier struct {
	Transaction uint64    `json:"transaction"`
	At          time.Time `json:"at"`
}

// Total is what the ledger accounts of one currency come to at the end of the log, as decimals: they sum to zero.
type Total struct {
	Currency   bank.Currency `json:"currency"`
	Customers  string        `json:"customers"`
	Cash       string        `json:"cash"`
	Transit    string        `json:"transit"`
	Settlement string        `json:"settlement"`
}

// totalsByCurrency are sorted by currency.
func totalsByCurrency(trial view.Trial) []Total {
	totals := []Total{}
	for _, sum := range trial.Totals {
		c := sum.Currency
		if n := len(totals); n == 0 || totals[n-1].Currency != c {
			none := c.Decimal("0")
			totals = append(totals, Total{Currency: c, Customers: none, Cash: none, Transit: none, Settlement: none})
		}
		of := &totals[len(totals)-1]
		for ledger, text := range map[string]*string{bank.CustomerLedger(""): &of.Customers, bank.CashLedger(c): &of.Cash,
			bank.TransitLedger(c): &of.Transit, bank.SettlementLedger(c): &of.Settlement} {
			if bank.LedgerKind(ledger) == sum.Kind {
				*text = c.Decimal(sum.Sum.String())
			}
		}
	}
	return totals
}

// text leaves out where nothing is.
func (t Total) text() string {
	text := fmt.Sprintf("customers %s, cash %s", t.Customers, t.Cash)
	if strings.Trim(t.Transit, "0.") != "" {
		text += ", transit " + t.Transit
	}
	if strings.Trim(t.Settlement, "0.") != "" {
		text += ", settlement " + t.Settlement
	}
	return text
}

// WriteJSON writes the report for machines.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// String is the report for people.
func (r Report) String() string {
	var b strings.Builder
	if r.OK {
		b.WriteString("The audit found nothing wrong.\n\n")
	} else {
		fmt.Fprintf(&b, "The audit found %s.\n\n", counted(r.FindingsTotal, "fault"))
	}
	line := func(name, text string) {
		b.WriteString(terminal.Wrap(fmt.Sprintf("  %-13s %s\n", name, text), strings.Repeat(" ", 16)))
	}
	log := fmt.Sprintf("%s, the last at position %s", counted(r.Records, "record"), humanize.Comma(r.Position))
	if r.Waiting > 0 {
		log += "; " + humanize.Comma(r.Waiting) + " newer without a place yet"
	}
	line("log", log)
	line("accounts", humanize.Comma(r.Accounts))
	line("transactions", humanize.Comma(r.Transactions))
	keys := humanize.Comma(r.Keys)
	if r.OK {
		keys += ", each used once in its account"
	}
	line("keys", keys)
	for _, total := range r.Totals {
		line(string(total.Currency), total.text())
	}
	line("views", viewsText(r.Views))
	line("immudb", r.Proof.text())
	took := fmt.Sprintf("%.1f s", r.Seconds)
	if r.RecordsPerSecond > 0 {
		took += ", " + counted(int64(r.RecordsPerSecond), "record") + " a second"
	}
	line("time", took)
	if r.OK {
		return b.String()
	}
	b.WriteString("\nFaults:\n")
	for _, f := range r.Findings {
		b.WriteString("  " + f.String() + "\n")
	}
	if more := r.FindingsTotal - int64(len(r.Findings)); more > 0 {
		fmt.Fprintf(&b, "  and %s more\n", humanize.Comma(more))
	}
	return b.String()
}

func viewsText(c *laws.Compared) string {
	switch {
	case c == nil:
		return "not compared"
	case c.Different > 0:
		return fmt.Sprintf("%s differ from the log at position %s", counted(c.Different, "account"),
			humanize.Comma(c.Checkpoint))
	default:
		return fmt.Sprintf("equal to the log at position %s: %s, %s", humanize.Comma(c.Checkpoint),
			counted(c.Accounts, "account"), counted(c.Transactions, "transaction"))
	}
}

func (p *Proof) text() string {
	if p == nil {
		return "not proven"
	}
	text := fmt.Sprintf("proven from the first to the last of %s", counted(int64(p.Transactions), "transaction"))
	for i, one := range p.Partitions {
		if i == 0 {
			text += " of the sequence"
		}
		text += fmt.Sprintf(", of %s of partition %d", counted(int64(one.Transactions), "transaction"), i+1)
	}
	if p.Since == nil {
		return text + "; no earlier audit to compare with"
	}
	return fmt.Sprintf("%s; transaction %s is the one that was audited at %s", text,
		humanize.Comma(int64(p.Since.Transaction)), p.Since.At.Format(time.RFC3339))
}

// counted is "1 record" or "2 records".
func counted(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return humanize.Comma(n) + " " + what
}
