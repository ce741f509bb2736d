package tracing

import "corebank/internal/contract"

// Publish begins the publishing of a batch, in each of the traces that its records
// are part of. The batch says then which spans its consumers belong to.
func Publish(batch *contract.Batch, traced []contract.Traced) Messages {
	var m Messages
	batch.Traced = nil
	for _, t := range traced {
		span := messageSpan(EventSource, t.Trace, "publish", "send", Sending, batch)
		if span == nil {
			continue
		}
		m = append(m, message{span: span, first: t.First, last: t.Last})
		batch.Traced = append(batch.Traced, contract.Traced{First: t.First, Last: t.Last, Trace: span.Parent()})
	}
	return m
}

// Take begins what an app does with those of a batch's traced records that come
// after a position.
func (c Scope) Take(batch *contract.Batch, name string, after int64) Messages {
	if len(batch.Traced) == 0 || !On() {
		return nil
	}
	var m Messages
	for _, t := range batch.Traced[:min(len(batch.Traced), contract.MaxTraced)] {
		if t.Last <= after {
			continue
		}
		if span := messageSpan(c, t.Trace, name, "process", Taking, batch); span != nil {
			m = append(m, message{span: span, first: t.First, last: t.Last})
		}
	}
	return m
}

func messageSpan(c Scope, parent, name, kind string, side Kind, batch *contract.Batch) *Span {
	span := c.Under(parent, name+" "+contract.Topic, side)
	span.Text(MessagingSystem, Dapr)
	span.Text(MessagingName, name)
	span.Text(MessagingType, kind)
	span.Text(MessagingTo, contract.Topic)
	span.Number(MessagingBatchSize, len(batch.Records))
	return span
}

// Messages are the spans of one batch.
type Messages []message

type message struct {
	span        *Span
	first, last int64
	delivered   int
}

// Deliver notes that the record at a position goes to so many.
func (m Messages) Deliver(position int64, subscribers int) {
	for i := range m {
		if m[i].first <= position && position <= m[i].last {
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
		if err != nil || one.last <= position {
			one.span.End()
		}
	}
}

// EndDelivered ends the spans of records that went to somebody.
func (m Messages) EndDelivered() {
	for _, one := range m {
		if one.delivered > 0 {
			one.span.Number(Subscribers, one.delivered)
			one.span.End()
		}
	}
}
