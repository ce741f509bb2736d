package request

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
)

// Check returns why a transport cannot execute an operation; nil if it can.
type Check func(*graphql.OperationContext) *gqlerror.Error

// Run executes an operation of any kind and yields its answers in turn. An
// answer without data is the last: the request was refused, or the stream
// failed. Run returns when ctx has ended or there are no more answers. For a
// subscription it returns after the backfill; the further answers are to be
// taken from live, which calls notify when some wait.
func Run(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, check Check,
	notify func(), yield func(*graphql.Response)) (live *Live) {
	ctx = graph.WithStream(ctx)
	var operation *graphql.OperationContext
	defer func() {
		if reason := recover(); reason != nil {
			yield(panicResponse(ctx, exec, operation, reason))
		}
	}()
	operation, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		yield(exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return nil
	}
	if err := check(operation); err != nil {
		yield(exec.DispatchError(graphql.WithOperationContext(ctx, operation), gqlerror.List{err}))
		return nil
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	if source := graph.SourceOf(ctx); source != nil {
		l := &Live{ctx: ctx, exec: exec, operation: operation, source: source, next: next}
		return l.subscribe(notify, yield)
	}
	for response := next(ctx); response != nil; response = next(ctx) {
		if response.Data == nil {
			yield(Refused(ctx, exec, response))
			return nil
		}
		yield(response)
	}
	if errs := graph.StreamErrors(ctx); len(errs) > 0 {
		yield(Refused(ctx, exec, &graphql.Response{Errors: errs}))
	}
	return nil
}

// panicResponse is the answer to an operation that panicked: a panic must end
// its own operation, not the gateway.
func panicResponse(ctx context.Context, exec graphql.GraphExecutor, operation *graphql.OperationContext,
	reason any) *graphql.Response {
	if operation == nil || operation.RecoverFunc == nil {
		panic(reason)
	}
	ctx = graphql.WithOperationContext(ctx, operation)
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(operation.Recover(ctx, reason))})
}
