package eventsource

import (
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// tracedAppend is the span of an append in one of the traces that wait for it.
type tracedAppend struct {
	span        *tracing.Span
	first, last int64 // of the append's records, from 0
}

// trace begins the spans of an append.
func (p *pendingAppend) trace() {
	if len(p.Traced) == 0 || !tracing.On() {
		return
	}
	for _, t := range p.Traced[:min(len(p.Traced), contract.MaxTraced)] {
		span := tracing.EventSource.Under(t.Trace, contract.AppEventSource+"/"+contract.MethodAppend, tracing.Serving)
		if span == nil || t.First < 0 || t.Last < t.First || t.Last >= int64(p.size) {
			continue
		}
		span.Text(tracing.RPCSystem, tracing.Dapr)
		span.Text(tracing.RPCMethod, span.Name())
		p.traces = append(p.traces, tracedAppend{span, t.First, t.Last})
	}
}

// endTrace ends the spans of an append with its result.
func (p *pendingAppend) endTrace(result contract.AppendResult) {
	for _, t := range p.traces {
		tracing.EndAppend(t.span, result, nil)
	}
}

// traceCommit begins the commit of a batch, which is one span however many appends it is of: within the first of them
// that is traced, with links to all, and they have a link to it.
func (b *batch) traceCommit() (commit *tracing.Span) {
	if !tracing.On() {
		return nil
	}
	first := b.firstTraced()
	commit = tracing.EventSource.Within(first, "commit", tracing.Internal)
	if commit == nil {
		return nil
	}
	for _, p := range b.appends {
		for _, t := range p.traces {
			commit.Link(t.span)
			if t.span != first {
				t.span.Link(commit)
			}
		}
	}
	commit.Text(tracing.DatabaseSystem, "immudb")
	commit.Number(tracing.DatabaseBatch, b.size)
	commit.Number(tracing.Appends, len(b.appends))
	return commit
}

// firstTraced is the first span of an append, one of a sampled trace if there is any.
func (b *batch) firstTraced() (first *tracing.Span) {
	for _, p := range b.appends {
		for _, t := range p.traces {
			if t.span.Sampled() {
				return t.span
			}
			if first == nil {
				first = t.span
			}
		}
	}
	return first
}

// endCommit ends the commit.
func endCommit(commit *tracing.Span, err error) {
	if err != nil {
		commit.Fail("failed")
	}
	commit.End()
}

// traced are the records of the batch that somebody traces, after the commit.
func (b *batch) traced() (traced []contract.Traced) {
	for _, p := range b.appends {
		for _, t := range p.traces {
			if t.span.Sampled() {
				from := p.result.FirstPosition
				traced = append(traced, contract.Traced{First: from + t.first, Last: from + t.last, Trace: t.span.Parent()})
			}
		}
	}
	return traced
}

// tracedTail is a source that remembers which of its newest records somebody traces.
type tracedTail interface {
	Traced(first, last int64) []contract.Traced
	ForgetTraced(position int64)
}

// traced are the records of a source that somebody traces.
func traced(from source, first, last int64) []contract.Traced {
	if tail, remembers := from.(tracedTail); remembers && tracing.On() {
		return tail.Traced(first, last)
	}
	return nil
}

// forgetTraced says that records up to a position are published.
func forgetTraced(from source, position int64) {
	if tail, remembers := from.(tracedTail); remembers && tracing.On() {
		tail.ForgetTraced(position)
	}
}
