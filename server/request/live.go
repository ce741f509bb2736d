package request

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
)

// Live is a subscription whose backfill is complete. No goroutine runs for it: it
// notifies its transport when answers wait, which then takes them one at a time.
// The transport has to leave it.
type Live struct {
	ctx          context.Context // of the operation
	exec         graphql.GraphExecutor
	operation    *graphql.OperationContext
	source       *graph.SubscriptionSource
	next         graphql.ResponseHandler
	subscription graph.Subscription
	selection    graph.Selection
}

// subscribe yields the earlier events. It returns nil if the subscription ends
// with them.
func (l *Live) subscribe(notify func(), yield func(*graphql.Response)) *Live {
	failed := false
	subscription, err := l.source.Subscribe(l.ctx, func(item graph.FeedItem) bool {
		response := l.answer(item)
		if response == nil {
			return false
		}
		yield(response)
		failed = response.Data == nil
		return !failed
	}, notify)
	if err != nil {
		if !failed && l.ctx.Err() == nil {
			yield(l.ended(err))
		}
		return nil
	}
	l.subscription = subscription
	l.selection = graph.SelectionOf(l.ctx, l.operation)
	// The rest of the request is not needed any more; this frees its memory.
	l.operation.RawQuery, l.operation.Headers, l.operation.Extensions = "", nil, nil
	return l
}

// answer is the executor's answer to one event; nil when ctx has ended.
func (l *Live) answer(item graph.FeedItem) *graphql.Response {
	if l.ctx.Err() != nil {
		return nil
	}
	l.source.Put(item)
	return l.next(l.ctx)
}

func (l *Live) ended(err error) *graphql.Response {
	return Refused(l.ctx, l.exec, &graphql.Response{Errors: gqlerror.List{l.source.Present(l.ctx, err)}})
}

// Leave ends the subscription.
func (l *Live) Leave() { l.subscription.Leave() }

// Take returns the next answer as JSON. The bytes may be shared with other
// subscriptions and must not be changed. text is nil when no answer waits. When
// the stream ends, last is not nil: it has no data, only the errors that the
// stream ends with. After the end of the operation's context, both are nil.
func (l *Live) Take() (text []byte, last *graphql.Response) {
	defer func() {
		if reason := recover(); reason != nil {
			text, last = nil, panicResponse(l.ctx, l.exec, l.operation, reason)
		}
	}()
	item, ok, err := l.subscription.Take()
	switch {
	case err != nil:
		return nil, l.ended(err)
	case !ok:
		return nil, nil
	case item.Encoding == nil || l.selection == graph.Selection{}:
		return l.encode(l.answer(item))
	}
	var own []byte
	text = item.Encoding.Bytes(l.selection, func() []byte {
		response := l.answer(item)
		if own, last = l.encode(response); response != nil && len(response.Errors) > 0 {
			return nil // the error may not occur for another subscription
		}
		return own
	})
	if text == nil {
		text = own
	}
	return text, last
}

// encode writes an answer as JSON. The last answer has no text.
func (l *Live) encode(response *graphql.Response) (text []byte, last *graphql.Response) {
	if response == nil {
		return nil, nil
	}
	if response.Data == nil {
		return nil, response
	}
	text, err := json.Marshal(response)
	if err != nil { // only an extension of a resolver can cause that
		return nil, l.ended(err)
	}
	return text, nil
}
