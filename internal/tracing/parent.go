package tracing

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// parentHeader is the W3C header in whose form one app tells another of a span.
const parentHeader = "traceparent"

// parent is a carrier of that header alone.
type parent string

// Get implements propagation.TextMapCarrier.
func (p *parent) Get(header string) string {
	if header != parentHeader {
		return ""
	}
	return string(*p)
}

// Set implements propagation.TextMapCarrier.
func (p *parent) Set(header, value string) {
	if header == parentHeader {
		*p = parent(value)
	}
}

// Keys implements propagation.TextMapCarrier.
func (*parent) Keys() []string { return []string{parentHeader} }

// formatParent is a span as its children in other apps know it.
func formatParent(c trace.SpanContext) string {
	var text parent
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), c), &text)
	return string(text)
}

// parseParent reads a parent. What is not a parent is none: a request does not
// fail for it.
func parseParent(text string) (c trace.SpanContext, ok bool) {
	carrier := parent(text)
	c = trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), &carrier))
	return c.WithTraceFlags(c.TraceFlags() & trace.FlagsSampled), c.IsValid()
}
