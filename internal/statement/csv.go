package statement

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// ByteOrderMark begins a CSV file for spreadsheets that would not read it as UTF-8
// without it.
const ByteOrderMark = "\ufeff"

// csvForm writes RFC 4180: a header, the opening balance, the transactions and
// the closing balance, all with the same columns. Amounts are signed.
type csvForm struct {
	out       *csv.Writer
	statement Statement
}

func newCSV(out io.Writer, s Statement) *csvForm {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return &csvForm{w, s}
}

// asText is a text that no spreadsheet takes for a formula. Other people wrote
// it: a payer's memo stands in the payee's file. An apostrophe makes it text
// wherever a formula could begin: at the beginning, and after what some
// spreadsheets take for the end of a cell.
func asText(text string) string {
	if !strings.ContainsAny(text, formulaSigns) {
		return text
	}
	var safe strings.Builder
	begins := true // a cell, as a spreadsheet may see it
	for _, r := range text {
		switch {
		case begins && strings.ContainsRune(formulaSigns, r):
			safe.WriteByte('\'')
			begins = false
		case strings.ContainsRune(";\t\r\n", r):
			begins = true
		case r == '"' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r): // it is skipped
		default:
			begins = false
		}
		safe.WriteRune(r)
	}
	return safe.String()
}

// formulaSigns begin a formula, the wide forms of them in East Asian spreadsheets.
const formulaSigns = "=+-@＝＋－＠"

func (f *csvForm) begin(s Statement) error {
	header := []string{"bookedAt", "valueAt", "type", "amount", "balance", "currency", "transactionId", "version",
		"reference", "externalId", "counterpartyId", "transferId", "memo", "reason"}
	if err := f.out.Write(header); err != nil {
		return err
	}
	return f.balance("OPENING_BALANCE", s.instant(s.From), s.Opening.Decimal(), s)
}

func (f *csvForm) balance(what, at, balance string, s Statement) error {
	row := make([]string, 14)
	row[0], row[1], row[2], row[4], row[5] = at, at, what, balance, string(s.Currency)
	return f.out.Write(row)
}

func (f *csvForm) line(l Line) error {
	return f.out.Write([]string{f.statement.instant(l.BookedAt), f.statement.instant(l.ValueAt), l.Type,
		sign(l.Credit, "", "-") + l.Amount.Decimal(), l.Balance.Decimal(), string(l.Amount.Currency),
		l.ID, strconv.FormatInt(l.Version, 10),
		asText(l.Reference), asText(l.ExternalID), asText(l.Counterparty), asText(l.Transfer), asText(l.Memo),
		asText(l.Reason)})
}

func (f *csvForm) end(s Statement) error {
	if err := f.balance("CLOSING_BALANCE", s.instant(s.last()), s.Closing.Decimal(), s); err != nil {
		return err
	}
	f.out.Flush()
	return f.out.Error()
}
