package graph

import (
	"context"
	"errors"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"corebank/graph/scalar"
)

// The codes of top-level errors, in extensions.code.
const (
	// CodeBadInput: an argument is out of its bounds. Correct it.
	CodeBadInput = "BAD_USER_INPUT"
	// CodeUnauthenticated: nobody is signed in, or the token is not taken. Sign
	// in, and send a token.
	CodeUnauthenticated = "UNAUTHENTICATED"
	// CodeForbidden: none of the caller's roles may do this.
	CodeForbidden = "FORBIDDEN"
	// CodeNotYetVisible: the version that was waited for is accepted or not,
	// but not visible yet. Ask again.
	CodeNotYetVisible = "NOT_YET_VISIBLE"
	// CodeUnavailable: nothing happened. Send the same request again.
	CodeUnavailable = "UNAVAILABLE"
	// CodeUnknownOutcome: it may or may not have happened. Send the same
	// request again, with the same key, to learn it.
	CodeUnknownOutcome = "UNKNOWN_OUTCOME"
	// CodeLagged: the subscriber was too slow. Subscribe again after the last
	// cursor.
	CodeLagged = "LAGGED"
	// CodeTooLarge: the answer holds a number beyond the 32 bits of an Int.
	CodeTooLarge = "NUMBER_TOO_LARGE"
	// CodeTimeout: the answer was not there in time. A query may be sent again; of
	// a mutation CodeUnknownOutcome says what to do.
	CodeTimeout = "TIMEOUT"
	// CodeInternal: a fault of ours, logged under the id in extensions.id.
	CodeInternal = "INTERNAL"
)

// Fault is an error that clients may read as it is.
type Fault struct {
	Code       string
	Message    string
	Retryable  bool
	Extensions map[string]any
}

// Error is the message.
func (f *Fault) Error() string { return f.Message }

func badInput(message string) error { return &Fault{Code: CodeBadInput, Message: message} }

// Present is the GraphQL form of an error. Faults and the errors of parsing,
// validation and arguments are shown as they are; of anything else clients
// learn only that it happened, and hidden receives it.
func Present(ctx context.Context, err error, hidden func(context.Context, error) (id string)) *gqlerror.Error {
	shown := *graphql.DefaultErrorPresenter(ctx, err) // a copy: what is hidden keeps its own words
	var fault *Fault
	var ours *gqlerror.Error
	switch {
	case errors.As(err, &fault):
		shown.Message = fault.Message
		shown.Extensions = map[string]any{"code": fault.Code, "retryable": fault.Retryable}
		maps.Copy(shown.Extensions, fault.Extensions)
	case errors.Is(err, scalar.ErrTooLarge):
		shown.Message = "A number of the answer does not fit into the 32 bits of an Int; it is left out."
		shown.Extensions = map[string]any{"code": CodeTooLarge, "retryable": false}
	case errors.As(err, &ours) && errors.Unwrap(ours) == nil:
		// Made by the executor: syntax, validation, limits.
	case len(shown.Path) > len(graphql.GetPath(ctx)):
		// It happened below the field that is being resolved, on the way in: a
		// scalar refused the text of an argument.
		shown.Extensions = map[string]any{"code": CodeBadInput, "retryable": false}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		// Stores and sidecars have their own words for it.
		shown.Message = "The answer took too long; ask for less, or later."
		shown.Extensions = map[string]any{"code": CodeTimeout, "retryable": true}
	default:
		shown.Message = "An internal error happened. It was logged; tell the operator its id."
		shown.Extensions = map[string]any{"code": CodeInternal, "retryable": false, "id": hidden(ctx, err)}
	}
	return &shown
}
