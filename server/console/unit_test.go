package console_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/check/browsertest"
)

// units opens a page on which the parts of the console can be tried one by one.
func units(t *testing.T) *browsertest.Page {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/page/", http.FileServer(http.Dir(".")))
	mux.Handle("/unit.js", http.FileServer(http.Dir("testdata")))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>units</title>"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return browsertest.Open(t, server.URL)
}

func TestThePurePartsOfThePage(t *testing.T) {
	for _, wrong := range browsertest.Run[[]string](units(t), `import('/unit.js').then((unit) => unit.run())`) {
		t.Error(wrong)
	}
}

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	const folder = "../../graph"
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var sources []*ast.Source
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".graphqls") {
			text, err := os.ReadFile(folder + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, &ast.Source{Name: e.Name(), Input: string(text)})
		}
	}
	loaded, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// asked is what a form asks for in one field.
type asked struct {
	Required bool
	Choices  []string
}

// TestTheConsoleSpeaksTheSchema: every document is valid against the schema, every
// mutation has a form, and every form has all fields of its input.
func TestTheConsoleSpeaksTheSchema(t *testing.T) {
	page, bank := units(t), schema(t)
	documents := browsertest.Run[map[string]string](page, `import('/unit.js').then((unit) => unit.asked())`)
	for name, document := range documents {
		if _, err := gqlparser.LoadQueryWithRules(bank, document, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	forms := browsertest.Run[map[string]map[string]asked](page, `import('/unit.js').then((unit) => unit.asking())`)
	for _, mutation := range bank.Mutation.Fields {
		if documents[mutation.Name] == "" {
			t.Errorf("%s has no document", mutation.Name)
		}
		input := bank.Types[mutation.Arguments.ForName("input").Type.Name()]
		if form, there := forms[mutation.Name]; there {
			compare(t, bank, input, form)
		} else if mutation.Name != "postBatch" {
			t.Errorf("%s has no form", mutation.Name)
		}
	}
	compare(t, bank, bank.Types["LegInput"], forms["leg"])
	var items []string
	for _, field := range bank.Types["BatchItemInput"].Fields {
		items = append(items, field.Name)
	}
	slices.Sort(items)
	if has := slices.Sorted(slices.Values(browsertest.Run[[]string](page,
		`import('/unit.js').then((unit) => unit.batchItems)`))); !slices.Equal(has, items) {
		t.Errorf("a batch takes %v, the console offers %v", items, has)
	}
}

// compare checks a form against the input that it fills in. Every form has the
// idempotency key and the dry run, which are not listed.
func compare(t *testing.T, bank *ast.Schema, input *ast.Definition, form map[string]asked) {
	t.Helper()
	var fields []string
	for _, field := range input.Fields {
		if field.Name == "idempotencyKey" || field.Name == "dryRun" {
			continue
		}
		fields = append(fields, field.Name)
		if needed := field.Type.NonNull; form[field.Name].Required != needed {
			t.Errorf("%s.%s: required is %t, but not so in the form", input.Name, field.Name, needed)
		}
		var values []string
		for _, value := range bank.Types[field.Type.Name()].EnumValues {
			values = append(values, value.Name)
		}
		if choices := form[field.Name].Choices; !slices.Equal(choices, values) {
			t.Errorf("%s.%s may be %v, the form offers %v", input.Name, field.Name, values, choices)
		}
	}
	slices.Sort(fields)
	if has := slices.Sorted(maps.Keys(form)); !slices.Equal(has, fields) {
		t.Errorf("%s has the fields %v, the form %v", input.Name, fields, has)
	}
}
