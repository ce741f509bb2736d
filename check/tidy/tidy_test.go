package tidy

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	maxFunctionLines = 70
	maxFileLines     = 350
	maxTestLines     = 500 // a test file may tell many stories about one thing
	maxColumns       = 120
)

func TestFunctionsFitAScreen(t *testing.T) {
	for _, s := range goFiles(t, func(s source) bool { return !s.test && !s.generated }) {
		for _, d := range s.syntax.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			first, last := s.position(f.Pos()), s.position(f.End())
			if n := last.Line - first.Line + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines; at most %d fit a screen", first, f.Name.Name, n, maxFunctionLines)
			}
		}
	}
}

func TestFilesAreAboutOneThing(t *testing.T) {
	for _, s := range goFiles(t, func(s source) bool { return !s.generated }) {
		most := maxFileLines
		if s.test {
			most = maxTestLines
		}
		if s.lines > most {
			t.Errorf("%s has %d lines; above %d it is about more than one thing", s.path, s.lines, most)
		}
	}
}

// TestCommandsAreThin: a command parses flags and calls a package.
func TestCommandsAreThin(t *testing.T) {
	const maxLines = 60
	for _, s := range goFiles(t, func(s source) bool { return s.folder == "cmd/corebank" && !s.test }) {
		if s.lines > maxLines {
			t.Errorf("%s has %d lines; at most %d: what it does belongs into a package", s.path, s.lines, maxLines)
		}
	}
}

// TestLinesFitAScreen counts a tab as one character, as the length limit of
// most review tools does.
func TestLinesFitAScreen(t *testing.T) {
	byHand := func(s source) bool { return !s.generated && !strings.HasSuffix(s.path, ".resolvers.go") }
	for _, s := range goFiles(t, byHand) { // gqlgen writes the signatures of resolvers
		text, err := os.ReadFile(filepath.Join(root, s.path))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if n := utf8.RuneCountInString(line); n > maxColumns {
				t.Errorf("%s:%d has %d characters; at most %d", s.path, i+1, n, maxColumns)
			}
		}
	}
}

// TestEveryPackageSaysWhyItExists: in doc.go, or for a command in main.go.
func TestEveryPackageSaysWhyItExists(t *testing.T) {
	explained := make(map[string]bool)
	for _, s := range goFiles(t, func(s source) bool { return !s.generated && !s.test }) {
		place := path.Base(s.path) == "doc.go" || s.syntax.Name.Name == "main" && path.Base(s.path) == "main.go"
		says := place && s.syntax.Doc != nil && len(s.syntax.Doc.Text()) > 40
		explained[s.folder] = explained[s.folder] || says
	}
	for folder, says := range explained {
		if !says {
			t.Errorf("%s has no doc.go with a package comment", folder)
		}
	}
}

// TestNothingIsLeftForLater: a gap is closed, or is an issue, not a comment.
func TestNothingIsLeftForLater(t *testing.T) {
	later := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X:|HA` + `CK)\b`)
	byHand := []string{".go", ".mod", ".graphqls", ".graphql", ".js", ".jsx", ".css", ".html", ".yml", ".yaml", ".md",
		".sh"}
	generated := generatedFiles(t)
	looked := 0
	err := walk(func(name string) error {
		if generated[name] || !slices.Contains(byHand, path.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		looked++
		if found := later.Find(text); found != nil {
			t.Errorf("%s says %s", name, found)
		}
		return nil
	})
	if err != nil || looked == 0 {
		t.Fatalf("looked at %d files: %v", looked, err)
	}
}

// TestTestsWaitForConditions: never for a time, but where time is virtual.
func TestTestsWaitForConditions(t *testing.T) {
	for _, s := range goFiles(t, func(s source) bool { return s.test }) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if isTime(n, "Sleep") {
				t.Errorf("%s: time.Sleep; wait for what the test needs", s.position(n.Pos()))
			}
			return !isBubble(n)
		})
	}
}

// isBubble reports whether a node is a call of synctest.Test, in which time
// passes at once.
func isBubble(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	called, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || called.Sel.Name != "Test" {
		return false
	}
	from, ok := called.X.(*ast.Ident)
	return ok && from.Name == "synctest"
}
