package request

import (
	"context"
	"maps"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/internal/tracing"
)

// requestID is the extension of errors with the id of their request.
const requestID = "requestId"

// Name gives errors the id of their request, by which an operator finds it. The
// errors may be shared, and are not changed.
func Name(ctx context.Context, errs gqlerror.List) gqlerror.List {
	id := tracing.RequestOf(ctx)
	if id == "" || len(errs) == 0 {
		return errs
	}
	named := make(gqlerror.List, len(errs))
	for i, e := range errs {
		one := *e
		one.Extensions = maps.Clone(e.Extensions)
		if one.Extensions == nil {
			one.Extensions = make(map[string]any, 1)
		}
		one.Extensions[requestID] = id
		named[i] = &one
	}
	return named
}
