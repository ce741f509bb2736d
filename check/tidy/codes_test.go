package tidy

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"corebank/graph"
	"corebank/server/guard"
	"corebank/server/overhttp"
	"corebank/server/socket"
)

// TestListsOfCodesAreWhole: each list of the codes of errors, from which metrics are made, has every constant of its
// package, and the guide explains each code.
func TestListsOfCodesAreWhole(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join(root, "docs", "guide.md"))
	if err != nil {
		t.Fatal(err)
	}
	for folder, listed := range map[string][]string{"graph": graph.ErrorCodes(), "server/guard": guard.Codes(),
		"server/overhttp": overhttp.Codes(), "server/socket": {socket.CodeTooManyOperations}} {
		var constants []string
		for _, s := range goFiles(t, func(s source) bool { return s.folder == folder && !s.test }) {
			constants = append(constants, codeConstants(s)...)
		}
		if len(constants) == 0 {
			t.Errorf("%s has no codes", folder)
		}
		for _, code := range constants {
			if !slices.Contains(listed, code) {
				t.Errorf("the list of %s lacks %s", folder, code)
			}
			if !strings.Contains(string(guide), "`"+code+"`") {
				t.Errorf("docs/guide.md does not explain %s of %s", code, folder)
			}
		}
		if len(listed) != len(constants) {
			t.Errorf("%s lists %q, and has the constants %q", folder, listed, constants)
		}
	}
}

// codeConstants are the values of a file's constants whose names begin with Code.
func codeConstants(s source) (values []string) {
	for _, declaration := range s.syntax.Decls {
		group, is := declaration.(*ast.GenDecl)
		if !is || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			if !strings.HasPrefix(constant.Names[0].Name, "Code") {
				continue
			}
			text, is := constant.Values[0].(*ast.BasicLit)
			if is {
				value, _ := strconv.Unquote(text.Value)
				values = append(values, value)
			}
		}
	}
	return values
}
