package graph

import (
	"context"
	"errors"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph/scalar"
)

// The codes of top-level errors, in extensions.code.
const (
	// CodeBadInput: an argument is out of bounds. Correct it.
	CodeBadInput = "BAD_USER_INPUT"
	// CodeUnauthenticated: the request has no token, or the token is not accepted.
	// Sign in, and send a token.
	CodeUnauthenticated = "UNAUTHENTICATED"
	// CodeForbidden: none of the caller's roles may do this.
	CodeForbidden = "FORBIDDEN"
	// CodeNotFound: no object that the caller may see has this id.
	CodeNotFound = "NOT_FOUND"
	// CodeNotYetVisible: the views do not show the requested version yet. Send the
	// query again.
	CodeNotYetVisible = "NOT_YET_VISIBLE"
	// CodeUnavailable: nothing happened, or what was asked for cannot be read now.
	// Send the same request again.
	CodeUnavailable = "UNAVAILABLE"
	// CodeUnknownOutcome: it may or may not have happened. Send the same
	// request again, with the same key, to find out.
	CodeUnknownOutcome = "UNKNOWN_OUTCOME"
	// CodeLagged: the subscriber was too slow. Subscribe again after the last
	// cursor.
	CodeLagged = "LAGGED"
	// CodeCursorInvalid: the log does not have what the cursor names: it is beyond the
	// end, or of another log or past. Begin anew without it.
	CodeCursorInvalid = "CURSOR_INVALID"
	// CodeTooLarge: the answer has a number that exceeds 53 bits.
	CodeTooLarge = "NUMBER_TOO_LARGE"
	// CodeTimeout: the answer was not ready in time. A query may be sent again; for
	// a mutation, do as for CodeUnknownOutcome.
	CodeTimeout = "TIMEOUT"
	// CodeInternal: a fault of the bank, logged under the id in extensions.id.
	CodeInternal = "INTERNAL"
)

// ErrorCodes are all of them.
func ErrorCodes() []string {
	return []string{CodeBadInput, CodeUnauthenticated, CodeForbidden, CodeNotFound, CodeNotYetVisible,
		CodeUnavailable, CodeUnknownOutcome, CodeLagged, CodeCursorInvalid, CodeTooLarge, CodeTimeout, CodeInternal}
}

// Fault is an error that clients see unchanged.
type Fault struct {
	Code       string
	Message    string
	Retryable  bool
	Extensions map[string]any
}

// Error is the message.
func (f *Fault) Error() string { return f.Message }

func badInput(message string) error { return &Fault{Code: CodeBadInput, Message: message} }

// Present is the GraphQL form of an error. Clients see faults and the errors of
// parsing, validation and arguments unchanged. Any other error is passed to
// hidden, and clients see only that it happened.
func Present(ctx context.Context, err error, hidden func(context.Context, error) (id string)) *gqlerror.Error {
	shown := *graphql.DefaultErrorPresenter(ctx, err) // a copy, so that the hidden error keeps its own text
	var fault *Fault
	var ours *gqlerror.Error
	var gone *awayError
	switch {
	case errors.As(err, &fault):
		shown.Message = fault.Message
		shown.Extensions = map[string]any{"code": fault.Code, "retryable": fault.Retryable}
		maps.Copy(shown.Extensions, fault.Extensions)
		if fault.Code == CodeBadInput {
			placeInputFault(ctx, &shown)
		}
	case errors.Is(err, scalar.ErrTooLarge):
		shown.Message = "A number in the answer does not fit into 53 bits; it is left out."
		shown.Extensions = map[string]any{"code": CodeTooLarge, "retryable": false}
	case errors.As(err, &ours) && errors.Unwrap(ours) == nil:
		// Made by the executor: syntax, validation, limits.
		placeRequestError(ctx, &shown)
	case len(shown.Path) > len(graphql.GetPath(ctx)):
		// The path is below the field that is being resolved: a scalar refused the
		// text of an argument.
		shown.Extensions = map[string]any{"code": CodeBadInput, "retryable": false}
		placeArgumentError(ctx, &shown)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		// Stores and sidecars each have their own text for it.
		shown.Message = "The answer took too long; ask for less, or try later."
		shown.Extensions = map[string]any{"code": CodeTimeout, "retryable": true}
	case errors.As(err, &gone):
		shown.Message = gone.part + " cannot be read now. " + whenAway(ctx, shown.Path)
		shown.Extensions = map[string]any{"code": CodeUnavailable, "retryable": true, "id": hidden(ctx, err)}
	default:
		shown.Message = "An internal error happened. It was logged; tell the operator its id."
		shown.Extensions = map[string]any{"code": CodeInternal, "retryable": false, "id": hidden(ctx, err)}
	}
	return &shown
}

// whenAway says what to do about a part of an answer that cannot be read now.
func whenAway(ctx context.Context, path ast.Path) string {
	if len(path) > 1 && isMutation(ctx) {
		return "Only this part of the answer is missing; what the mutation did is done. " +
			"Send the same request again to see the rest."
	}
	return "Nothing happened; send the same request again in a moment."
}

// addPartError notes that a part of an answer is missing.
func addPartError(ctx context.Context, field string, err error) {
	graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithField(field)), err)
}
