package tracingtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"corebank/internal/tracing"
)

// Spans are those that were exported.
type Spans struct{ exporter *tracetest.InMemoryExporter }

// Record turns tracing on until the test ends. Tests that do so must not run at
// the same time.
func Record(t testing.TB, sampler sdktrace.Sampler) *Spans {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	end := tracing.Use(sdktrace.NewSimpleSpanProcessor(exporter), sampler, nil)
	t.Cleanup(func() {
		if err := end(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &Spans{exporter}
}

// All are all of them, in the order in which they ended.
func (s *Spans) All() tracetest.SpanStubs { return s.exporter.GetSpans() }

// Of are those of a trace.
func (s *Spans) Of(trace string) (spans tracetest.SpanStubs) {
	for _, span := range s.All() {
		if span.SpanContext.TraceID().String() == trace {
			spans = append(spans, span)
		}
	}
	return spans
}

// Names are the names of those of a trace.
func (s *Spans) Names(trace string) (names []string) {
	for _, span := range s.Of(trace) {
		names = append(names, span.Name)
	}
	return names
}

// Await waits until a trace, written by [Spans.Tree], is what it has to be, and
// fails the test if it is not within ten seconds.
func (s *Spans) Await(t testing.TB, trace, want string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for s.Tree(trace) != want {
		select {
		case <-deadline:
			t.Fatalf("the trace is\n%s, want\n%s", s.Tree(trace), want)
		case <-tick.C:
		}
	}
}

// Tree is a trace as text: each span in a line of its own, indented below its
// parent, with its app and kind.
func (s *Spans) Tree(trace string) string {
	spans := s.Of(trace)
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	ids := make(map[string]bool)
	for _, span := range spans {
		ids[span.SpanContext.SpanID().String()] = true
	}
	var text strings.Builder
	var write func(parent string, indent int)
	write = func(parent string, indent int) {
		for _, span := range spans {
			own, above := span.SpanContext.SpanID().String(), span.Parent.SpanID().String()
			if cmp.Or(parent, above) != above || parent == "" && ids[above] {
				continue
			}
			fmt.Fprintf(&text, "%s%s (%s, %s)\n", strings.Repeat("  ", indent), span.Name,
				strings.TrimPrefix(span.InstrumentationScope.Name, "corebank/"), span.SpanKind)
			write(own, indent+1)
		}
	}
	write("", 0)
	return text.String()
}
