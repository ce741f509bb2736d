package saga_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/tracing"
	"corebank/internal/tracing/tracingtest"
)

const (
	payment = "4bf92f3577b34da6a3ce929d0e0e4736" // a trace
	pays    = "00-" + payment + "-00f067aa0ba902b7-01"
)

// traced gives a command as part of the trace of a payment.
func (w *cluster) traced(id bank.AccountID, key string, c bank.Command) contract.Record {
	w.t.Helper()
	return w.sendFrom(contract.Origin{Trace: pays}, id, key, c)
}

// lose has the calls of drivers fail that have a transfer received, until they are not to be lost any more.
func (w *cluster) lose() (lost *atomic.Bool) {
	lost = new(atomic.Bool)
	lost.Store(true)
	w.trouble = func(_ context.Context, point string) error {
		if lost.Load() && strings.HasPrefix(point, "before ReceiveTransfer") {
			return errBroken
		}
		return nil
	}
	return lost
}

// commandsIn are the commands that drivers have given in a trace, by name: the log may tell of one before its answer.
func commandsIn(spans tracetest.SpanStubs) (commands []string) {
	for _, span := range spans {
		if span.SpanKind != tracing.Calling {
			continue
		}
		for _, a := range span.Attributes {
			if a.Key == tracing.Command {
				commands = append(commands, a.Value.AsString())
			}
		}
	}
	slices.Sort(commands)
	return commands
}

// attempts is how often something was tried, as its span says.
func attempts(span tracetest.SpanStub) int64 {
	for _, a := range span.Attributes {
		if a.Key == tracing.Attempts {
			return a.Value.AsInt64()
		}
	}
	return 1
}

// TestTheStepsOfATransferAreInItsTrace, each with all that it leads to, whether or not the driver that saw it sent is
// still there.
func TestTheStepsOfATransferAreInItsTrace(t *testing.T) {
	for name, restarts := range map[string]bool{"at once": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			spans := tracingtest.Record(t, sdktrace.ParentBased(sdktrace.NeverSample()))
			synctest.Test(t, func(t *testing.T) {
				w := newCluster(t, 1)
				lost := w.lose()
				lost.Store(restarts)
				w.drive(0)
				synctest.Wait() // until it follows the topic
				ada, bob := w.open("ada", "EUR", 0), w.open("bob", "EUR", 0)
				w.traced(ada, "rent", bank.SendTransfer{To: bob, Amount: eur(2_500)})
				if restarts {
					w.pass(5 * time.Second) // there is a checkpoint
					w.kill(0)
					lost.Store(false)
					w.drive(0)
				}
				w.settle(time.Minute)
				w.pass(time.Second) // what the last event leads to
			})
			if got := commandsIn(spans.Of(payment)); !slices.Equal(got, []string{"CompleteTransfer", "ReceiveTransfer"}) {
				t.Errorf("the trace has the steps %q", got)
			}
			const appended = `account/execute (actor, server)
  decide (actor, internal)
  eventsource/append (actor, client)
    eventsource/append (eventsource, server)
      commit (eventsource, internal)
      publish corebank-events (eventsource, producer)
`
			step := indented(4, "account/execute (actor, client)\n"+indented(1, appended))
			want := appended + step + step
			if got := spans.Tree(payment); got != want {
				t.Errorf("the trace is\n%s, want\n%s", got, want)
			}
			if all, own := len(spans.All()), len(spans.Of(payment)); all != own {
				t.Errorf("%d spans are exported, %d of them of this trace", all, own)
			}
		})
	}
}

// indented is text some levels further in.
func indented(levels int, text string) string {
	by := strings.Repeat("  ", levels)
	return by + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+by) + "\n"
}

// TestTheEndOfAHoldLeadsToItsPlacing: it is a trace of its own with a link, after a restart as well.
func TestTheEndOfAHoldLeadsToItsPlacing(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.ParentBased(sdktrace.NeverSample()))
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		w.drive(0)
		synctest.Wait()
		ada := w.open("ada", "EUR", 0)
		placed := w.traced(ada, "card", bank.PlaceHold{Amount: eur(1_000), ExpiresAt: time.Now().Add(time.Minute).UTC()})
		w.hold(ada, "one that no one traces")
		// Prolonged by someone who does not trace, it is still what the payment began.
		w.send(ada, "later", bank.AdjustHold{Hold: placed.Version, ExpiresAt: time.Now().Add(2 * time.Minute).UTC()})
		w.pass(30 * time.Second)
		w.kill(0)
		w.drive(0)
		w.until("both holds to expire", 3*time.Minute, func() bool { return w.expired(ada) == 2 })
		w.pass(time.Second)
	})
	var ends tracetest.SpanStubs
	for _, span := range spans.All() {
		if span.SpanContext.TraceID().String() != payment && !span.Parent.IsValid() {
			ends = append(ends, span)
		}
	}
	if len(ends) != 1 || len(ends[0].Links) != 1 || ends[0].Links[0].SpanContext.TraceID().String() != payment {
		t.Fatalf("%d ends of holds are traced, and lead to %+v", len(ends), ends)
	}
	own := ends[0].SpanContext.TraceID().String()
	if got := commandsIn(spans.Of(own)); !slices.Equal(got, []string{"ExpireHold"}) {
		t.Errorf("the trace has the commands %q", got)
	}
	if n := len(spans.Of(own)); n < 6 {
		t.Errorf("the trace is\n%s", spans.Tree(own))
	}
	if got := commandsIn(spans.Of(payment)); len(got) != 0 {
		t.Errorf("the trace of the payment has the commands %q", got)
	}
}

// TestAStepIsOneSpanHoweverOftenItIsTried.
func TestAStepIsOneSpanHoweverOftenItIsTried(t *testing.T) {
	spans := tracingtest.Record(t, sdktrace.ParentBased(sdktrace.NeverSample()))
	synctest.Test(t, func(t *testing.T) {
		w := newCluster(t, 1)
		lost := w.lose()
		w.drive(0)
		synctest.Wait()
		ada, bob := w.open("ada", "EUR", 0), w.open("bob", "EUR", 0)
		w.traced(ada, "rent", bank.SendTransfer{To: bob, Amount: eur(2_500)})
		w.pass(10 * time.Second)
		lost.Store(false)
		w.settle(time.Minute)
		w.pass(time.Second)
	})
	tried := make(map[string][]int64)
	for _, span := range spans.Of(payment) {
		for _, command := range commandsIn(tracetest.SpanStubs{span}) {
			tried[command] = append(tried[command], attempts(span))
		}
	}
	received, completed := tried["ReceiveTransfer"], tried["CompleteTransfer"]
	if len(received) != 1 || received[0] < 3 || !slices.Equal(completed, []int64{1}) {
		t.Errorf("the steps were tried %v times", tried)
	}
}
