package saga

import (
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// Where what a driver does belongs, if the payment that it follows from is traced.
//
// The steps of a transfer are part of that payment's trace: they follow at once, or are tried until they are answered.
// A hold ends days later, when tools have long decided about a trace and closed it. Its end is a trace of its own,
// which has a link to the placing of the hold.
//
// The batch says which trace an event is part of. From then on the open transfer or hold knows it, in the checkpoint as
// well; the log does not. What is read from the log, because the topic or the checkpoint was lost, is not traced.

// carryOut begins the span of a delivery that follows from a span; both may be none.
func (d *delivery) carryOut(from string) {
	d.trace(tracing.Actor.Under(from, callName, tracing.Calling))
}

// carryOutLater is carryOut for what happens long after that.
func (d *delivery) carryOutLater(from string) {
	d.trace(tracing.Actor.Later(from, callName, tracing.Calling))
}

const callName = contract.ActorType + "/" + contract.MethodExecute

func (d *delivery) trace(span *tracing.Span) {
	span.Text(tracing.RPCSystem, tracing.Dapr)
	span.Text(tracing.RPCMethod, callName)
	span.Text(tracing.Command, d.command.Type)
	d.span, d.command.Origin.Trace = span, span.Parent()
}

// end ends the span of a delivery with the answer.
func (d *delivery) end(outcome contract.Outcome) {
	tracing.Note(d.span, outcome)
	d.endSpan()
}

// endSpan ends the span of a delivery that no one waits for any more.
func (d *delivery) endSpan() {
	d.span.Attempts(d.attempts)
	d.span.End()
}
