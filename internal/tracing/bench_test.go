package tracing

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"corebank/internal/contract"
)

// discard takes spans and keeps nothing.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

// BenchmarkDeposit is what the spans of one deposit cost in all four apps together,
// with the wire between them: off, with one trace in a hundred, and with all.
func BenchmarkDeposit(b *testing.B) {
	for name, sampler := range map[string]sdktrace.Sampler{"off": nil, "1in100": sdktrace.TraceIDRatioBased(0.01),
		"all": sdktrace.AlwaysSample()} {
		b.Run(name, func(b *testing.B) {
			if sampler != nil {
				end := Use(discard{}, sampler, nil)
				defer func() { _ = end(context.Background()) }()
			}
			b.ReportAllocs()
			for b.Loop() {
				oneDeposit(b)
			}
		})
	}
}

// oneDeposit makes the spans of one deposit.
func oneDeposit(b *testing.B) {
	ctx := context.Background()
	request := Server.Root("", "", "POST /graphql", Serving)
	ctx, operation := Server.Start(request.With(ctx), "mutation", Serving)
	ctx, call := Server.Start(ctx, "account/execute", Calling)
	call.Text(RPCSystem, Dapr)
	origin := OriginOf(ctx)
	turn := Actor.Under(origin.Trace, "account/execute", Serving)
	turn.Text(RPCSystem, Dapr)
	decision := Actor.Within(turn, "decide", Internal)
	decision.Text(Command, "Deposit")
	Note(decision, contract.Outcome{Status: contract.Applied})
	decision.End()
	asked := Actor.Within(turn, "eventsource/append", Calling)
	appended := EventSource.Under(asked.Parent(), "eventsource/append", Serving)
	commit := EventSource.Within(appended, "commit", Internal)
	commit.Link(appended)
	commit.End()
	appended.End()
	asked.End()
	if appended.Sampled() {
		batch := contract.Batch{First: 1, Last: 1}
		published := Publish(&batch, []contract.Traced{{First: 1, Last: 1, Trace: appended.Parent()}}, nil)
		projected := Projector.Take(&batch, "project", 0)
		delivered := Server.Take(&batch, "deliver", 0)
		delivered.Deliver(1, 1)
		delivered.EndDelivered()
		projected.End(1, nil)
		published.End(1, nil)
	}
	turn.End()
	Note(call, contract.Outcome{Status: contract.Applied})
	call.End()
	operation.Text(GraphQLType, "mutation")
	operation.End()
	request.Number(HTTPStatus, 200)
	request.End()
}
