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
	// proofHeader has what a caller may call a Proven method with. Dapr hands
	// it on from sidecar to sidecar.
	proofHeader = "corebank-proof"
)

// SameToken compares a token with the one that is wanted, in a time that does
// not tell how much of it is right. None is wanted: none is the same.
func SameToken(given, want string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(want))
	return want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// hasToken reports whether the header of a call has the token.
func hasToken(ctx context.Context, header, want string) bool {
	values := metadata.ValueFromIncomingContext(ctx, header)
	return len(values) == 1 && SameToken(values[0], want)
}

// Proven is a method for those who prove that they may call it. Without a token,
// it is the method for everybody.
func Proven(token string, method Method) Method {
	if token == "" {
		return method
	}
	return func(ctx context.Context, data []byte) ([]byte, error) {
		if !hasToken(ctx, proofHeader, token) {
			return nil, status.Error(codes.PermissionDenied, "this method is not for the caller")
		}
		return method(ctx, data)
	}
}

// Prove has calls under ctx prove that they may call a Proven method.
func Prove(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, proofHeader, token)
}

// open are the calls that a sidecar makes without the token. They tell what the
// app wants to hear of, which is nothing.
var open = []string{runtimepb.AppCallback_ListTopicSubscriptions_FullMethodName, runtimepb.AppCallback_ListInputBindings_FullMethodName}

// onlyWith refuses all calls without the token of the sidecar. Without a token,
// it lets all in.
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
		grpc.ChainUnaryInterceptor(func(ctx context.Context, request any, call *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := check(ctx); err != nil && !slices.Contains(open, call.FullMethod) {
				return nil, err
			}
			return next(ctx, request)
		}),
		grpc.ChainStreamInterceptor(func(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := check(stream.Context()); err != nil {
				return err
			}
			return next(server, stream)
		}),
	}
}
