package guard

import (
	"cmp"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// checkText bounds a document before it is parsed. It reads no more tokens than
// are allowed.
func (l Limits) checkText(text string) *gqlerror.Error {
	if n := len(text); n > l.Document {
		return exceeds("documentBytes", l.Document, n, "bytes of query document", "Send values as variables.")
	}
	tokens := lexer.New(&ast.Source{Input: text})
	for n := 1; ; n++ {
		token, err := tokens.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return nil // the parser reports the error
		}
		if size := len(token.Value); token.Kind == lexer.Name && size > l.Name {
			return exceeds("nameBytes", l.Name, size, "bytes in one name of its document",
				"No name of this API is that long.")
		}
		if n > l.Tokens {
			return exceeds("tokens", l.Tokens, n, "or more tokens in its document",
				"Ask for less at once, and send values as variables.")
		}
	}
}

// checkDocument bounds a document by its text and its shape. It does not know
// the schema, and its time is proportional to the text, however much the
// fragments would expand to. A document that cannot be parsed is left to the
// executor to refuse.
func (l Limits) checkDocument(text string, introspection bool) *gqlerror.Error {
	if refused := l.checkText(text); refused != nil {
		return refused
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, l.Tokens)
	if err != nil {
		return nil
	}
	s := survey{limits: l, fragments: make(map[string]*spread, len(doc.Fragments))}
	if refused := s.checkWritten(doc); refused != nil {
		return refused
	}
	for _, f := range doc.Fragments {
		s.fragments[f.Name] = &spread{of: f.SelectionSet}
	}
	for _, op := range doc.Operations {
		if refused := s.operation(op, introspection); refused != nil {
			return refused
		}
	}
	return nil
}

// survey counts the parts of a document.
type survey struct {
	limits              Limits
	fragments           map[string]*spread
	fields, repeats     int // as written
	aliases, directives int
	cycle               bool
}

// spread is the size of a fragment with its fragments expanded, counted once.
type spread struct {
	of            ast.SelectionSet
	begun, done   bool
	fields, depth int
	rootFields    int
	introspects   string // the outermost field that introspects, if any
}

// checkWritten checks the document as written, each fragment once.
func (s *survey) checkWritten(doc *ast.QueryDocument) *gqlerror.Error {
	for _, op := range doc.Operations {
		s.directives += len(op.Directives)
		if n := len(op.VariableDefinitions); n > s.limits.Variables {
			return exceeds("variables", s.limits.Variables, n, "variables", "Send one input object instead.")
		}
		for _, v := range op.VariableDefinitions {
			s.directives += len(v.Directives)
		}
		s.count(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		s.directives += len(f.Directives)
		s.count(f.SelectionSet)
	}
	l := s.limits
	for _, c := range []struct {
		limit        string
		max, value   int
		unit, remedy string
	}{
		{"operations", l.Operations, len(doc.Operations), "operations in its document",
			"Send them in separate documents."},
		{"fragments", l.Fragments, len(doc.Fragments), "fragments", "Use fewer fragments."},
		{"aliases", l.Aliases, s.aliases, "aliases", "Ask for many objects by a connection, or in several requests."},
		{"directives", l.Directives, s.directives, "directives", "Use fewer directives."},
		{"fields", l.Fields, s.fields, "fields in its document", "Ask for fewer fields at once."},
		// Validation compares every two of them, and the fields in them.
		{"repeats", l.Repeats, s.repeats, "fields that are repeated beside themselves", "Write each field once."},
	} {
		if c.value > c.max {
			return exceeds(c.limit, c.max, c.value, c.unit, c.remedy)
		}
	}
	return nil
}

// count adds a selection as written.
func (s *survey) count(set ast.SelectionSet) {
	named := make(map[string]bool, len(set))
	for _, selection := range set {
		switch at := selection.(type) {
		case *ast.Field:
			s.fields++
			if named[at.Alias] {
				s.repeats++
			}
			named[at.Alias] = true
			s.directives += len(at.Directives)
			if at.Alias != at.Name {
				s.aliases++
			}
			s.count(at.SelectionSet)
		case *ast.InlineFragment:
			s.directives += len(at.Directives)
			s.count(at.SelectionSet)
		case *ast.FragmentSpread:
			s.directives += len(at.Directives)
		}
	}
}

// operation checks the size of an operation with all fragments expanded.
func (s *survey) operation(op *ast.OperationDefinition, introspection bool) *gqlerror.Error {
	whole := &spread{of: op.SelectionSet}
	s.measure(whole)
	l := s.limits
	switch {
	case s.cycle:
		return refuse("GRAPHQL_VALIDATION_FAILED", "A fragment of the document contains itself; remove the cycle.")
	case whole.depth > l.Depth:
		return exceeds("depth", l.Depth, whole.depth, "levels of fields", "Ask for the inner objects by their ids.")
	case op.Operation == ast.Mutation && whole.rootFields > l.MutationFields:
		return exceeds("mutationFields", l.MutationFields, whole.rootFields, "mutations in one operation",
			"Send up to 100 commands at once with postBatch, or one mutation per request.")
	case op.Operation == ast.Subscription && whole.rootFields > 1:
		return refuse("GRAPHQL_VALIDATION_FAILED",
			"A subscription must have exactly one field; send each in an operation of its own.")
	case whole.rootFields > l.RootFields:
		return exceeds("rootFields", l.RootFields, whole.rootFields, "fields at its root", "Ask in several requests.")
	case whole.fields > l.Spread:
		return exceeds("spreadFields", l.Spread, whole.fields, "fields with its fragments expanded",
			"Ask for fewer fields at once.")
	}
	if whole.introspects != "" && !introspection {
		return refuse(CodeIntrospection, fmt.Sprintf(
			"This gateway does not answer %s; read the schema reference in the documentation.", whole.introspects))
	}
	return nil
}

// measure calculates the size of a selection; a fragment is measured once.
func (s *survey) measure(of *spread) {
	if of.done {
		return
	}
	if of.begun {
		s.cycle = true
		return
	}
	of.begun = true
	s.addTo(of, of.of, 1)
	of.done = true
}

// addTo adds a selection at a depth to the size of what contains it.
func (s *survey) addTo(total *spread, set ast.SelectionSet, depth int) {
	for _, selection := range set {
		switch at := selection.(type) {
		case *ast.Field:
			total.add(1, depth)
			if depth == 1 {
				total.root(at.Name)
			}
			s.addTo(total, at.SelectionSet, depth+1)
		case *ast.InlineFragment:
			s.addTo(total, at.SelectionSet, depth)
		case *ast.FragmentSpread:
			f := s.fragments[at.Name]
			if f == nil || s.cycle {
				continue // validation reports that it does not exist
			}
			s.measure(f)
			total.add(f.fields, depth-1+f.depth)
			if depth == 1 {
				total.rootFields = saturate(total.rootFields + f.rootFields)
				total.introspects = cmp.Or(total.introspects, f.introspects)
			}
		}
	}
}

// saturated exceeds every limit; sums stop there, so that none overflows.
const saturated = 1 << 30

func saturate(n int) int { return min(n, saturated) }

func (t *spread) add(fields, depth int) {
	t.fields = saturate(t.fields + fields)
	t.depth = max(t.depth, depth)
}

// root counts an outermost field.
func (t *spread) root(name string) {
	if name == "__typename" {
		return
	}
	t.rootFields = saturate(t.rootFields + 1)
	if name == "__schema" || name == "__type" {
		t.introspects = name
	}
}
