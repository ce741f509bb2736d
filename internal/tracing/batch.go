package tracing

import (
	"slices"

	"corebank/internal/contract"
)

// Publish begins the publishing of a batch, in each of the traces that its records
// are part of. The batch says then which spans its consumers belong to. begun are
// those of an attempt that failed: they go on.
func Publish(batch *contract.Batch, traced []contract.Traced, begun Messages) Messages {
	batch.Traced = nil
	for _, t := range traced {
		if begun.has(t) {
			continue
		}
		if span := messageSpan(EventSource, t.Trace, "publish", "send", Sending); span != nil {
			begun = append(begun, message{traced: t, span: span})
		}
	}
	for i := range begun {
		one := &begun[i]
		one.records, one.attempts = len(batch.Records), one.attempts+1
		batch.Traced = append(batch.Traced,
			contract.Traced{First: one.traced.First, Last: one.traced.Last, Trace: one.span.Parent()})
	}
	return begun
}

// Take begins what an app does with those of a batch's traced records that come
// after a position.
func (c Scope) Take(batch *contract.Batch, name string, after int64) Messages {
	if len(batch.Traced) == 0 || !On() {
		return nil
	}
	var m Messages
	for _, t := range known(batch.Traced) {
		if t.Last <= after {
			continue
		}
		if span := messageSpan(c, t.Trace, name, "process", Taking); span != nil {
			m = append(m, message{traced: t, span: span, records: len(batch.Records), attempts: 1})
		}
	}
	return m
}

// Of is the span that a record of a batch belongs to, for work that follows from
// it; "" for none.
func Of(traced []contract.Traced, position int64) string {
	if len(traced) == 0 || !On() {
		return ""
	}
	for _, t := range known(traced) {
		if t.First <= position && position <= t.Last {
			if _, ok := parseParent(t.Trace); ok {
				return t.Trace
			}
		}
	}
	return ""
}

// known are as many as an app believes that there are.
func known(traced []contract.Traced) []contract.Traced {
	return traced[:min(len(traced), contract.MaxTraced)]
}

func messageSpan(c Scope, parent, name, kind string, side Kind) *Span {
	span := c.Under(parent, name+" "+contract.Topic, side)
	span.Text(MessagingSystem, Dapr)
	span.Text(MessagingName, name)
	span.Text(MessagingType, kind)
	span.Text(MessagingTo, contract.Topic)
	return span
}

// Messages are the spans of one batch.
type Messages []message

type message struct {
	traced    contract.Traced
	span      *Span
	records   int // of the batch
	attempts  int
	delivered int
}

// has reports whether the span of what is traced has begun.
func (m Messages) has(traced contract.Traced) bool {
	return slices.ContainsFunc(m, func(one message) bool { return one.traced == traced })
}

// Deliver notes that the record at a position goes to so many.
func (m Messages) Deliver(position int64, subscribers int) {
	for i := range m {
		if m[i].traced.First <= position && position <= m[i].traced.Last {
			m[i].delivered += subscribers
		}
	}
}

// End ends the spans of records up to a position, or all of them as failed.
func (m Messages) End(position int64, err error) {
	for _, one := range m {
		if err != nil {
			one.span.Fail("failed")
		}
		if err != nil || one.traced.Last <= position {
			one.end()
		}
	}
}

// EndDelivered ends the spans of records that went to somebody.
func (m Messages) EndDelivered() {
	for _, one := range m {
		if one.delivered > 0 {
			one.span.Number(Subscribers, one.delivered)
			one.end()
		}
	}
}

func (m message) end() {
	m.span.Number(MessagingBatchSize, m.records)
	m.span.Attempts(m.attempts)
	m.span.End()
}
