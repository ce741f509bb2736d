package tracing

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// provider makes spans and decides which traces are sampled.
type provider struct {
	sdk     *sdktrace.TracerProvider
	sampler sdktrace.Sampler
}

// active is nil while tracing is off. A process has one, as it has one log.
var active atomic.Pointer[provider]

// Use has processor take all spans, and sampler decide about traces that begin
// here. end exports what waits and turns tracing off.
func Use(processor sdktrace.SpanProcessor, sampler sdktrace.Sampler, of *resource.Resource) (
	end func(context.Context) error) {
	sdk := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()), // a span that is made is exported
		sdktrace.WithIDGenerator(givenIDs{}), sdktrace.WithSpanProcessor(processor), sdktrace.WithResource(of))
	p := &provider{sdk: sdk, sampler: sampler}
	active.Store(p)
	return func(ctx context.Context) error {
		active.CompareAndSwap(p, nil)
		return sdk.Shutdown(ctx)
	}
}

// samples reports whether a trace that begins here is sampled. parent is the
// client's span, if it sent one.
func (p *provider) samples(parent trace.SpanContext, id trace.TraceID, name string, kind Kind) bool {
	ctx := context.Background()
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	result := p.sampler.ShouldSample(sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id, Name: name, Kind: kind})
	return result.Decision == sdktrace.RecordAndSample
}

// givenIDs gives a span the ids that it was noted under.
type givenIDs struct{}

type idsKey struct{}

// NewIDs implements sdktrace.IDGenerator.
func (givenIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	own, _ := ctx.Value(idsKey{}).(trace.SpanContext)
	return own.TraceID(), own.SpanID()
}

// NewSpanID implements sdktrace.IDGenerator.
func (givenIDs) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	own, _ := ctx.Value(idsKey{}).(trace.SpanContext)
	return own.SpanID()
}

func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		random(id[:])
	}
	return id
}

func newSpanID() (id trace.SpanID) {
	for !id.IsValid() {
		random(id[:])
	}
	return id
}

// On reports whether spans are made.
func On() bool { return active.Load() != nil }
