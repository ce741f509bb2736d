package graph

import (
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// streamed is what a subscription tells its transport besides its answers. The
// executor has no way for that, so it takes the context's.
type streamed struct {
	mu     sync.Mutex
	errs   gqlerror.List
	source *SubscriptionSource
}

type streamedKey struct{}

// WithStream makes room for what an operation tells its transport: the errors
// that its stream ends with, and its source. Every transport that serves
// subscriptions has to.
func WithStream(ctx context.Context) context.Context {
	return context.WithValue(ctx, streamedKey{}, &streamed{})
}

// StreamErrors are the errors that the operation's stream ended with, once it
// has ended.
func StreamErrors(ctx context.Context) gqlerror.List {
	told, ok := ctx.Value(streamedKey{}).(*streamed)
	if !ok {
		return nil
	}
	told.mu.Lock()
	defer told.mu.Unlock()
	return told.errs
}

// SourceOf is where the events of a subscription come from that has been
// dispatched; nil where the executor's answers come by themselves.
func SourceOf(ctx context.Context) *SubscriptionSource {
	told, ok := ctx.Value(streamedKey{}).(*streamed)
	if !ok {
		return nil
	}
	told.mu.Lock()
	defer told.mu.Unlock()
	return told.source
}

// endStream keeps why a stream ended, before its channel is closed. Without
// room for it, the stream just ends.
func endStream(ctx context.Context, err *gqlerror.Error) {
	if told, ok := ctx.Value(streamedKey{}).(*streamed); ok {
		told.mu.Lock()
		defer told.mu.Unlock()
		told.errs = append(told.errs, err)
	}
}

// setSource leaves a subscription's events to its transport. It reports whether
// that takes them.
func setSource(ctx context.Context, source *SubscriptionSource) bool {
	told, ok := ctx.Value(streamedKey{}).(*streamed)
	if ok {
		told.mu.Lock()
		defer told.mu.Unlock()
		told.source = source
	}
	return ok
}
