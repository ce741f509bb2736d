package statement

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"corebank/internal/bank"
)

// MaxDocumentLines is the maximum of lines in a statement that is held in memory
// as one document, MaxLines in one that is streamed.
const (
	MaxDocumentLines = 5_000
	MaxLines         = 1_000_000
)

// Statement is everything of a statement but its lines.
type Statement struct {
	Account  bank.AccountID
	Owner    string
	Currency bank.Currency
	// From is the beginning of the period (inclusive), To its end (exclusive). Zone
	// is where its days are counted; nil is UTC.
	From, To time.Time
	Zone     *time.Location
	// Opening and Closing are the balances before and after the period;
	// OpeningVersion and ClosingVersion the account's versions.
	Opening, Closing               bank.Money
	OpeningVersion, ClosingVersion int64
	// Created is when the statement is written.
	Created time.Time
}

// ID depends on the content: a second statement of the same period has another id
// only if the account has changed. It has 30 characters.
func (s Statement) ID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d", s.Account, utc(s.From), utc(s.To), s.ClosingVersion))
	return "STM-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// Line is one transaction of a statement. Empty texts are omitted.
type Line struct {
	// ID is the transaction's id, Version its account's version after it.
	ID      string
	Version int64
	// Type is what moved the money, as the API spells it.
	Type   string
	Credit bool
	// Amount is positive; Balance is the balance after it.
	Amount, Balance bank.Money
	// BookedAt is when it was recorded, ValueAt when it is effective.
	BookedAt, ValueAt time.Time

	Reference, Memo, ExternalID, Counterparty, Transfer, Reason string
	// Journal is what was posted on several accounts, if this is a leg of it.
	Journal string
}

// Format is the file format of a statement.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	JSON    Format = "json"
	Camt053 Format = "camt053"
)

// Formats returns all formats.
func Formats() []Format { return []Format{CSV, JSON, Camt053} }

// MediaType is the format's media type.
func (f Format) MediaType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8"
	case Camt053:
		return "application/xml"
	}
	return "application/json"
}

// form writes one format: begin once, line for each, end once.
type form interface {
	begin(Statement) error
	line(Line) error
	end(Statement) error
}

// Writer writes a statement line by line and checks that it adds up. It must not
// be used after an error.
type Writer struct {
	form      form
	statement Statement
	balance   int64
	version   int64
}

// NewWriter begins a statement on out.
func NewWriter(out io.Writer, format Format, s Statement) (*Writer, error) {
	w := &Writer{statement: s, balance: s.Opening.Minor, version: s.OpeningVersion}
	switch format {
	case CSV:
		w.form = newCSV(out, s)
	case JSON:
		w.form = &jsonForm{out: out, statement: s}
	case Camt053:
		w.form = newCamt(out, s)
	default:
		return nil, fmt.Errorf("unknown statement format %q; use csv, json or camt053", string(format))
	}
	if err := w.form.begin(s); err != nil {
		return nil, fmt.Errorf("begin a statement: %w", err)
	}
	return w, nil
}

// Line writes the next transaction. It fails if the transaction does not follow
// from the balance before it.
func (w *Writer) Line(l Line) error {
	change := l.Amount.Minor
	if !l.Credit {
		change = -change
	}
	after := w.balance + change
	overflows := (after < w.balance) != (change < 0)
	if l.Version <= w.version || overflows || after != l.Balance.Minor {
		return fmt.Errorf("transaction %s does not follow from version %d with %s", l.ID, w.version,
			bank.Money{Minor: w.balance, Currency: w.statement.Currency})
	}
	w.version, w.balance = l.Version, l.Balance.Minor
	if err := w.form.line(l); err != nil {
		return fmt.Errorf("write transaction %s: %w", l.ID, err)
	}
	return nil
}

// End completes the statement. It fails if the lines do not lead to the closing
// balance.
func (w *Writer) End() error {
	if w.balance != w.statement.Closing.Minor {
		return fmt.Errorf("the transactions lead to %s, not to the closing balance of %s",
			bank.Money{Minor: w.balance, Currency: w.statement.Currency}, w.statement.Closing)
	}
	if err := w.form.end(w.statement); err != nil {
		return fmt.Errorf("end a statement: %w", err)
	}
	return nil
}

const (
	instantForm = "2006-01-02T15:04:05.000Z07:00"
	maxOffset   = time.Minute // what an offset is written in
)

func utc(t time.Time) string { return t.UTC().Format(instantForm) }

// instant is a moment as it is written, in the statement's zone.
func (s Statement) instant(t time.Time) string {
	local := t.In(s.zone())
	if _, offset := local.Zone(); offset%int(maxOffset.Seconds()) != 0 {
		return utc(t) // the sun time of earlier centuries
	}
	return local.Format(instantForm)
}

func (s Statement) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// last is the last moment of the period: the closing balance is that of its day,
// and not of the day after it.
func (s Statement) last() time.Time { return s.To.Add(-time.Millisecond) }

// FirstDay and LastDay are the days of the opening and of the closing balance.
func (s Statement) FirstDay() string { return s.From.In(s.zone()).Format(time.DateOnly) }
func (s Statement) LastDay() string  { return s.last().In(s.zone()).Format(time.DateOnly) }

// sign returns in for a credit and out for a debit.
func sign(credit bool, in, out string) string {
	if credit {
		return in
	}
	return out
}
