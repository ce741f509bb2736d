package bank_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/golden"
)

const refusalsPage = "../../docs/refusals.md"

// TestTheRegistryIsWhole: every code is in it once, in the order of the
// source, and says what it means and what to do.
func TestTheRegistryIsWhole(t *testing.T) {
	var listed []bank.Code
	for _, info := range bank.Codes() {
		listed = append(listed, info.Code)
		if info.Code.Retryable() != info.Retryable {
			t.Errorf("%s is retryable: %v", info.Code, info.Code.Retryable())
		}
		for _, text := range []string{info.Meaning, info.Remedy} {
			if len(text) < 10 || strings.ContainsAny(text, "|\n") || strings.HasSuffix(text, ".") ||
				text[0] < 'a' || text[0] > 'z' {
				t.Errorf("%s: %q does not complete a sentence", info.Code, text)
			}
		}
	}
	if declared := declaredCodes(t); !slices.Equal(listed, declared) {
		t.Errorf("the registry lists\n%v, code.go declares\n%v", listed, declared)
	}
	if bank.Code("NOT_A_CODE").Retryable() {
		t.Error("an unknown code is retryable")
	}
}

// declaredCodes are the constants of type Code, in the order of the source.
func declaredCodes(t *testing.T) []bank.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []bank.Code
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if named, ok := spec.Type.(*ast.Ident); ok && named.Name == "Code" {
				text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, bank.Code(text))
			}
		}
		return true
	})
	return codes
}

//go:generate env GENERATE=1 go test -count=1 -run TestThePageOfRefusalsIsOfToday .

// TestThePageOfRefusalsIsOfToday compares the documentation with the registry.
func TestThePageOfRefusalsIsOfToday(t *testing.T) {
	var page strings.Builder
	page.WriteString(`# Refusals

A command that breaks a business rule is refused: nothing happens, and the
answer's ` + "`userErrors`" + ` carry one of these codes, a message that says what to do,
the path of the input and, by the code, data such as the shortfall or the limit.
A command that breaks several rules is answered with the first of this list, where
rules of the input alone come before those of an account; a dry run names them all, in
that order. A refused command is not remembered: where "again later"
says yes, the same request with the same idempotency key may pass when the
account has changed.

| code | the command was refused because | what to do | again later |
|---|---|---|---|
`)
	for _, info := range bank.Codes() {
		again := "no"
		if info.Retryable {
			again = "yes"
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", info.Code, info.Meaning, info.Remedy, again)
	}
	page.WriteString("\nThe table is `bank.Codes()`; `go generate ./internal/bank` writes it.\n")
	golden.Check(t, refusalsPage, page.String())
}
