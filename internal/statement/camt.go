package statement

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"corebank/internal/bank"
)

// ErrTooLarge is the error of an amount that does not fit into camt.053.
var ErrTooLarge = errors.New("more than the 18 digits that camt.053 can hold; use CSV or JSON")

const camtNamespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"

// Limits of the message definition.
const (
	camtDigits    = 18 // of an amount
	camtReference = 35 // characters of a reference; all other texts are as long as the bank's own may be
)

// camtForm writes an ISO 20022 bank-to-customer statement. The elements are in
// the order of the definition.
type camtForm struct {
	out       io.Writer
	encoder   *xml.Encoder
	statement Statement
}

func newCamt(out io.Writer, s Statement) *camtForm {
	encoder := xml.NewEncoder(out)
	encoder.Indent("    ", "  ")
	return &camtForm{out, encoder, s}
}

type camtHeader struct {
	XMLName xml.Name `xml:"GrpHdr"`
	MsgID   string   `xml:"MsgId"`
	Created string   `xml:"CreDtTm"`
}

type camtPeriod struct {
	XMLName xml.Name `xml:"FrToDt"`
	From    string   `xml:"FrDtTm"`
	To      string   `xml:"ToDtTm"`
}

type camtAccount struct {
	XMLName  xml.Name `xml:"Acct"`
	ID       string   `xml:"Id>Othr>Id"`
	Currency string   `xml:"Ccy"`
	Owner    string   `xml:"Ownr>Nm,omitempty"`
}

type camtAmount struct {
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type camtBalance struct {
	XMLName   xml.Name   `xml:"Bal"`
	Code      string     `xml:"Tp>CdOrPrtry>Cd"`
	Amount    camtAmount `xml:"Amt"`
	Indicator string     `xml:"CdtDbtInd"`
	Day       string     `xml:"Dt>Dt"`
}

type camtEntry struct {
	XMLName   xml.Name    `xml:"Ntry"`
	Ref       string      `xml:"NtryRef"`
	Amount    camtAmount  `xml:"Amt"`
	Indicator string      `xml:"CdtDbtInd"`
	Reversal  bool        `xml:"RvslInd,omitempty"`
	Status    string      `xml:"Sts>Cd"`
	Booked    string      `xml:"BookgDt>DtTm"`
	Value     string      `xml:"ValDt>DtTm"`
	Servicer  string      `xml:"AcctSvcrRef"`
	Code      camtCode    `xml:"BkTxCd"`
	Details   camtDetails `xml:"NtryDtls>TxDtls"`
	More      string      `xml:"AddtlNtryInf,omitempty"`
}

type camtCode struct {
	Domain    string `xml:"Domn>Cd"`
	Family    string `xml:"Domn>Fmly>Cd"`
	SubFamily string `xml:"Domn>Fmly>SubFmlyCd"`
	Own       string `xml:"Prtry>Cd"`
	Issuer    string `xml:"Prtry>Issr"`
}

type camtDetails struct {
	Servicer  string          `xml:"Refs>AcctSvcrRef"`
	EndToEnd  string          `xml:"Refs>EndToEndId,omitempty"`
	Transfer  string          `xml:"Refs>TxId,omitempty"`
	Owner     string          `xml:"Refs>AcctOwnrTxId,omitempty"`
	Amount    camtAmount      `xml:"Amt"`
	Indicator string          `xml:"CdtDbtInd"`
	Parties   *camtParties    `xml:"RltdPties"`
	About     *camtRemittance `xml:"RmtInf"`
	More      string          `xml:"AddtlTxInf,omitempty"`
}

type camtParties struct {
	Debtor   *camtOther `xml:"DbtrAcct"`
	Creditor *camtOther `xml:"CdtrAcct"`
}

type camtOther struct {
	ID string `xml:"Id>Othr>Id"`
}

type camtRemittance struct {
	Unstructured string `xml:"Ustrd"`
}

func (f *camtForm) begin(s Statement) error {
	opening, err := camtBalanceOf("OPBD", s.Opening, s.FirstDay())
	if err != nil {
		return err
	}
	closing, err := camtBalanceOf("CLBD", s.Closing, s.LastDay())
	if err != nil {
		return err
	}
	head := xml.Header + `<Document xmlns="` + camtNamespace + `">` + "\n  <BkToCstmrStmt>\n"
	if _, err := io.WriteString(f.out, head); err != nil {
		return err
	}
	if err := f.encoder.Encode(camtHeader{MsgID: s.ID(), Created: s.instant(s.Created)}); err != nil {
		return err
	}
	head = "\n    <Stmt>\n      <Id>" + s.ID() + "</Id>\n      <CreDtTm>" + s.instant(s.Created) + "</CreDtTm>\n"
	if _, err := io.WriteString(f.out, head); err != nil {
		return err
	}
	f.encoder = xml.NewEncoder(f.out)
	f.encoder.Indent("      ", "  ")
	for _, part := range []any{
		camtPeriod{From: s.instant(s.From), To: s.instant(s.last())},
		camtAccount{ID: string(s.Account), Currency: string(s.Currency), Owner: s.Owner},
		opening, closing,
	} {
		if err := f.encoder.Encode(part); err != nil {
			return err
		}
	}
	return nil
}

func (f *camtForm) line(l Line) error {
	amount, err := camtAmountOf(l.Amount)
	if err != nil {
		return err
	}
	indicator := sign(l.Credit, "CRDT", "DBIT")
	details := camtDetails{Servicer: camtRef(l), EndToEnd: short(l.Reference), Transfer: cmp.Or(l.Transfer, l.Journal),
		Owner: short(l.ExternalID), Amount: amount, Indicator: indicator, More: l.Reason}
	if l.Reference != "" {
		details.About = &camtRemittance{l.Reference}
	}
	switch other := (&camtOther{l.Counterparty}); {
	case other.ID == "":
	case l.Credit:
		details.Parties = &camtParties{Debtor: other}
	default:
		details.Parties = &camtParties{Creditor: other}
	}
	return f.encoder.Encode(camtEntry{Ref: strconv.FormatInt(l.Version, 10), Amount: amount, Indicator: indicator,
		Reversal: l.Type == "REVERSAL", Status: "BOOK", Booked: f.statement.instant(l.BookedAt),
		Value: f.statement.instant(l.ValueAt), Servicer: camtRef(l),
		Code: camtCodeOf(l), Details: details, More: l.Memo})
}

func (f *camtForm) end(Statement) error {
	_, err := io.WriteString(f.out, "\n    </Stmt>\n  </BkToCstmrStmt>\n</Document>\n")
	return err
}

// camtCodeOf is the bank transaction code of a line and its type in the API.
func camtCodeOf(l Line) camtCode {
	code := camtCode{Domain: "PMNT", Family: sign(l.Credit, "MCOP", "MDOP"), SubFamily: "OTHR", Own: l.Type,
		Issuer: "corebank"}
	switch l.Type {
	case "DEPOSIT":
		code.Family, code.SubFamily = "CNTR", "CDPT"
	case "WITHDRAWAL":
		code.Family, code.SubFamily = "CNTR", "CWDL"
	case "POSTING":
		code.Family, code.SubFamily = sign(l.Credit, "RCDT", "ICDT"), "BOOK"
	case "TRANSFER_OUT":
		code.Family, code.SubFamily = "ICDT", "BOOK"
	case "TRANSFER_IN":
		code.Family, code.SubFamily = "RCDT", "BOOK"
	case "TRANSFER_RETURNED":
		code.Family, code.SubFamily = "ICDT", "RRTN"
	}
	return code
}

func camtBalanceOf(code string, balance bank.Money, day string) (camtBalance, error) {
	credit := balance.Minor >= 0
	if !credit {
		balance.Minor = -balance.Minor
	}
	amount, err := camtAmountOf(balance)
	return camtBalance{Code: code, Amount: amount, Indicator: sign(credit, "CRDT", "DBIT"), Day: day}, err
}

// camtAmountOf is an amount of at most 18 digits, the limit of the definition.
func camtAmountOf(m bank.Money) (camtAmount, error) {
	value := m.Decimal()
	if len(strings.ReplaceAll(value, ".", "")) > camtDigits {
		return camtAmount{}, fmt.Errorf("%s: %w", m, ErrTooLarge)
	}
	return camtAmount{Currency: string(m.Currency), Value: value}, nil
}

// camtRef is the transaction's id without its prefix, with which it is too long
// for a reference, or the version alone where it is still too long.
func camtRef(l Line) string {
	if ref := strings.TrimPrefix(l.ID, "txn_"); len(ref) <= camtReference {
		return ref
	}
	return strconv.FormatInt(l.Version, 10)
}

// short is the text if it fits into a reference, and otherwise empty: part of a
// reference is useless.
func short(text string) string {
	if utf8.RuneCountInString(text) > camtReference {
		return ""
	}
	return text
}
