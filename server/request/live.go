package request

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
)

// Live is a subscription that has caught up with what happens. Nothing runs for
// it: it is woken when there are answers, which somebody then has to take, one
// at a time. Whoever gets one has to leave it.
type Live struct {
	ctx          context.Context // of its operation
	exec         graphql.GraphExecutor
	operation    *graphql.OperationContext
	source       *graph.SubscriptionSource
	next         graphql.ResponseHandler
	subscription graph.Subscription
	selection    graph.Selection
}

// follow yields what has happened before, and is nil where that ends it.
func (l *Live) follow(wake func(), yield func(*graphql.Response)) *Live {
	broken := false
	inbox, err := l.source.Subscribe(l.ctx, func(told graph.FeedItem) bool {
		response := l.answer(told)
		if response == nil {
			return false
		}
		yield(response)
		broken = response.Data == nil
		return !broken
	}, wake)
	if err != nil {
		if !broken && l.ctx.Err() == nil {
			yield(l.ended(err))
		}
		return nil
	}
	l.subscription = inbox
	l.selection = graph.SelectionOf(l.operation)
	// What else came with the request is not looked at again.
	l.operation.RawQuery, l.operation.Headers, l.operation.Extensions = "", nil, nil
	return l
}

// answer is the executor's to one event; nil when ctx has ended.
func (l *Live) answer(told graph.FeedItem) *graphql.Response {
	if l.ctx.Err() != nil {
		return nil
	}
	l.source.Put(told)
	return l.next(l.ctx)
}

func (l *Live) ended(err error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{l.source.Present(l.ctx, err)}}
}

// Leave ends it.
func (l *Live) Leave() { l.subscription.Leave() }

// Take is the next answer, written as JSON: others may be given the same bytes,
// to which nobody may write. It is nil when there is none for now, and then last
// is not nil if there will be no other: it has no data, but the errors that the
// stream ends with. When the operation's context has ended, there is nothing.
func (l *Live) Take() (text []byte, last *graphql.Response) {
	defer func() {
		if reason := recover(); reason != nil {
			text, last = nil, broke(l.ctx, l.exec, l.operation, reason)
		}
	}()
	told, ok, err := l.subscription.Take()
	switch {
	case err != nil:
		return nil, l.ended(err)
	case !ok:
		return nil, nil
	case told.Encoding == nil || l.selection == graph.Selection{}:
		response := l.answer(told)
		return l.write(response)
	}
	var own []byte
	text = told.Encoding.Bytes(l.selection, func() []byte {
		response := l.answer(told)
		if own, last = l.write(response); response != nil && len(response.Errors) > 0 {
			return nil // somebody else may fare better
		}
		return own
	})
	if text == nil {
		text = own
	}
	return text, last
}

// write is an answer as JSON. The last has none.
func (l *Live) write(response *graphql.Response) (text []byte, last *graphql.Response) {
	if response == nil {
		return nil, nil
	}
	if response.Data == nil {
		return nil, response
	}
	text, err := json.Marshal(response)
	if err != nil { // only a resolver's extension can do that
		return nil, l.ended(err)
	}
	return text, nil
}
