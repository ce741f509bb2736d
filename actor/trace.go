package actor

import (
	"slices"

	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// turnSpans are the spans of a turn: one in each trace that one of its commands is part of. Its methods take nil, which
// is a turn that no one traces.
type turnSpans struct {
	spans []*tracing.Span
	of    []int // by command: its span, from 1; 0 for none
}

// traceTurn begins the spans of a turn with commands.
func traceTurn(kind string, commands []contract.Command) *turnSpans {
	if !tracing.On() {
		return nil
	}
	t := &turnSpans{of: make([]int, len(commands))}
	var parents []string
	for i := range commands {
		parent := commands[i].Origin.Trace
		if n := slices.Index(parents, parent); n >= 0 {
			t.of[i] = n + 1
			continue
		}
		span := tracing.Actor.Under(parent, kind+"/"+contract.MethodExecute, tracing.Serving)
		if span == nil || len(parents) == contract.MaxTraced {
			continue
		}
		span.Text(tracing.RPCSystem, tracing.Dapr)
		span.Text(tracing.RPCMethod, span.Name())
		span.Number(tracing.Commands, len(commands))
		parents, t.spans = append(parents, parent), append(t.spans, span)
		t.of[i] = len(t.spans)
	}
	if len(t.spans) == 0 {
		return nil
	}
	return t
}

// end ends the turn with what became of its commands.
func (t *turnSpans) end(outcomes []contract.Outcome) {
	if t == nil {
		return
	}
	for i, o := range outcomes {
		if n := t.of[i]; n > 0 && tracing.Failed(o) {
			t.spans[n-1].Fail(string(o.Status))
		}
	}
	for _, span := range t.spans {
		span.End()
	}
}

// decide begins the decision on a command.
func (t *turnSpans) decide(i int, c contract.Command) *tracing.Span {
	if t == nil || t.of[i] == 0 {
		return nil
	}
	span := tracing.Actor.Within(t.spans[t.of[i]-1], "decide", tracing.Internal)
	span.Text(tracing.Command, c.Type)
	return span
}

// decided ends the decision on a command.
func decided(span *tracing.Span, o contract.Outcome, err error) {
	if span == nil {
		return
	}
	if err != nil {
		span.Fail("undecided")
	} else {
		tracing.Note(span, o)
	}
	span.End()
}

// appendSpans are those of an append, by the spans of the turn.
type appendSpans []*tracing.Span

// extent is where the records of a command are in an append, from its first.
type extent struct{ first, last int }

// append begins the append of what commands became, and notes in it which of its records are traced.
func (t *turnSpans) append(a *contract.Append, places map[int]extent) appendSpans {
	if t == nil {
		return nil
	}
	spans, of := make(appendSpans, len(t.spans)), make([]extent, len(t.spans))
	for command, at := range places {
		n := t.of[command] - 1
		switch {
		case n < 0:
		case spans[n] == nil:
			spans[n] = tracing.Actor.Within(t.spans[n], contract.AppEventSource+"/"+contract.MethodAppend, tracing.Calling)
			spans[n].Text(tracing.RPCSystem, tracing.Dapr)
			spans[n].Text(tracing.RPCMethod, spans[n].Name())
			of[n] = at
		default:
			of[n] = extent{min(of[n].first, at.first), max(of[n].last, at.last)}
		}
	}
	for n, span := range spans {
		if span != nil {
			a.Traced = append(a.Traced,
				contract.Traced{First: int64(of[n].first), Last: int64(of[n].last), Trace: span.Parent()})
		}
	}
	return spans
}

// end ends an append with its result.
func (s appendSpans) end(result contract.AppendResult, err error) {
	for _, span := range s {
		tracing.EndAppend(span, result, err)
	}
}

// places are where the records of commands are in an append to one stream.
func (d *decision) places() map[int]extent {
	if d.spans == nil {
		return nil
	}
	places := make(map[int]extent, len(d.outcomes))
	for i, o := range d.outcomes {
		if o.Status == contract.Applied {
			at := int(o.Record.Version - d.base - 1)
			places[i] = extent{at, at}
		}
	}
	return places
}

// places are where the records of a group's commands are: all of an append to several streams is one step.
func (d *clearingDecision) places(g *group) map[int]extent {
	if d.spans == nil {
		return nil
	}
	total := 0
	for _, id := range g.accounts {
		total += len(d.on[id].records)
	}
	places := make(map[int]extent, len(g.commands))
	for _, i := range g.commands {
		places[i] = extent{0, total - 1}
	}
	return places
}
