package tidy

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeInRow = regexp.MustCompile("`([^`]+)`")
	spaces    = regexp.MustCompile(`\s+`)
	// boundNames are how the code calls what a queue or a cache holds at most.
	boundNames = regexp.MustCompile(
		`(Kept|Queue|queueLength|Buffer|buffer|Cache|Cached|Waiting|Ahead|Readers|Feeds|Backfills|` +
			`[mM]axAccounts|Calls|Memory)$`)
	// noBounds only sound like it.
	noBounds = map[string]string{"probeKept": "a time"}
)

// boundRows are the rows of the page's tables of bounds: the file that a row
// names, and the code in it.
func boundRows(t *testing.T) (rows [][]string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "scaling.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## What is bounded, and by what\n")
	section, _, ends := strings.Cut(section, "### What they add up to\n")
	if !found || !ends {
		t.Fatal("the page does not have its sections")
	}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what ") {
			continue
		}
		if len(cells) != 4 {
			t.Fatalf("a row has %d cells: %s", len(cells), line)
		}
		var row []string
		for _, code := range codeInRow.FindAllStringSubmatch(cells[2], -1) {
			row = append(row, code[1])
		}
		if len(row) < 2 {
			t.Fatalf("a row does not say where its bound is set: %s", line)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestBoundsAreAsThePageSays: what docs/scaling.md says of queues and caches is
// in the file that it names, as it is written there.
func TestBoundsAreAsThePageSays(t *testing.T) {
	rows := boundRows(t)
	if len(rows) < 40 {
		t.Fatalf("the page has %d bounds", len(rows))
	}
	for _, row := range rows {
		file, err := os.ReadFile(filepath.Join(root, row[0]))
		if err != nil {
			t.Error(err)
			continue
		}
		text := spaces.ReplaceAllString(string(file), " ")
		for _, code := range row[1:] {
			if !regexp.MustCompile(regexp.QuoteMeta(code) + `([^\w.*<]|$)`).MatchString(text) {
				t.Errorf("%s does not have %q, as docs/scaling.md says", row[0], code)
			}
		}
	}
}

// TestEveryBoundIsOnThePage: a constant whose name says that it bounds a queue
// or a cache of the running bank is in docs/scaling.md.
func TestEveryBoundIsOnThePage(t *testing.T) {
	var all strings.Builder
	for _, row := range boundRows(t) {
		all.WriteString(strings.Join(row[1:], "\n") + "\n")
	}
	running := regexp.MustCompile(`^(actor|server|eventsource|projector|` +
		`internal/(app|bank|batcher|contract|identity|logclient|view))(/|$)`)
	seen := 0
	for _, s := range goFiles(t, func(s source) bool { return !s.test && !s.generated && running.MatchString(s.folder) }) {
		for _, name := range constantsOf(s.syntax) {
			if !boundNames.MatchString(name) || noBounds[name] != "" {
				continue
			}
			seen++
			if !regexp.MustCompile(`\b` + name + ` =`).MatchString(all.String()) {
				t.Errorf("%s: %s is not in docs/scaling.md", s.path, name)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d bounds were found", seen)
	}
}

// constantsOf are the names of a file's constants.
func constantsOf(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		declared, ok := d.(*ast.GenDecl)
		if !ok || declared.Tok != token.CONST {
			continue
		}
		for _, spec := range declared.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}
