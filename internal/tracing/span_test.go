package tracing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"corebank/internal/contract"
	"corebank/internal/tracing"
	"corebank/internal/tracing/tracingtest"
)

// TestOffCostsNothing: where no one asks for traces, what is on the way of a
// deposit allocates nothing.
func TestOffCostsNothing(t *testing.T) {
	ctx, parent := t.Context(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	batch := contract.Batch{Traced: []contract.Traced{{First: 1, Last: 1, Trace: parent}}}
	if n := testing.AllocsPerRun(100, func() {
		_, span := tracing.Server.Start(ctx, "mutation", tracing.Serving)
		span.Text(tracing.Command, "Deposit")
		span.Number(tracing.Commands, 1)
		tracing.Note(span, contract.Outcome{Status: contract.Applied})
		within := tracing.Actor.Under(parent, "execute", tracing.Serving)
		tracing.Actor.Within(within, "decide", tracing.Internal).End()
		within.Fail("unknown")
		tracing.Server.Root(parent, "", "POST", tracing.Serving).Link(span)
		taken := tracing.Projector.Take(&batch, "project", 0)
		taken.Deliver(1, 1)
		taken.End(1, nil)
		span.End()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestOnlySampledTracesAndFailuresAreExported: a failure with what was around it in
// the same app.
func TestOnlySampledTracesAndFailuresAreExported(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.ParentBased(sdktrace.NeverSample()))
	work := func(parent string, fails bool) (trace string) {
		outer := tracing.Server.Root(parent, "", "outer", tracing.Serving)
		inner := tracing.Server.Within(outer, "inner", tracing.Internal)
		beside := tracing.Server.Within(outer, "beside", tracing.Internal)
		if fails {
			inner.Fail("UNAVAILABLE")
		}
		beside.End()
		inner.End()
		inner.End() // only the first counts
		outer.End()
		return outer.TraceID()
	}
	for _, test := range []struct {
		parent string
		fails  bool
		want   []string
	}{
		{"", false, nil},
		{"", true, []string{"inner", "outer"}},
		{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true, []string{"inner", "outer"}},
		{"00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false, []string{"beside", "inner", "outer"}},
	} {
		if got := spans.Names(work(test.parent, test.fails)); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// TestThePartsOfATraceInSeveralApps have the same trace, and the right parents.
func TestThePartsOfATraceInSeveralApps(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.AlwaysSample())
	id := tracing.NewRequestID()
	call := tracing.Server.Root("", id, "call", tracing.Calling)
	turn := tracing.Actor.Under(call.Parent(), "turn", tracing.Serving)
	batch := contract.Batch{ID: "7-8", Previous: 6, First: 7, Last: 8, Records: []contract.Record{}}
	published := tracing.Publish(&batch, []contract.Traced{{First: 7, Last: 8, Trace: turn.Parent()}}, nil)
	message, err := batch.Message()
	if err != nil {
		t.Fatal(err)
	}
	arrived, err := contract.ReadMessage(message)
	if err != nil {
		t.Fatal(err)
	}
	projected := tracing.Projector.Take(&arrived, "project", 7)
	late := tracing.Projector.Take(&arrived, "project", 8) // it was applied before
	delivered := tracing.Server.Take(&arrived, "deliver", 0)
	projected.End(8, nil)
	late.End(8, nil)
	delivered.EndDelivered() // to no one
	published.End(8, errors.New("lost"))
	turn.End()
	call.End()
	const want = `call (server, client)
  turn (actor, server)
    publish corebank-events (eventsource, producer)
      project corebank-events (projector, consumer)
`
	if got := spans.Tree(id); got != want {
		t.Errorf("the trace is\n%s, want\n%s", got, want)
	}
}

// TestNamesAreThoseOfTheConventions of OpenTelemetry.
func TestNamesAreThoseOfTheConventions(t *testing.T) {
	for ours, theirs := range map[string]any{
		tracing.ErrorType: semconv.ErrorTypeKey, tracing.HTTPMethod: semconv.HTTPRequestMethodKey,
		tracing.HTTPStatus: semconv.HTTPResponseStatusCodeKey, tracing.HTTPRoute: semconv.HTTPRouteKey,
		tracing.GraphQLType: semconv.GraphQLOperationTypeKey, tracing.RPCSystem: semconv.RPCSystemNameKey,
		tracing.RPCMethod:      semconv.RPCMethodKey,
		tracing.DatabaseSystem: semconv.DBSystemNameKey, tracing.DatabaseBatch: semconv.DBOperationBatchSizeKey,
		tracing.MessagingSystem: semconv.MessagingSystemKey, tracing.MessagingType: semconv.MessagingOperationTypeKey,
		tracing.MessagingName: semconv.MessagingOperationNameKey, tracing.MessagingTo: semconv.MessagingDestinationNameKey,
		tracing.MessagingBatchSize: semconv.MessagingBatchMessageCountKey,
	} {
		if got := reflect.ValueOf(theirs).String(); got != ours {
			t.Errorf("%s is called %s", ours, got)
		}
	}
}

// TestALineNamesItsRequests in text and as JSON.
func TestALineNamesItsRequests(t *testing.T) {
	tracingtest.Record(t, sdktrace.NeverSample())
	request := tracing.WithRequest(t.Context(), "req-1")
	span := tracing.Server.Root("", "4bf92f3577b34da6a3ce929d0e0e4736", "POST", tracing.Serving)
	commands := []contract.Command{{Origin: contract.Origin{Request: "a", Trace: span.Parent()}},
		{Origin: contract.Origin{Request: "b", Trace: span.Parent()}}, {}}
	for name, test := range map[string]struct {
		ctx  context.Context
		want map[string]any
	}{
		"none":    {t.Context(), map[string]any{}},
		"request": {request, map[string]any{"request_id": "req-1"}},
		"traced": {span.With(request), map[string]any{"request_id": "req-1",
			"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": span.SpanID()}},
		"shared": {tracing.WithCommands(span.With(request), commands), map[string]any{"request_ids": []any{"a", "b"},
			"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}},
		"alone": {tracing.WithCommands(t.Context(), commands[:1]), map[string]any{"request_id": "a",
			"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}},
	} {
		var text bytes.Buffer
		tracing.NewLog(&text, true, slog.LevelInfo).With("app", "x").WarnContext(test.ctx, "hello", "n", 1)
		got := make(map[string]any)
		if err := json.Unmarshal(text.Bytes(), &got); err != nil {
			t.Fatalf("%s: %s: %v", name, text.Bytes(), err)
		}
		for _, common := range []string{"time", "level", "msg", "app", "n"} {
			if _, has := got[common]; !has {
				t.Errorf("%s: no %s in %s", name, common, text.Bytes())
			}
			delete(got, common)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	var text bytes.Buffer
	tracing.NewLog(&text, false, slog.LevelInfo).InfoContext(request, "hello")
	if !bytes.Contains(text.Bytes(), []byte(`level=INFO msg=hello request_id=req-1`)) {
		t.Errorf("as text: %s", text.Bytes())
	}
}
