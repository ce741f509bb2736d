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
	"corebank/graph/input"
)

// operations is the guard as an extension of gqlgen's executor, for every
// operation over every transport.
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
	o.costs = fieldCostsOf(schema.Schema(), graph.Costs())
	return nil
}

// MutateOperationParameters checks a request before it is parsed.
func (o *operations) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	if !visited(ctx) { // of a websocket: the middleware saw one request for all of them
		if wait := o.addresses.take(addressOf(ctx), requestCost); wait > 0 {
			return tooFast(scattered(wait))
		}
	}
	if wait := o.principals.take(o.payer(ctx), requestCost); wait > 0 {
		return o.slowDown(ctx, wait)
	}
	if refused := o.limits.checkVariables(request.Variables); refused != nil {
		return refused
	}
	if refused := o.config.Trusted.fill(request, o.config.TrustedOnly); refused != nil {
		return refused
	}
	text, refused := input.PlainEscapes(request.Query)
	if refused != nil {
		return refused
	}
	if refused := o.check(ctx, text); refused != nil {
		return refused
	}
	if refused := o.automaticDocument(ctx, request); refused != nil {
		return refused
	}
	request.Query, refused = input.PlainEscapes(request.Query) // after the hash of what was sent
	return refused
}

// check checks a document, unless it was parsed before.
func (o *operations) check(ctx context.Context, text string) *gqlerror.Error {
	if _, known := o.parsed.Get(ctx, text); known || text == "" {
		return nil
	}
	return o.limits.checkDocument(text, o.introspection())
}

// automaticDocument sets the text of an automatically persisted query, or stores
// it. Only documents that passed the check are stored.
func (o *operations) automaticDocument(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	hash, named := hashOf(request)
	if !named || o.config.Trusted.has(hash) {
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
		return refuse(CodeBadHash, "extensions.persistedQuery.sha256Hash is not the SHA-256 of the query; "+
			"send the 64 hexadecimal digits of exactly this text.")
	default:
		return refuse(CodeBadRequest,
			"extensions.persistedQuery must be {version: 1, sha256Hash: the SHA-256 of the query in hexadecimal}.")
	}
}

// MutateOperationContext charges the cost of a valid operation to its caller.
func (o *operations) MutateOperationContext(ctx context.Context,
	operation *graphql.OperationContext) *gqlerror.Error {
	cost := o.costs.selection(operation.Operation.SelectionSet, operation.Variables)
	if cost > o.limits.Cost {
		return exceeds("cost", o.limits.Cost, cost, "points of cost",
			"Ask for shorter pages, or for fewer fields of each line.")
	}
	rest := cost - requestCost
	if wait := o.principals.take(o.payer(ctx), rest); wait > 0 {
		return o.slowDown(ctx, wait)
	}
	if wait := o.addresses.take(addressOf(ctx), rest); wait > 0 {
		return o.slowDown(ctx, wait)
	}
	return nil
}

// payer is who a request counts for: its caller, or for anonymous ones their
// address, so that they do not pay for each other.
func (g *Guard) payer(ctx context.Context) string {
	if caller := g.config.Caller(ctx); caller != "" {
		return caller
	}
	return "\x00" + addressOf(ctx)
}

// slowDown refuses an operation that exceeds a rate, and sets the status of the
// response.
func (o *operations) slowDown(ctx context.Context, wait time.Duration) *gqlerror.Error {
	wait = scattered(wait)
	setStatus(ctx, wait)
	return tooFast(wait)
}

// InterceptOperation bounds the time of a query or a mutation. A subscription
// lasts until its client ends it.
func (o *operations) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	timeout := o.limits.QueryTime
	switch graphql.GetOperationContext(ctx).Operation.Operation {
	case ast.Subscription:
		return next(ctx)
	case ast.Mutation:
		timeout = o.limits.MutationTime
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	answer := o.schema.answer(ctx, next)
	return func(ctx context.Context) *graphql.Response {
		defer cancel()
		return answer(ctx)
	}
}

// InterceptResponse bounds the errors of an answer in number and length: a
// request must not be able to have its own text repeated at length.
func (o *operations) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if answer == nil {
		return nil
	}
	maxErrors := o.limits.Errors
	if len(answer.Data) == 0 {
		maxErrors = o.limits.RequestErrors
	}
	answer.Errors = answer.Errors[:min(len(answer.Errors), maxErrors)]
	for _, e := range answer.Errors {
		e.Message = shortened(e.Message, o.limits.Message)
		if e.Extensions["code"] == nil {
			errcode.Set(e, codeOf(e))
		}
	}
	return answer
}

// codeOf is the code of an error of the executor that has none: with a path, an
// answer violated the schema; otherwise, the request is malformed.
func codeOf(e *gqlerror.Error) string {
	if len(e.Path) > 0 {
		return codeInternal
	}
	return CodeBadRequest
}

// shortened cuts a text to at most maxBytes, between two runes.
func shortened(text string, maxBytes int) string {
	const more = "…"
	if len(text) <= maxBytes {
		return text
	}
	end := maxBytes - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}
