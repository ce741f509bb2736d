package guard

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph"
)

// operations is the guard as gqlgen's executor calls it, for every operation
// over every transport.
type operations struct{ *Guard }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
} = (*operations)(nil)

// ExtensionName implements graphql.HandlerExtension.
func (o *operations) ExtensionName() string { return "Guard" }

// Validate implements graphql.HandlerExtension.
func (o *operations) Validate(schema graphql.ExecutableSchema) error {
	o.prices = pricesOf(schema.Schema(), graph.Costs())
	return nil
}

// MutateOperationParameters looks at a request before anything is made of it.
func (o *operations) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	if !visited(ctx) { // a websocket's: the door saw one request for all of them
		if wait := o.addresses.take(addressOf(ctx), requestCost); wait > 0 {
			return tooFast(wait)
		}
	}
	if wait := o.principals.take(o.config.Caller(ctx), requestCost); wait > 0 {
		return o.slowDown(ctx, wait)
	}
	if refused := o.limits.checkVariables(request.Variables); refused != nil {
		return refused
	}
	if refused := o.config.Trusted.fill(request, o.config.TrustedOnly); refused != nil {
		return refused
	}
	if refused := o.check(ctx, request.Query); refused != nil {
		return refused
	}
	if refused := o.remembered(ctx, request); refused != nil {
		return refused
	}
	return nil
}

// check refuses a document that was not answered before.
func (o *operations) check(ctx context.Context, text string) *gqlerror.Error {
	if _, known := o.parsed.Get(ctx, text); known || text == "" {
		return nil
	}
	return o.limits.checkDocument(text, o.introspection())
}

// remembered fills in the text of an automatically persisted query, or keeps
// it. Only documents that passed the check are kept.
func (o *operations) remembered(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	hash, asked := hashOf(request)
	if !asked || o.config.Trusted.has(hash) {
		return nil
	}
	withText := request.Query != ""
	refused := o.automatic.MutateOperationParameters(ctx, request)
	switch {
	case refused == nil:
		return nil
	case refused.Extensions["code"] == CodeNotFound:
		refused.Extensions["retryable"] = true
		return refused
	case withText && hash != "":
		return refuse(CodeBadHash, "extensions.persistedQuery.sha256Hash is not the SHA-256 of the query; send 64 hexadecimal digits of the very text.")
	default:
		return refuse(CodeBadRequest, "extensions.persistedQuery must be {version: 1, sha256Hash: the SHA-256 of the query in hexadecimal}.")
	}
}

// MutateOperationContext takes the cost of a valid operation from its caller.
func (o *operations) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	cost := o.prices.of(operation.Operation.SelectionSet, operation.Variables)
	if cost > o.limits.Cost {
		return exceeds("cost", o.limits.Cost, cost, "points of cost", "Ask for shorter pages, or for fewer fields of each line.")
	}
	rest := cost - requestCost
	if wait := o.principals.take(o.config.Caller(ctx), rest); wait > 0 {
		return o.slowDown(ctx, wait)
	}
	if wait := o.addresses.take(addressOf(ctx), rest); wait > 0 {
		return o.slowDown(ctx, wait)
	}
	return nil
}

// slowDown tells the client, and the door for the status of the answer.
func (o *operations) slowDown(ctx context.Context, wait time.Duration) *gqlerror.Error {
	tellDoor(ctx, wait)
	return tooFast(wait)
}

// InterceptOperation bounds the time of a query or a mutation. A subscription
// lasts as long as its client.
func (o *operations) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	within := o.limits.QueryTime
	switch graphql.GetOperationContext(ctx).Operation.Operation {
	case ast.Subscription:
		return next(ctx)
	case ast.Mutation:
		within = o.limits.MutationTime
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	answer := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		defer cancel()
		return answer(ctx)
	}
}

// InterceptResponse bounds what errors say: the words of a request must not
// come back at length, nor an error for each of them.
func (o *operations) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if answer == nil {
		return nil
	}
	most := o.limits.Errors
	if len(answer.Data) == 0 {
		most = o.limits.RequestErrors
	}
	answer.Errors = answer.Errors[:min(len(answer.Errors), most)]
	for _, e := range answer.Errors {
		e.Message = shortened(e.Message, o.limits.Message)
		if e.Extensions["code"] == nil {
			errcode.Set(e, codeOf(e))
		}
	}
	return answer
}

// codeOf is for the errors of the executor that have no code: those of a field
// say that an answer broke the schema, the others that a request is none.
func codeOf(e *gqlerror.Error) string {
	if len(e.Path) > 0 {
		return codeInternal
	}
	return CodeBadRequest
}

// shortened is a text of at most so many bytes, whole runes of them.
func shortened(text string, most int) string {
	const more = "…"
	if len(text) <= most {
		return text
	}
	end := most - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}
