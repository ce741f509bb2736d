package guard

import (
	"fmt"
	"math"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes of what the guard refuses, in extensions.code.
const (
	// CodeLimit: a limit of the request is exceeded; extensions.limit names it,
	// extensions.most is what it allows and extensions.asked what was sent.
	CodeLimit = "REQUEST_LIMIT_EXCEEDED"
	// CodeRateLimited: too much was asked for in too short a time. Send the same
	// request again after extensions.retryAfter seconds.
	CodeRateLimited = "RATE_LIMITED"
	// CodeIntrospection: this gateway does not tell its schema.
	CodeIntrospection = "INTROSPECTION_DISABLED"
	// CodeNotTrusted: this gateway takes registered documents only.
	CodeNotTrusted = "DOCUMENT_NOT_TRUSTED"
	// CodeNotFound: no document has this hash. Send it with its text.
	CodeNotFound = "PERSISTED_QUERY_NOT_FOUND"
	// CodeBadHash: the text has another hash than the one sent with it.
	CodeBadHash = "PERSISTED_QUERY_MISMATCH"
	// CodeBadRequest: the body is not one GraphQL request.
	CodeBadRequest = "BAD_REQUEST"
	// CodeSlowBody: the body did not arrive in time.
	CodeSlowBody = "REQUEST_TIMEOUT"
	// CodeCrossOrigin: a page of another site sent it.
	CodeCrossOrigin = "CROSS_ORIGIN_FORBIDDEN"
	// CodeHost: the Host header names another server.
	CodeHost = "UNKNOWN_HOST"
	// codeInternal is graph.CodeInternal, which this package does not know.
	codeInternal = "INTERNAL"
)

// refuse is an error that clients read as it is.
func refuse(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code, "retryable": false}}
}

// exceeds says which limit, how much it allows, what was asked and what to do.
func exceeds(limit string, most, asked int, unit, remedy string) *gqlerror.Error {
	e := refuse(CodeLimit, fmt.Sprintf("The request has %d %s; at most %d are allowed. %s", asked, unit, most, remedy))
	e.Extensions["limit"], e.Extensions["most"], e.Extensions["asked"] = limit, most, asked
	return e
}

// tooFast tells when to come again.
func tooFast(wait time.Duration) *gqlerror.Error {
	seconds := retrySeconds(wait)
	e := refuse(CodeRateLimited, fmt.Sprintf("Too many requests; send this one again after %d s.", seconds))
	e.Extensions["retryable"], e.Extensions["retryAfter"] = true, seconds
	return e
}

// retrySeconds rounds up, so that who waits as long as told is not told again.
func retrySeconds(wait time.Duration) int { return max(1, int(math.Ceil(wait.Seconds()))) }
