package tracing

import (
	"context"
	"encoding/hex"
	"math/rand/v2"

	"corebank/internal/contract"
)

// maxRequestID bounds a request id that a client chooses.
const maxRequestID = 64

// ValidRequestID reports whether a client may choose this id of a request: it
// goes into logs and to the other apps.
func ValidRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-' || c == '_' || c == '.' || c == ':' || c == '=' || c == '/' || c == '+':
		default:
			return false
		}
	}
	return true
}

// NewRequestID is a fresh id, in the form of a trace id.
func NewRequestID() string {
	id := newTraceID()
	return hex.EncodeToString(id[:])
}

// random fills an id. Ids need to differ, not to be secret.
func random(id []byte) {
	for len(id) > 0 {
		n := rand.Uint64()
		for i := range min(8, len(id)) {
			id[i] = byte(n >> (8 * i))
		}
		id = id[min(8, len(id)):]
	}
}

type requestKey struct{}

// WithRequest is a context of a request.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf is the id of the request that a context belongs to; "" for none.
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// OriginOf is what a command of a context comes of.
func OriginOf(ctx context.Context) contract.Origin {
	return contract.Origin{Trace: SpanOf(ctx).Parent(), Request: RequestOf(ctx)}
}

type originsKey struct{}

// Origins yields what the commands of a shared call come of.
type Origins func(yield func(contract.Origin) bool)

// WithOrigins is a context of several requests: its lines in the log name them.
func WithOrigins(ctx context.Context, of Origins) context.Context {
	return context.WithValue(ctx, originsKey{}, of)
}
