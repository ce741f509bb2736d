package statement_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
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
	add(19, "POSTING", false, 7_25, func(l *statement.Line) {
		l.Journal, l.Reference = string(bank.NewJournalID(ada, "k")), "fee"
	})
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

// TestTheLargestAmountsAddUp: in both directions and to the cent, and no sum wraps.
func TestTheLargestAmountsAddUp(t *testing.T) {
	const most = math.MaxInt64
	frame, _ := aMonth()
	line := func(version int64, credit bool, amount, balance int64) statement.Line {
		return statement.Line{ID: "txn", Version: frame.OpeningVersion + version, Type: "DEPOSIT", Credit: credit,
			Amount: eur(amount), Balance: eur(balance), BookedAt: frame.From, ValueAt: frame.From}
	}
	frame.Opening, frame.Closing = eur(-most), eur(-most)
	lines := []statement.Line{line(1, true, most, 0), line(2, true, most, most), line(3, false, most, 0),
		line(4, false, most, -most)}
	for _, format := range []statement.Format{statement.CSV, statement.JSON} {
		text, err := written(format, frame, lines)
		if err != nil || strings.Count(text, "92233720368547758.07") < 6 {
			t.Errorf("%s: %v\n%s", format, err, text)
		}
	}
	frame.Opening, frame.Closing = eur(most), eur(math.MinInt64)
	if text, err := written(statement.JSON, frame, []statement.Line{line(1, true, 1, math.MinInt64)}); err == nil {
		t.Errorf("a sum wraps:\n%s", text)
	}
	frame.Opening, frame.Closing = eur(math.MinInt64), eur(most)
	if text, err := written(statement.JSON, frame, []statement.Line{line(1, false, 1, most)}); err == nil {
		t.Errorf("a difference wraps:\n%s", text)
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
