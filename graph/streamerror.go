package graph

import (
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// streamErrors are what a subscription that has begun ended with. The executor
// has no way for them, so they take the context's.
type streamErrors struct {
	mu   sync.Mutex
	errs gqlerror.List
}

type streamErrorsKey struct{}

// WithStreamErrors makes room for the errors that an operation's stream ends
// with. Every transport that serves subscriptions has to.
func WithStreamErrors(ctx context.Context) context.Context {
	return context.WithValue(ctx, streamErrorsKey{}, &streamErrors{})
}

// StreamErrors are the errors that the operation's stream ended with, once it
// has ended.
func StreamErrors(ctx context.Context) gqlerror.List {
	kept, ok := ctx.Value(streamErrorsKey{}).(*streamErrors)
	if !ok {
		return nil
	}
	kept.mu.Lock()
	defer kept.mu.Unlock()
	return kept.errs
}

// endStream keeps why a stream ended, before its channel is closed. Without
// room for it, the stream just ends.
func endStream(ctx context.Context, err *gqlerror.Error) {
	if kept, ok := ctx.Value(streamErrorsKey{}).(*streamErrors); ok {
		kept.mu.Lock()
		defer kept.mu.Unlock()
		kept.errs = append(kept.errs, err)
	}
}
