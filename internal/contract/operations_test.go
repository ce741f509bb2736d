package contract_test

import (
	"fmt"
	"go/ast"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"corebank/internal/contract"
)

// TestTheTableOfOperationsIsWhole: every command and event of package bank is in it, and nothing is in it twice.
func TestTheTableOfOperationsIsWhole(t *testing.T) {
	commands, events := map[string]int{}, map[string]int{}
	wire, stored, mutations := map[string]int{}, map[string]string{}, map[string]int{}
	for _, o := range contract.Operations() {
		commands[o.Go.Type.Name()]++
		wire[o.Command]++
		if o.Mutation != "" {
			mutations[o.Mutation]++
		}
		if (o.Mutation == "") != (o.Access == contract.Bank) {
			t.Errorf("%s: what callers may ask has a mutation, and what only the bank does has none", o.Command)
		}
		if len(o.Events) == 0 || o.Accounts < 1 {
			t.Errorf("%s becomes nothing, or no account decides on it", o.Command)
		}
		for _, e := range o.Events {
			events[e.Go.Name()] = 1
			shape := fmt.Sprintf("%s, schema %d", e.Go, e.Schema)
			if was, twice := stored[e.Name]; twice && was != shape {
				t.Errorf("%s is stored as %s and as %s", e.Name, was, shape)
			}
			stored[e.Name] = shape
		}
	}
	for _, names := range []map[string]int{commands, wire, mutations} {
		for name, times := range names {
			if times > 1 {
				t.Errorf("%s is in the table %d times", name, times)
			}
		}
	}
	for name, file := range declared(t, "decide") {
		if commands[name] == 0 {
			t.Errorf("internal/bank/%s declares the command %s: give it a line in internal/contract/operations.go", file, name)
		}
	}
	for name, file := range declared(t, "conflictsWith") {
		if events[name] == 0 {
			t.Errorf("internal/bank/%s declares the event %s: put it behind its command in "+
				"internal/contract/operations.go", file, name)
		}
	}
	if len(stored) != len(events) {
		t.Errorf("%d events have %d stored names", len(events), len(stored))
	}
}

// declared are the types of package bank with a method, and the files that declare it.
func declared(t *testing.T, method string) map[string]string {
	t.Helper()
	types := make(map[string]string)
	for path, file := range sources(t, "../bank") {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == method && f.Recv != nil {
				types[f.Recv.List[0].Type.(*ast.Ident).Name] = filepath.Base(path)
			}
		}
	}
	return types
}

// TestEveryOperationHasExamples: a golden file of each shape in which its events are stored, whatever they were.
func TestEveryOperationHasExamples(t *testing.T) {
	exampled := make(map[reflect.Type]bool)
	for _, event := range events() {
		exampled[reflect.TypeOf(event)] = true
	}
	ever := contract.ShapesEver()
	for _, o := range contract.Operations() {
		for _, e := range o.Events {
			if !exampled[e.Go] {
				t.Errorf("%s has no example: add one at the end of internal/contract/examples_test.go", e.Go)
			}
			for schema := 1; schema <= e.Schema; schema++ {
				shape := fmt.Sprintf("%s.v%d", e.Name, schema)
				if !slices.Contains(ever, shape) {
					t.Errorf("%s is not read", shape)
				}
				readGolden(t, goldenFile(shape, ""))
			}
		}
	}
}
