package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the repository, seen from here.
const root = "../.."

// module is the name before every import path of ours.
const module = "corebank/"

// source is one Go file.
type source struct {
	path      string // from the root, with slashes
	folder    string
	test      bool
	generated bool
	nested    bool // it belongs to a module of its own
	lines     int
	syntax    *ast.File
	position  func(token.Pos) token.Position
}

// sources are the Go files of the repository, parsed once.
var sources = sync.OnceValues(func() ([]source, error) {
	var found []source
	err := walk(func(name string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		positions := token.NewFileSet()
		syntax, err := parser.ParseFile(positions, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		found = append(found, source{path: name, folder: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			generated: ast.IsGenerated(syntax), nested: isNested(name), lines: strings.Count(string(text), "\n"),
			syntax: syntax, position: positions.Position})
		return nil
	})
	return found, err
})

// goFiles are the Go files that wanted picks.
func goFiles(t *testing.T, wanted func(source) bool) []source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	var picked []source
	for _, s := range all {
		if wanted(s) {
			picked = append(picked, s)
		}
	}
	if len(picked) == 0 {
		t.Fatal("no file is looked at: the rule checks nothing")
	}
	return picked
}

// walk visits the files that belong to the repository's source.
func walk(visit func(name string) error) error {
	return filepath.WalkDir(root, func(full string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			hidden := strings.HasPrefix(base, ".") && full != root && base != ".ci"
			if hidden || base == "testdata" || base == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(name))
	})
}

// isNested reports whether a folder between the file and the root is a module.
func isNested(name string) bool {
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		if _, err := os.Stat(filepath.Join(root, folder, "go.mod")); err == nil {
			return true
		}
	}
	return false
}
