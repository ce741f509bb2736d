package tidy

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// apps are the four that run as processes of their own and know each other
// only by what package contract says.
var apps = []string{"server", "actor", "eventsource", "projector"}

// An arrow says what of ours the packages of a folder may import. "x" is the
// package x alone; "x/..." is it with all below it.
type arrow struct {
	from string
	to   []string
}

// arrows are looked through from the top: the first that fits rules.
var arrows = []arrow{
	{"internal/bank", nil},
	{"internal/contract", []string{"internal/bank"}},
	{"internal/view", []string{"internal/bank", "internal/contract"}},
	{"internal/view/...", []string{"internal/bank", "internal/contract", "internal/view/..."}},
	{"internal/...", []string{"internal/..."}},
	{"graph/scalar", []string{"internal/bank"}},
	{"graph/...", []string{"graph/...", "internal/bank", "internal/identity", "internal/contract", "internal/view/...",
		"internal/statement"}},
	{"server/...", []string{"server/...", "graph/...", "internal/..."}},
	{"actor/...", []string{"actor/...", "internal/..."}},
	{"eventsource/...", []string{"eventsource/...", "internal/..."}},
	{"projector/...", []string{"projector/...", "internal/..."}},
	{"localbank/...", []string{"localbank/...", "server/...", "actor/...", "eventsource/...", "projector/...",
		"graph/...", "internal/...", "components"}},
	{"backup/archive", []string{"internal/..."}},
	// A backup is right if an audit of what is restored says so.
	{"backup", []string{"backup/...", "check/audit/...", "localbank/...", "eventsource/...", "projector/...",
		"internal/..."}},
	{"check/...", []string{"check/...", "localbank/...", "server/...", "actor/...", "eventsource/...",
		"projector/...", "graph/...", "internal/...", "components"}},
	{"components", nil},
	{"cmd/...", []string{"..."}},
}

// TestImportsFollowTheArrows holds the layering. Tests of the apps may stand
// on other apps, and any test on the whole bank in banktest.
func TestImportsFollowTheArrows(t *testing.T) {
	for _, s := range goFiles(t, func(s source) bool { return !s.nested }) {
		rule := slices.IndexFunc(arrows, func(a arrow) bool { return within(s.folder, a.from) })
		if rule < 0 {
			t.Errorf("%s: no arrow says what %s may import", s.path, s.folder)
			continue
		}
		for _, imported := range ours(s) {
			switch {
			case s.test && slices.ContainsFunc(apps, func(app string) bool { return within(s.folder, app+"/...") }):
			case s.test && imported == s.folder: // a test from outside of its package
			case s.test && imported == "internal/golden": // compares with golden files
			case s.test && s.folder == "internal/view" && imported == "internal/view/viewtest":
			case imported == "check/banktest" && !s.test:
				t.Errorf("%s imports %s, which is for tests", s.path, imported)
			case !slices.ContainsFunc(arrows[rule].to, func(to string) bool { return within(imported, to) }):
				t.Errorf("%s imports %s; %s may import %v of ours", s.path, imported, arrows[rule].from, arrows[rule].to)
			}
		}
	}
}

// within reports whether a folder is what a pattern of an arrow means.
func within(folder, pattern string) bool {
	base, below := strings.CutSuffix(pattern, "...")
	if !below {
		return folder == pattern
	}
	return strings.HasPrefix(folder+"/", base)
}

func imports(s source) []string {
	var paths []string
	for _, spec := range s.syntax.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, imported)
		}
	}
	return paths
}

// ours are the folders of this module that a file imports.
func ours(s source) []string {
	var folders []string
	for _, imported := range imports(s) {
		if folder, ok := strings.CutPrefix(imported, module); ok {
			folders = append(folders, folder)
		}
	}
	return folders
}

func TestWithinTellsFoldersApart(t *testing.T) {
	for _, test := range []struct {
		folder, pattern string
		want            bool
	}{
		{"actor", "actor/...", true}, {"actor/x", "actor/...", true}, {"actors", "actor/...", false},
		{"internal/view", "internal/view", true}, {"internal/view/sqlite", "internal/view", false},
		{"internal/viewer", "internal/view/...", false}, {"anything", "...", true},
	} {
		if got := within(test.folder, test.pattern); got != test.want {
			t.Errorf("%s is within %s: %v", test.folder, test.pattern, got)
		}
	}
}

// impure are packages, and all below them, that reach out of a program.
var impure = []string{"context", "crypto/rand", "database", "embed", "io", "log", "math/rand", "net", "os", "plugin",
	"reflect", "runtime", "sync", "syscall", "testing", "unsafe"}

func TestTheDomainIsPure(t *testing.T) {
	for _, s := range goFiles(t, func(s source) bool { return s.folder == "internal/bank" && !s.test }) {
		for _, imported := range imports(s) {
			first, _, _ := strings.Cut(imported, "/")
			// The normal forms of texts are values, too.
			foreign := strings.Contains(first, ".") && imported != "golang.org/x/text/unicode/norm"
			if foreign || slices.ContainsFunc(impure, func(p string) bool { return within(imported, p+"/...") }) {
				t.Errorf("%s imports %s; the domain knows nothing but values", s.path, imported)
			}
		}
	}
}

// TestTimeIsAnArgument keeps the clock out of what has to give the same answer
// at every replay.
func TestTimeIsAnArgument(t *testing.T) {
	timeless := []string{"internal/bank", "internal/contract", "internal/view/..."}
	for _, s := range goFiles(t, func(s source) bool {
		return !s.test && slices.ContainsFunc(timeless, func(p string) bool { return within(s.folder, p) })
	}) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			for _, name := range []string{"Now", "Since", "Until"} {
				if isTime(n, name) {
					t.Errorf("%s: time.%s; take the time as an argument", s.position(n.Pos()), name)
				}
			}
			return true
		})
	}
}

// isTime reports whether a node is time.name.
func isTime(n ast.Node, name string) bool {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && from.Name == "time"
}
