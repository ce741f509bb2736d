package tracing

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Scope begins the spans of one app, whose name it is.
type Scope string

// The apps.
const (
	Server      Scope = "corebank/server"
	Actor       Scope = "corebank/actor"
	EventSource Scope = "corebank/eventsource"
	Projector   Scope = "corebank/projector"
)

// Kind says on which side of a call a span is.
type Kind = trace.SpanKind

// The kinds.
const (
	Internal = trace.SpanKindInternal
	Serving  = trace.SpanKindServer
	Calling  = trace.SpanKindClient
	Sending  = trace.SpanKindProducer
	Taking   = trace.SpanKindConsumer
)

// Span is a piece of work. It is only noted while the work goes on, and becomes a
// span of OpenTelemetry when it ends: if its trace is sampled, if it failed, or if
// work within it in this app failed. So a request that is not sampled costs
// little, and every failure is seen.
//
// A nil span is one of work that no one traces: all methods take it.
type Span struct {
	scope  Scope
	name   string
	kind   Kind
	outer  *Span // in this app
	parent trace.SpanContext
	own    trace.SpanContext
	began  time.Time
	keep   atomic.Bool

	mu         sync.Mutex // of what follows: a call may end before the work that it waits for
	attributes []attribute.KeyValue
	links      []trace.Link
	failure    string
	ended      bool
}

type spanKey struct{}

// SpanOf is the span that a context belongs to.
func SpanOf(ctx context.Context) *Span {
	if active.Load() == nil {
		return nil
	}
	s, _ := ctx.Value(spanKey{}).(*Span)
	return s
}

// With is a context of the span.
func (s *Span) With(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, spanKey{}, s)
}

// Start begins a span within that of the context, if it has one.
func (c Scope) Start(ctx context.Context, name string, kind Kind) (context.Context, *Span) {
	s := c.Within(SpanOf(ctx), name, kind)
	return s.With(ctx), s
}

// Within begins a span within another one of this app.
func (c Scope) Within(outer *Span, name string, kind Kind) *Span {
	if outer == nil {
		return nil
	}
	s := c.begin(outer.own, name, kind)
	s.outer = outer
	return s
}

// Under begins a span whose parent is in another app, or has ended. Without a
// parent there is none.
func (c Scope) Under(parent, name string, kind Kind) *Span {
	if parent == "" || active.Load() == nil {
		return nil
	}
	of, ok := parseParent(parent)
	if !ok {
		return nil
	}
	return c.begin(of, name, kind)
}

// Later begins a trace of its own for work that follows from a span long after
// that has ended, and links it to that span. It is sampled if that one is. Without
// a span to follow from there is none.
func (c Scope) Later(from, name string, kind Kind) *Span {
	if from == "" || active.Load() == nil {
		return nil
	}
	of, ok := parseParent(from)
	if !ok {
		return nil
	}
	s := c.begin(trace.NewSpanContext(trace.SpanContextConfig{TraceID: newTraceID(), TraceFlags: of.TraceFlags()}),
		name, kind)
	s.parent, s.links = trace.SpanContext{}, []trace.Link{{SpanContext: of}}
	return s
}

// Root begins the trace of a request, or continues that of the client. The trace
// has the id of the request if that has the form of one.
func (c Scope) Root(parent, request, name string, kind Kind) *Span {
	p := active.Load()
	if p == nil {
		return nil
	}
	of, ok := parseParent(parent)
	traceID := of.TraceID()
	if !ok {
		if id, err := trace.TraceIDFromHex(request); err == nil {
			traceID = id
		} else {
			traceID = newTraceID()
		}
	}
	flags := trace.TraceFlags(0).WithSampled(p.samples(of, traceID, name, kind))
	s := c.begin(trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, TraceFlags: flags}), name, kind)
	s.parent = of
	return s
}

func (c Scope) begin(parent trace.SpanContext, name string, kind Kind) *Span {
	return &Span{scope: c, name: name, kind: kind, parent: parent, began: time.Now(),
		own: parent.WithSpanID(newSpanID()).WithRemote(false)}
}

// Parent is the span as its children in other apps know it.
func (s *Span) Parent() string {
	if s == nil {
		return ""
	}
	return formatParent(s.own)
}

// Name is the name of the span.
func (s *Span) Name() string {
	if s == nil {
		return ""
	}
	return s.name
}

// Sampled reports whether the span's trace is sampled.
func (s *Span) Sampled() bool { return s != nil && s.own.IsSampled() }

// TraceID and SpanID are the ids as lines of the log have them.
func (s *Span) TraceID() string { return s.own.TraceID().String() }

// SpanID is the id of the span itself.
func (s *Span) SpanID() string { return s.own.SpanID().String() }

// Text notes a value that is one of few, such as a code.
func (s *Span) Text(key, value string) {
	if s != nil && value != "" {
		s.note(attribute.String(key, value))
	}
}

// Number notes a number.
func (s *Span) Number(key string, value int) {
	if s != nil {
		s.note(attribute.Int(key, value))
	}
}

// Attempts notes how often something was tried, if more than once.
func (s *Span) Attempts(n int) {
	if n > 1 {
		s.Number(Attempts, n)
	}
}

// Texts notes several such values.
func (s *Span) Texts(key string, values []string) {
	if s != nil && len(values) > 0 {
		s.note(attribute.StringSlice(key, values))
	}
}

func (s *Span) note(one attribute.KeyValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attributes = append(s.attributes, one)
}

// Link says that the work is also that of another span.
func (s *Span) Link(other *Span) {
	if s == nil || other == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = append(s.links, trace.Link{SpanContext: other.own})
}

// Fail says that the work failed, and how: a code, never the text of an error.
// The span is then exported whether or not its trace is sampled, and so are those
// around it in this app.
func (s *Span) Fail(code string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.failure = code
	s.mu.Unlock()
	for outer := s; outer != nil; outer = outer.outer {
		outer.keep.Store(true)
	}
}

// End ends the work. Only the first end counts.
func (s *Span) End() {
	if s == nil || !s.own.IsSampled() && !s.keep.Load() {
		return
	}
	if p := active.Load(); p != nil {
		s.export(p)
	}
}

func (s *Span) export(p *provider) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	ctx := context.WithValue(context.Background(), idsKey{}, s.own)
	if s.parent.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, s.parent)
	}
	if s.failure != "" {
		s.attributes = append(s.attributes, attribute.String(ErrorType, s.failure))
	}
	_, span := p.sdk.Tracer(string(s.scope)).Start(ctx, s.name, trace.WithTimestamp(s.began), trace.WithSpanKind(s.kind),
		trace.WithAttributes(s.attributes...), trace.WithLinks(s.links...))
	if s.failure != "" {
		span.SetStatus(codes.Error, s.failure)
	}
	span.End()
}
