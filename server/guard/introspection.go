package guard

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// What the schema costs in points, so that one operation reads it once; the fields
// selected in it cost more.
const (
	schemaCost = 10_000 // __schema
	typeCost   = 1_000  // __type
)

// Answers about the schema are cached. Those that are not yet are counted by
// address beside everything else, because no token is needed.
const (
	schemasKept      = 200
	schemasBytes     = 8 << 20
	schemasPerSecond = 10
	schemasBurst     = 60
)

// schemaAnswers are the answers about the schema, which is always the same.
type schemaAnswers struct {
	known   *cache[json.RawMessage]
	callers *buckets
}

func newSchemaAnswers() *schemaAnswers {
	return &schemaAnswers{callers: newBuckets(schemasPerSecond, schemasBurst),
		known: newCache(schemasKept, schemasBytes,
			func(key string, data json.RawMessage) int { return len(key) + len(data) })}
}

// answer answers an operation that reads the schema: from the cache, if it reads
// nothing else and has no variables.
func (s *schemaAnswers) answer(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	reads, only := readsSchema(operation.Operation.SelectionSet)
	if !reads {
		return next(ctx)
	}
	key := operation.OperationName + "\x00" + operation.RawQuery
	only = only && len(operation.Variables) == 0 && operation.Operation.Operation == ast.Query
	if data, known := s.known.Get(ctx, key); only && known {
		return graphql.OneShot(&graphql.Response{Data: data})
	}
	if wait := s.callers.take(addressOf(ctx), 1); wait > 0 {
		wait = scattered(wait)
		setStatus(ctx, wait)
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{tooFast(wait)}})
	}
	handler := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		response := handler(ctx)
		if only && response != nil && len(response.Errors) == 0 {
			s.known.Add(ctx, key, response.Data)
		}
		return response
	}
}

// readsSchema reports whether an operation reads the schema, and whether it reads
// nothing else.
func readsSchema(set ast.SelectionSet) (reads, only bool) {
	only = true
	for _, selection := range set {
		var r, o bool
		switch at := selection.(type) {
		case *ast.Field:
			r, o = at.Name == "__schema" || at.Name == "__type", strings.HasPrefix(at.Name, "__")
		case *ast.InlineFragment:
			r, o = readsSchema(at.SelectionSet)
		case *ast.FragmentSpread:
			r, o = readsSchema(at.Definition.SelectionSet)
		}
		reads, only = reads || r, only && o
	}
	return reads, only
}
