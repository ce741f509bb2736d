package graph

import (
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// streamed is what a subscription tells its transport besides its answers. The
// executor has no way for that, so it takes the context's.
type streamContext struct {
	mu     sync.Mutex
	errs   gqlerror.List
	source *SubscriptionSource
}

type streamContextKey struct{}

// WithStream makes room for what an operation tells its transport: the errors
// that its stream ends with, and its source. Every transport that serves
// subscriptions has to.
func WithStream(ctx context.Context) context.Context {
	return context.WithValue(ctx, streamContextKey{}, &streamContext{})
}

// StreamErrors are the errors that the operation's stream ended with, once it
// has ended.
func StreamErrors(ctx context.Context) gqlerror.List {
	stream, ok := ctx.Value(streamContextKey{}).(*streamContext)
	if !ok {
		return nil
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	return stream.errs
}

// SourceOf is where the events of a subscription come from that has been
// dispatched; nil where the executor's answers come by themselves.
func SourceOf(ctx context.Context) *SubscriptionSource {
	stream, ok := ctx.Value(streamContextKey{}).(*streamContext)
	if !ok {
		return nil
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	return stream.source
}

// endStream keeps why a stream ended, before its channel is closed. Without
// room for it, the stream just ends.
func endStream(ctx context.Context, err *gqlerror.Error) {
	if stream, ok := ctx.Value(streamContextKey{}).(*streamContext); ok {
		stream.mu.Lock()
		defer stream.mu.Unlock()
		stream.errs = append(stream.errs, err)
	}
}

// setSource leaves a subscription's events to its transport. It reports whether
// that takes them.
func setSource(ctx context.Context, source *SubscriptionSource) bool {
	stream, ok := ctx.Value(streamContextKey{}).(*streamContext)
	if ok {
		stream.mu.Lock()
		defer stream.mu.Unlock()
		stream.source = source
	}
	return ok
}
