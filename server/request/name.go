package request

import (
	"context"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
	"corebank/internal/tracing"
)

// requestID is the extension of errors with the id of their request.
const requestID = "requestId"

// Name gives errors the id of their request, by which an operator finds it. The
// errors may be shared, and are not changed.
func Name(ctx context.Context, errs gqlerror.List) gqlerror.List {
	id := tracing.RequestOf(ctx)
	if id == "" || named(errs) {
		return errs
	}
	all := make(gqlerror.List, len(errs))
	for i, e := range errs {
		one := *e
		one.Extensions = maps.Clone(e.Extensions)
		if one.Extensions == nil {
			one.Extensions = make(map[string]any, 1)
		}
		one.Extensions[requestID] = id
		all[i] = &one
	}
	return all
}

// named reports whether all errors have an id.
func named(errs gqlerror.List) bool {
	for _, e := range errs {
		if e.Extensions[requestID] == nil {
			return false
		}
	}
	return true
}

// Refused is an answer that has only errors, in the form in which clients see
// them. Some errors come from beside the executor's interceptors, which count and
// name them: of a stream that ends, and of what answers in place of the executor.
func Refused(ctx context.Context, exec graphql.GraphExecutor, answer *graphql.Response) *graphql.Response {
	if named(answer.Errors) {
		return answer
	}
	shown := make(gqlerror.List, len(answer.Errors))
	for i, e := range answer.Errors {
		one := *e
		one.Err = nil // it would be presented, and logged, once more
		shown[i] = &one
	}
	return exec.DispatchError(ctx, shown)
}

// Unwritable are the errors of an answer that cannot be written as JSON.
func Unwritable(ctx context.Context) gqlerror.List {
	return Name(ctx, gqlerror.List{{Message: "The answer cannot be written.",
		Extensions: map[string]any{"code": graph.CodeInternal, "retryable": false}}})
}
