package tidy

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestTheModulesNameOneGo: what builds the bank builds its sidecars.
func TestTheModulesNameOneGo(t *testing.T) {
	line := regexp.MustCompile(`(?m)^go (\S+)$`)
	named := make(map[string]string)
	for _, module := range []string{".", "components/daprd", "check/chart", "check/compose/standin"} {
		text, err := os.ReadFile(filepath.Join(root, module, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		found := line.FindStringSubmatch(string(text))
		if found == nil {
			t.Fatalf("%s/go.mod names no Go", module)
		}
		named[found[1]] = module
	}
	if len(named) != 1 {
		t.Errorf("the modules name different versions of Go: %v", named)
	}
}

// TestPathsAreNoPatterns: a directory may be called b[1]. fs.Glob in os.DirFS of
// the directory takes its name as it is.
func TestPathsAreNoPatterns(t *testing.T) {
	product := func(s source) bool { return !s.test && s.folder != "graph/generate" }
	for _, s := range goFiles(t, product) {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			called, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || called.Sel.Name != "Glob" {
				return true
			}
			from, ok := called.X.(*ast.Ident)
			if _, written := call.Args[0].(*ast.BasicLit); ok && from.Name == "filepath" && !written {
				t.Errorf("%s: filepath.Glob of a path; use fs.Glob(os.DirFS(folder), pattern)", s.position(n.Pos()))
			}
			return true
		})
	}
}
