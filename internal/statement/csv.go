package statement

import (
	"encoding/csv"
	"io"
	"strconv"
)

// csvForm writes RFC 4180: a header, the opening balance, the transactions and
// the closing balance, all with the same columns. Amounts are signed.
type csvForm struct{ out *csv.Writer }

func newCSV(out io.Writer) *csvForm {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return &csvForm{w}
}

func (f *csvForm) begin(s Statement) error {
	header := []string{"bookedAt", "valueAt", "type", "amount", "balance", "currency", "transactionId", "version",
		"reference", "externalId", "counterpartyId", "transferId", "memo", "reason"}
	if err := f.out.Write(header); err != nil {
		return err
	}
	return f.balance("OPENING_BALANCE", utc(s.From), s.Opening.Decimal(), s)
}

func (f *csvForm) balance(what, at, balance string, s Statement) error {
	row := make([]string, 14)
	row[0], row[1], row[2], row[4], row[5] = at, at, what, balance, string(s.Currency)
	return f.out.Write(row)
}

func (f *csvForm) line(l Line) error {
	return f.out.Write([]string{utc(l.BookedAt), utc(l.ValueAt), l.Type,
		sign(l.Credit, "", "-") + l.Amount.Decimal(), l.Balance.Decimal(), string(l.Amount.Currency),
		l.ID, strconv.FormatInt(l.Version, 10),
		l.Reference, l.ExternalID, l.Counterparty, l.Transfer, l.Memo, l.Reason})
}

func (f *csvForm) end(s Statement) error {
	if err := f.balance("CLOSING_BALANCE", utc(s.To), s.Closing.Decimal(), s); err != nil {
		return err
	}
	f.out.Flush()
	return f.out.Error()
}
