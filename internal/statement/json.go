package statement

import (
	"bytes"
	"encoding/json"
	"io"
)

// jsonForm writes one JSON object whose last field is the list of
// transactions. Amounts are decimal strings.
type jsonForm struct {
	out       io.Writer
	statement Statement
	lines     int
}

type jsonStatement struct {
	ID             string `json:"id"`
	AccountID      string `json:"accountId"`
	Owner          string `json:"owner"`
	Currency       string `json:"currency"`
	From           string `json:"from"`
	To             string `json:"to"`
	FirstDay       string `json:"firstDay"`
	LastDay        string `json:"lastDay"`
	Zone           string `json:"zone"`
	Created        string `json:"created"`
	Opening        string `json:"opening"`
	OpeningVersion int64  `json:"openingVersion"`
	Closing        string `json:"closing"`
	ClosingVersion int64  `json:"closingVersion"`
}

type jsonLine struct {
	ID             string `json:"id"`
	Version        int64  `json:"version"`
	Type           string `json:"type"`
	Direction      string `json:"direction"`
	Amount         string `json:"amount"`
	Balance        string `json:"balance"`
	BookedAt       string `json:"bookedAt"`
	ValueAt        string `json:"valueAt"`
	Reference      string `json:"reference,omitempty"`
	ExternalID     string `json:"externalId,omitempty"`
	CounterpartyID string `json:"counterpartyId,omitempty"`
	TransferID     string `json:"transferId,omitempty"`
	JournalID      string `json:"journalId,omitempty"`
	Memo           string `json:"memo,omitempty"`
	Reason         string `json:"reason,omitempty"`
}

func (f *jsonForm) begin(s Statement) error {
	head, err := encode(jsonStatement{ID: s.ID(), AccountID: string(s.Account), Owner: s.Owner,
		Currency: string(s.Currency), From: s.instant(s.From), To: s.instant(s.To),
		FirstDay: s.FirstDay(), LastDay: s.LastDay(), Zone: s.zone().String(), Created: s.instant(s.Created),
		Opening: s.Opening.Decimal(), OpeningVersion: s.OpeningVersion,
		Closing: s.Closing.Decimal(), ClosingVersion: s.ClosingVersion})
	if err != nil {
		return err
	}
	_, err = f.out.Write(append(bytes.TrimSuffix(head, []byte("}")), `,"lines":[`...))
	return err
}

func (f *jsonForm) line(l Line) error {
	text, err := encode(jsonLine{ID: l.ID, Version: l.Version, Type: l.Type, Direction: sign(l.Credit, "CREDIT", "DEBIT"),
		Amount: l.Amount.Decimal(), Balance: l.Balance.Decimal(),
		BookedAt: f.statement.instant(l.BookedAt), ValueAt: f.statement.instant(l.ValueAt),
		Reference: l.Reference, ExternalID: l.ExternalID, CounterpartyID: l.Counterparty, TransferID: l.Transfer,
		JournalID: l.Journal, Memo: l.Memo, Reason: l.Reason})
	if err != nil {
		return err
	}
	separator := "\n"
	if f.lines++; f.lines > 1 {
		separator = ",\n"
	}
	_, err = f.out.Write(append([]byte(separator), text...))
	return err
}

func (f *jsonForm) end(Statement) error {
	_, err := io.WriteString(f.out, "\n]}\n")
	return err
}

// encode is JSON on one line that does not escape <, > and &.
func encode(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(text.Bytes()), err
}
