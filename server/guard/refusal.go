package guard

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes of the guard's refusals, in extensions.code.
const (
	// CodeLimit: the request exceeds a limit; extensions.limit names it,
	// extensions.most is its maximum and extensions.asked the request's value.
	CodeLimit = "REQUEST_LIMIT_EXCEEDED"
	// CodeRateLimited: the caller exceeded its rate. Send the same request again
	// after extensions.retryAfter seconds.
	CodeRateLimited = "RATE_LIMITED"
	// CodeIntrospection: introspection is disabled.
	CodeIntrospection = "INTROSPECTION_DISABLED"
	// CodeNotTrusted: this gateway accepts only registered documents.
	CodeNotTrusted = "DOCUMENT_NOT_TRUSTED"
	// CodeNotFound: no document has this hash. Send it with its text.
	CodeNotFound = "PERSISTED_QUERY_NOT_FOUND"
	// CodeBadHash: the hash of the text differs from the one sent with it.
	CodeBadHash = "PERSISTED_QUERY_MISMATCH"
	// CodeBadRequest: the body is not a GraphQL request.
	CodeBadRequest = "BAD_REQUEST"
	// CodeSlowBody: the body did not arrive in time.
	CodeSlowBody = "REQUEST_TIMEOUT"
	// CodeCrossOrigin: a page of another site sent the request.
	CodeCrossOrigin = "CROSS_ORIGIN_FORBIDDEN"
	// CodeHost: the Host header names another server.
	CodeHost = "UNKNOWN_HOST"
	// codeInternal has the value of graph.CodeInternal.
	codeInternal = "INTERNAL"
)

// Codes are all of the guard's own.
func Codes() []string {
	return []string{CodeLimit, CodeRateLimited, CodeIntrospection, CodeNotTrusted, CodeNotFound, CodeBadHash,
		CodeBadRequest, CodeSlowBody, CodeCrossOrigin, CodeHost}
}

// refuse makes an error that clients see unchanged.
func refuse(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code, "retryable": false}}
}

// exceeds is the refusal of a request whose value exceeds the maximum of a
// limit. It says what to do.
func exceeds(limit string, maximum, value int, unit, remedy string) *gqlerror.Error {
	e := refuse(CodeLimit,
		fmt.Sprintf("The request has %d %s; at most %d are allowed. %s", value, unit, maximum, remedy))
	e.Extensions["limit"], e.Extensions["most"], e.Extensions["asked"] = limit, maximum, value
	return e
}

// scattered adds a random time to a wait, up to as much again and two seconds: callers
// that were refused together must not come back together.
func scattered(wait time.Duration) time.Duration {
	return wait + rand.N(min(wait, maxSpread)+2*time.Second)
}

// maxSpread bounds what scattered adds.
const maxSpread = 30 * time.Second

// tooFast is the refusal of a request that exceeds a rate. It says when to retry.
func tooFast(wait time.Duration) *gqlerror.Error {
	seconds := retrySeconds(wait)
	e := refuse(CodeRateLimited, fmt.Sprintf("Too many requests; send this one again after %d s.", seconds))
	e.Extensions["retryable"], e.Extensions["retryAfter"] = true, seconds
	return e
}

// retrySeconds rounds up, so that a client that waits as long as it says is not
// refused again.
func retrySeconds(wait time.Duration) int { return max(1, int(math.Ceil(wait.Seconds()))) }
