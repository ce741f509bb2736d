// Command generate writes the GraphQL code: the output of gqlgen, with six
// corrections for which gqlgen has no setting. It runs in the folder of
// gqlgen.yml.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
	"golang.org/x/tools/imports"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	settings, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		return err
	}
	if err := api.Generate(settings); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(settings.Exec.DirName, "*.generated.go"))
	if err != nil {
		return err
	}
	made := make([]int, len(corrections))
	for _, name := range names {
		if err := correct(name, made); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for i, n := range made {
		if n == 0 {
			return errors.New("gqlgen's output no longer contains the text to correct: " + corrections[i].why)
		}
	}
	return nil
}

// correction is a replacement in gqlgen's output.
type correction struct {
	why  string
	from *regexp.Regexp
	to   string
}

var corrections = []correction{
	{"lists with a goroutine for each element; most of their time went into the goroutines' stacks",
		regexp.MustCompile(`graphql\.MarshalSliceConcurrently\(ctx, len\(v\), 0, false, func`),
		"list.Marshal(ctx, len(v), func"},
	{"@defer, which the bank refuses, but for which the path of each object was built and discarded",
		regexp.MustCompile(`(?s)\tatomic\.AddInt32\(&ec\.Deferred,.*?\n\t}\)\n`),
		"\tif len(deferLabelToView) > 0 {\n$0\t}\n"},
	{"@defer in introspection; clients would use it",
		regexp.MustCompile(`return obj\.Directives\(\), nil`),
		"return list.Served(obj.Directives()), nil"},
	{"the allocations of @defer for each object that is not deferred",
		regexp.MustCompile(`deferredFieldSet := graphql\.NewFieldSet\(nil\)\n` +
			`\tdeferLabelToView := make\(map\[string\]\*graphql\.FieldSetView\)`),
		"var deferredFieldSet *graphql.FieldSet\n\tvar deferLabelToView map[string]*graphql.FieldSetView"},
	{"the same, for an object that is deferred",
		regexp.MustCompile(`deferredFieldSet\.AddField\(field\)`),
		"if deferredFieldSet == nil {\n" +
			"deferredFieldSet, deferLabelToView = graphql.NewFieldSet(nil), make(map[string]*graphql.FieldSetView)\n" +
			"}\n$0"},
	{"a context for each scalar that is a plain field of its object, which can neither fail nor be null against the " +
		"schema; an extension that intercepts fields, of which the bank has none, would not see these fields",
		regexp.MustCompile(`(?s)\treturn graphql\.ResolveField\(\n\t\tctx,\n\t\tec\.OperationContext,\n\t\tfield,\n` +
			`\t\tfunc\(ctx context\.Context, field graphql\.CollectedField\) \(\*graphql\.FieldContext, error\) {` +
			`\n[^\n]*\n\t\t},\n` +
			`\t\tfunc\(ctx context\.Context\) \(any, error\) {\n\t\t\treturn (obj\.\w+), nil\n\t\t},\n\t\tnil,\n` +
			`\t\tfunc\(ctx context\.Context, selections ast\.SelectionSet, v \*?` +
			`(?:string|bool|scalar\.(?:Decimal|DateTime|CurrencyCode)|model\.\w+)\) graphql\.Marshaler {\n` +
			`\t\t\treturn ec\.(marshal\S+)\(ctx, selections, v\)\n\t\t},\n\t\ttrue,\n\t\t(?:true|false),\n\t\)\n` +
			`(}\nfunc \(ec \*executionContext\) fieldContext_\w+\([^\n]*\n\treturn graphql\.NewScalarFieldContext)`),
		"\treturn ec.$2(ctx, field.Selections, $1)\n$3"},
}

// correct rewrites a file, and counts the uses of each correction.
func correct(name string, made []int) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before := bytes.Clone(text)
	for i, c := range corrections {
		made[i] += len(c.from.FindAllIndex(text, -1))
		text = c.from.ReplaceAll(text, []byte(c.to))
	}
	if bytes.Equal(text, before) {
		return nil
	}
	imports.LocalPrefix = "corebank"
	if text, err = imports.Process(name, text, nil); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
