package graph

import (
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// streamContext is what a subscription passes to its transport besides its
// answers. The executor has no way for that, so it travels in the context.
type streamContext struct {
	mu     sync.Mutex
	errs   gqlerror.List
	source *SubscriptionSource
}

type streamContextKey struct{}

// WithStream prepares a context for an operation that may be a subscription:
// its source, and the errors that its stream ends with, are passed through it.
// Every transport that serves subscriptions has to call it.
func WithStream(ctx context.Context) context.Context {
	return context.WithValue(ctx, streamContextKey{}, &streamContext{})
}

func streamOf(ctx context.Context) *streamContext {
	stream, _ := ctx.Value(streamContextKey{}).(*streamContext)
	return stream
}

// StreamErrors are the errors that the operation's stream ended with. Call it
// after the stream has ended.
func StreamErrors(ctx context.Context) gqlerror.List {
	stream := streamOf(ctx)
	if stream == nil {
		return nil
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	return stream.errs
}

// SourceOf is the source of a dispatched subscription's events; nil if the
// executor produces the answers by itself.
func SourceOf(ctx context.Context) *SubscriptionSource {
	stream := streamOf(ctx)
	if stream == nil {
		return nil
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	return stream.source
}

// endStream records why a stream ends, before its channel is closed. Without
// WithStream, the stream ends silently.
func endStream(ctx context.Context, err *gqlerror.Error) {
	if stream := streamOf(ctx); stream != nil {
		stream.mu.Lock()
		defer stream.mu.Unlock()
		stream.errs = append(stream.errs, err)
	}
}

// setSource passes a subscription's source to its transport. It reports whether
// the transport accepts one.
func setSource(ctx context.Context, source *SubscriptionSource) bool {
	stream := streamOf(ctx)
	if stream == nil {
		return false
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	stream.source = source
	return true
}
