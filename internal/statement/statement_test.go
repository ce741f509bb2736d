package statement_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/golden"
	"corebank/internal/statement"
)

var (
	ada   = bank.NewAccountID("test", "ada")
	bob   = bank.NewAccountID("test", "bob")
	march = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

func eur(cents int64) bank.Money { return bank.Money{Minor: cents, Currency: "EUR"} }

// aMonth is a statement with one line of each type, and texts that every format
// has to quote.
func aMonth() (statement.Statement, []statement.Line) {
	frame := statement.Statement{Account: ada, Owner: `Ada "Countess" <Lovelace> & Sons`, Currency: "EUR",
		From: march, To: march.AddDate(0, 1, 0), Created: march.AddDate(0, 1, 2),
		Opening: eur(-50_00), OpeningVersion: 7, Closing: eur(1_234_55), ClosingVersion: 20}
	balance := frame.Opening.Minor
	var lines []statement.Line
	add := func(version int64, what string, credit bool, cents int64, more func(*statement.Line)) {
		if balance += cents; !credit {
			balance -= 2 * cents
		}
		at := march.Add(time.Duration(version) * 12 * time.Hour)
		id := fmt.Sprintf("txn_%s_%d", strings.TrimPrefix(string(ada), "acc_"), version)
		line := statement.Line{ID: id, Version: version,
			Type: what, Credit: credit, Amount: eur(cents), Balance: eur(balance), BookedAt: at, ValueAt: at}
		if more != nil {
			more(&line)
		}
		lines = append(lines, line)
	}
	add(8, "DEPOSIT", true, 2500_00, func(l *statement.Line) {
		l.Reference, l.ExternalID, l.ValueAt = "SALARY 2026-03", "pay-17", march
	})
	add(9, "WITHDRAWAL", false, 900_50, func(l *statement.Line) { l.Memo = "rent, \"March\"; <paid> & done" })
	add(12, "HOLD_CAPTURE", false, 64_95, nil)
	add(14, "TRANSFER_OUT", false, 300_00, func(l *statement.Line) {
		l.Counterparty, l.Transfer = string(bob), string(bank.NewTransferID(ada, "k"))
		l.Reference = strings.Repeat("long ", 27)
	})
	add(16, "TRANSFER_RETURNED", true, 300_00, func(l *statement.Line) {
		l.Counterparty, l.Transfer, l.Reason = string(bob), string(bank.NewTransferID(ada, "k")), "The account was closed."
	})
	add(18, "TRANSFER_IN", true, 50_00, func(l *statement.Line) { l.Counterparty = string(bob) })
	add(20, "REVERSAL", false, 300_00, func(l *statement.Line) { l.Reason = "paid twice" })
	frame.Closing = eur(balance)
	return frame, lines
}

// written is a whole statement in a format.
func written(format statement.Format, frame statement.Statement, lines []statement.Line) (string, error) {
	var text bytes.Buffer
	w, err := statement.NewWriter(&text, format, frame)
	if err != nil {
		return "", err
	}
	for _, line := range lines {
		if err := w.Line(line); err != nil {
			return "", err
		}
	}
	err = w.End()
	return text.String(), err
}

//go:generate env GENERATE=1 go test -count=1 -run TestStatementsAreWrittenAsBefore .

func TestStatementsAreWrittenAsBefore(t *testing.T) {
	for _, format := range statement.Formats() {
		t.Run(string(format), func(t *testing.T) {
			frame, lines := aMonth()
			text, err := written(format, frame, lines)
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", "month."+string(format)), text)
		})
	}
}

func TestAnEmptyMonth(t *testing.T) {
	frame, _ := aMonth()
	frame.Closing, frame.ClosingVersion = frame.Opening, frame.OpeningVersion
	for _, format := range statement.Formats() {
		if text, err := written(format, frame, nil); err != nil || !strings.Contains(text, "50.00") {
			t.Errorf("%s: %s, %v", format, text, err)
		}
	}
}

func TestSpreadsheetsReadIt(t *testing.T) {
	frame, lines := aMonth()
	text, err := written(statement.CSV, frame, lines)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != len(lines)+3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if strings.Count(text, "\r\n") != len(rows) {
		t.Error("RFC 4180 ends lines with CRLF")
	}
	if rows[1][2] != "OPENING_BALANCE" || rows[1][4] != "-50.00" || rows[3][3] != "-900.50" ||
		rows[3][12] != lines[1].Memo {
		t.Errorf("%q", rows)
	}
}

func TestProgramsReadIt(t *testing.T) {
	frame, lines := aMonth()
	text, err := written(statement.JSON, frame, lines)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Owner, Opening, Closing string
		Lines                   []struct{ Amount, Direction, Balance, Memo string }
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Owner != frame.Owner || got.Closing != frame.Closing.Decimal() || len(got.Lines) != len(lines) ||
		got.Lines[1].Memo != lines[1].Memo || got.Lines[1].Direction != "DEBIT" {
		t.Errorf("%+v", got)
	}
}

func TestAStatementThatDoesNotAddUpIsNotWritten(t *testing.T) {
	frame, lines := aMonth()
	wrongEnd := frame
	wrongEnd.Closing.Minor++
	missing := append(append([]statement.Line{}, lines[:2]...), lines[3:]...)
	swapped := append([]statement.Line{lines[1], lines[0]}, lines[2:]...)
	for name, test := range map[string]struct {
		frame statement.Statement
		lines []statement.Line
	}{"the end is another": {wrongEnd, lines}, "a line is missing": {frame, missing},
		"lines are swapped":   {frame, swapped},
		"the last is missing": {frame, lines[:len(lines)-1]}} {
		for _, format := range statement.Formats() {
			if text, err := written(format, test.frame, test.lines); err == nil {
				t.Errorf("%s, and as %s it is written:\n%s", name, format, text)
			}
		}
	}
	if _, err := written("pdf", frame, lines); err == nil || !strings.Contains(err.Error(), "camt053") {
		t.Errorf("another format: %v", err)
	}
}

func TestCamtHasNoRoomForTheLargestAmounts(t *testing.T) {
	frame, _ := aMonth()
	frame.Opening, frame.Closing = eur(1<<63-1), eur(1<<63-1)
	if _, err := written(statement.Camt053, frame, nil); !errors.Is(err, statement.ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if _, err := written(statement.CSV, frame, nil); err != nil {
		t.Error(err)
	}
}

// element is any XML element.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

// camt is the part of camt.053.001.08 that is used: the children of each
// element in the definition's order, and what texts look like. A "!" marks a
// child that has to be there, a "*" one that may come more than once.
var camt = map[string][]string{
	"Document": {"BkToCstmrStmt!"}, "BkToCstmrStmt": {"GrpHdr!", "Stmt!*"}, "GrpHdr": {"MsgId!", "CreDtTm!"},
	"Stmt":   {"Id!", "CreDtTm", "FrToDt", "Acct!", "Bal!*", "Ntry*"},
	"FrToDt": {"FrDtTm!", "ToDtTm!"}, "Acct": {"Id!", "Ccy", "Ownr"}, "Acct/Id": {"Othr!"},
	"Othr": {"Id!"}, "Ownr": {"Nm"},
	"Bal": {"Tp!", "Amt!", "CdtDbtInd!", "Dt!"}, "Tp": {"CdOrPrtry!"}, "CdOrPrtry": {"Cd!"}, "Dt": {"DtTm!"},
	"Ntry": {"NtryRef", "Amt!", "CdtDbtInd!", "RvslInd", "Sts!", "BookgDt", "ValDt", "AcctSvcrRef",
		"BkTxCd!", "NtryDtls*", "AddtlNtryInf"},
	"Sts": {"Cd!"}, "BookgDt": {"DtTm!"}, "ValDt": {"DtTm!"}, "BkTxCd": {"Domn", "Prtry"}, "Domn": {"Cd!", "Fmly!"},
	"Fmly": {"Cd!", "SubFmlyCd!"}, "Prtry": {"Cd!", "Issr"}, "NtryDtls": {"TxDtls*"},
	"TxDtls":    {"Refs", "Amt", "CdtDbtInd", "RltdPties", "RmtInf", "AddtlTxInf"},
	"Refs":      {"AcctSvcrRef", "EndToEndId", "TxId", "AcctOwnrTxId"},
	"RltdPties": {"DbtrAcct", "CdtrAcct"}, "DbtrAcct": {"Id!"}, "CdtrAcct": {"Id!"},
	"DbtrAcct/Id": {"Othr!"}, "CdtrAcct/Id": {"Othr!"},
	"RmtInf": {"Ustrd*"},
}

const isoTime = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`

var camtTexts = map[string]string{
	"MsgId": `.{1,35}`, "Stmt/Id": `.{1,35}`, "Othr/Id": `.{1,34}`, "CreDtTm": isoTime, "FrDtTm": isoTime,
	"ToDtTm": isoTime, "DtTm": isoTime,
	"Ccy": `[A-Z]{3}`, "Nm": `.{1,140}`, "Amt": `\d{1,18}|\d+\.\d{1,5}`, "CdtDbtInd": `CRDT|DBIT`, "RvslInd": `true|false`,
	"CdOrPrtry/Cd": `OPBD|CLBD`, "Sts/Cd": `BOOK`, "Domn/Cd": `PMNT`, "Fmly/Cd": `[A-Z]{4}`, "SubFmlyCd": `[A-Z]{4}`,
	"Prtry/Cd": `.{1,35}`, "Issr": `.{1,35}`,
	"NtryRef": `.{1,35}`, "AcctSvcrRef": `.{1,35}`, "EndToEndId": `.{1,35}`, "TxId": `.{1,35}`, "AcctOwnrTxId": `.{1,35}`,
	"Ustrd": `.{1,140}`, "AddtlTxInf": `.{1,500}`, "AddtlNtryInf": `.{1,500}`,
}

func TestCamtFollowsItsDefinition(t *testing.T) {
	frame, lines := aMonth()
	text, err := written(statement.Camt053, frame, lines)
	if err != nil {
		t.Fatal(err)
	}
	var document element
	if err := xml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	if document.XMLName.Space != "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08" {
		t.Errorf("namespace %q", document.XMLName.Space)
	}
	checkCamt(t, "", document)
}

func checkCamt(t *testing.T, parent string, e element) {
	name := e.XMLName.Local
	children, complex := camt[parent+"/"+name]
	if !complex {
		children, complex = camt[name]
	}
	if _, simple := camtTexts[parent+"/"+name]; simple || !complex {
		pattern, known := camtTexts[parent+"/"+name]
		if !known {
			pattern, known = camtTexts[name]
		}
		if !known || len(e.Children) > 0 || !regexp.MustCompile(`^(?s:`+pattern+`)$`).MatchString(e.Text) {
			t.Errorf("%s/%s says %q, which is not %s", parent, name, e.Text, pattern)
		}
		return
	}
	place, seen := 0, map[string]int{}
	for _, child := range e.Children {
		for place < len(children) && strings.TrimRight(children[place], "!*") != child.XMLName.Local {
			place++
		}
		if place == len(children) {
			t.Errorf("%s is not allowed in %s, or not there", child.XMLName.Local, name)
			return
		}
		if seen[child.XMLName.Local]++; seen[child.XMLName.Local] > 1 && !strings.HasSuffix(children[place], "*") {
			t.Errorf("%s comes more than once in %s", child.XMLName.Local, name)
		}
		checkCamt(t, name, child)
	}
	for _, child := range children {
		if plain := strings.TrimRight(child, "!*"); strings.Contains(child, "!") && seen[plain] == 0 {
			t.Errorf("%s has no %s", name, plain)
		}
	}
}
