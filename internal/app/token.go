package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Headers with tokens.
const (
	// tokenHeader has the token of the sidecar in a call of its app, and that
	// of the app in a call of its sidecar.
	tokenHeader = "dapr-api-token"
	// proofHeader has the token for calling a Proven method. Dapr passes it on
	// from sidecar to sidecar.
	proofHeader = "corebank-proof"
)

// SameToken compares a token with the wanted one, in a time that does not reveal
// how much of it is right. If no token is wanted, none is the same.
func SameToken(given, want string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(want))
	return want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// hasToken reports whether the header of a call has the token.
func hasToken(ctx context.Context, header, want string) bool {
	values := metadata.ValueFromIncomingContext(ctx, header)
	return len(values) == 1 && SameToken(values[0], want)
}

// Proven is a method for callers with the token. Without a token, it is the method
// for every caller.
func Proven(token string, method Method) Method {
	if token == "" {
		return method
	}
	return func(ctx context.Context, data []byte) ([]byte, error) {
		if !hasToken(ctx, proofHeader, token) {
			return nil, status.Error(codes.PermissionDenied, "the caller may not call this method")
		}
		return method(ctx, data)
	}
}

// Prove adds the token for a Proven method to the calls under ctx.
func Prove(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, proofHeader, token)
}

// open are the calls that a sidecar makes without the token. They ask for the
// subscriptions of the app, which has none.
var open = []string{runtimepb.AppCallback_ListTopicSubscriptions_FullMethodName,
	runtimepb.AppCallback_ListInputBindings_FullMethodName}

// onlyWith refuses all calls without the token of the sidecar. Without a token, it
// accepts all calls.
func onlyWith(token string) []grpc.ServerOption {
	if token == "" {
		return nil
	}
	check := func(ctx context.Context) error {
		if !hasToken(ctx, tokenHeader, token) {
			return status.Error(codes.Unauthenticated, "only this app's sidecar may call it")
		}
		return nil
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(
			ctx context.Context, request any, call *grpc.UnaryServerInfo, next grpc.UnaryHandler,
		) (any, error) {
			if err := check(ctx); err != nil && !slices.Contains(open, call.FullMethod) {
				return nil, err
			}
			return next(ctx, request)
		}),
		grpc.ChainStreamInterceptor(func(
			server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler,
		) error {
			if err := check(stream.Context()); err != nil {
				return err
			}
			return next(server, stream)
		}),
	}
}
