package eventsource_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/tracing"
	"corebank/internal/tracing/tracingtest"
)

// payments are two traces of clients.
var payments = [2]string{"4bf92f3577b34da6a3ce929d0e0e4736", "5bf92f3577b34da6a3ce929d0e0e4736"}

// traced are the first record of an append, as part of one of them.
func traced(payment string) []contract.Traced {
	return []contract.Traced{{Trace: "00-" + payment + "-00f067aa0ba902b7-01"}}
}

// publishing are the spans of the publishing of a trace's records.
func publishing(spans *tracingtest.Spans, payment string) (some tracetest.SpanStubs) {
	for _, span := range spans.Of(payment) {
		if span.SpanKind == tracing.Sending {
			some = append(some, span)
		}
	}
	return some
}

func number(span tracetest.SpanStub, key string) int64 {
	for _, a := range span.Attributes {
		if string(a.Key) == key {
			return a.Value.AsInt64()
		}
	}
	return 0
}

// TestAnOutageOfTheBrokerIsOneSpanOfEachRecord, which ends when the record is published and says how often that was
// tried. What is appended meanwhile goes along.
func TestAnOutageOfTheBrokerIsOneSpanOfEachRecord(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.NeverSample())
	synctest.Test(t, func(t *testing.T) {
		b := &broker{fail: errors.New("no broker")}
		s := startSource(t, storage.NewMemoryLog(), b)
		s.deposit(t, "first", 2, traced(payments[0])...)
		<-time.After(time.Second)
		s.deposit(t, "second", 1, traced(payments[1])...)
		<-time.After(time.Second)
		for _, payment := range payments {
			if got := publishing(spans, payment); len(got) != 0 {
				t.Errorf("%d spans have ended before anything is published", len(got))
			}
		}
		b.failWith(nil)
		<-time.After(time.Second)
		synctest.Wait()
		expectPositions(t, b.positions(t), 1, 3)
		var attempts []int64
		for i, payment := range payments {
			got := publishing(spans, payment)
			if len(got) != 1 {
				t.Fatalf("payment %d has %d spans of its publishing", i, len(got))
			}
			attempts = append(attempts, number(got[0], tracing.Attempts))
			if got[0].Status.Description != "" || number(got[0], tracing.MessagingBatchSize) != 3 {
				t.Errorf("payment %d: %+v", i, got[0])
			}
			if parent := b.batches[0].Traced[i]; parent.Trace[36:52] != got[0].SpanContext.SpanID().String() {
				t.Errorf("those who follow the topic see %+v", b.batches[0].Traced)
			}
		}
		if attempts[1] < 2 || attempts[0] <= attempts[1] {
			t.Errorf("they were tried %d times", attempts)
		}
	})
}

// TestWhatIsNeverPublishedFromHereHasFailed once the event source stops.
func TestWhatIsNeverPublishedFromHereHasFailed(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.NeverSample())
	synctest.Test(t, func(t *testing.T) {
		s := startSource(t, storage.NewMemoryLog(), &broker{fail: errors.New("no broker")})
		s.deposit(t, "first", 1, traced(payments[0])...)
		<-time.After(time.Second)
		s.stop()
		got := publishing(spans, payments[0])
		if len(got) != 1 || got[0].Status.Description != "failed" || number(got[0], tracing.Attempts) < 2 {
			t.Errorf("its publishing is %+v", got)
		}
	})
}
