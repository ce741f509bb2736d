package request

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
)

// Check says why an operation cannot be executed here; nil where it can.
type Check func(*graphql.OperationContext) *gqlerror.Error

// Run executes an operation of any kind and yields its answers in turn. One
// without data is the last: the request was refused, or the stream broke. It
// returns when ctx has ended or there is nothing more to come, but for a
// subscription that has caught up with what happens: its further answers are to
// be taken from what is returned, which calls wake when there are some.
func Run(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, check Check, wake func(), yield func(*graphql.Response)) (live *Live) {
	ctx = graph.WithStream(ctx)
	var operation *graphql.OperationContext
	defer func() {
		if reason := recover(); reason != nil {
			yield(broke(ctx, exec, operation, reason))
		}
	}()
	operation, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		yield(exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return nil
	}
	if err := check(operation); err != nil {
		yield(&graphql.Response{Errors: gqlerror.List{err}})
		return nil
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	if source := graph.SourceOf(ctx); source != nil {
		l := &Live{ctx: ctx, exec: exec, operation: operation, source: source, next: next}
		return l.follow(wake, yield)
	}
	for response := next(ctx); response != nil; response = next(ctx) {
		yield(response)
		if response.Data == nil {
			return nil
		}
	}
	if errs := graph.StreamErrors(ctx); len(errs) > 0 {
		yield(&graphql.Response{Errors: errs})
	}
	return nil
}

// broke makes an answer of a panic: it must end its own operation, not the
// gateway.
func broke(ctx context.Context, exec graphql.GraphExecutor, operation *graphql.OperationContext, reason any) *graphql.Response {
	if operation == nil || operation.RecoverFunc == nil {
		panic(reason)
	}
	ctx = graphql.WithOperationContext(ctx, operation)
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(operation.Recover(ctx, reason))})
}
