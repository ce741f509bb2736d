package statement_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"corebank/internal/statement"
)

// TestOtherPeoplesTextsAreNoFormulas: a payer's memo stands in the payee's file.
// Amounts stay numbers.
func TestOtherPeoplesTextsAreNoFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1":           "'=1+1",
		"+49 170":        "'+49 170",
		"-2+3":           "'-2+3",
		"@SUM(A1:A9)":    "'@SUM(A1:A9)",
		"\t=1+1":         "\t'=1+1",
		"  =1+1":         "  '=1+1",
		"\u200b\ufeff=1": "\u200b\ufeff'=1",
		"＝1+1":           "'＝1+1",
		"a;=1+1":         "a;'=1+1", // the separator of spreadsheets in much of Europe
		"a\t@b":          "a\t'@b",
		"a\n=1":          "a\n'=1",
		`x;"=1`:          `x;"'=1`,
		`"=1+1"`:         `"'=1+1"`,
		"rent - March":   "rent - March",
		"a=b, a@b, -":    "a=b, a@b, -",
		"2-1":            "2-1",
		"":               "",
	} {
		frame, lines := aMonth()
		for i := range lines {
			lines[i].Memo, lines[i].Reference, lines[i].ExternalID, lines[i].Reason = text, text, text, text
		}
		file, err := written(statement.CSV, frame, lines)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[2 : len(rows)-1] {
			for _, column := range []int{8, 9, 12, 13} {
				if row[column] != want {
					t.Errorf("%q became %q, want %q", text, row[column], want)
				}
			}
		}
		if rows[3][3] != "-900.50" || rows[1][4] != "-50.00" {
			t.Errorf("the amounts are %q and %q", rows[3][3], rows[1][4])
		}
		whole, err := written(statement.JSON, frame, lines)
		if err != nil || strings.Contains(whole, "'") {
			t.Errorf("programs read a changed text, %v: %s", err, whole)
		}
	}
}
