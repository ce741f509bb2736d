package app_test

import (
	"context"
	"net"
	"testing"

	commonpb "github.com/dapr/dapr/pkg/proto/common/v1"
	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"corebank/internal/app"
)

// vault is an app with one method for everybody and one for those with a proof,
// both behind a sidecar's token.
func vault(t *testing.T, token string) runtimepb.AppCallbackClient {
	t.Helper()
	t.Setenv("APP_API_TOKEN", token)
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := func(context.Context, []byte) ([]byte, error) { return []byte(`"done"`), nil }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- app.ServeMethods(ctx, lis, map[string]app.Method{"look": done, "move": app.Proven("proof", done)})
	}()
	connection, err := grpc.NewClient(lis.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		connection.Close()
	})
	return runtimepb.NewAppCallbackClient(connection)
}

func TestAnAppIsCalledByItsSidecarOnly(t *testing.T) {
	calls := vault(t, "sidecar")
	invoke := func(method string, headers ...string) codes.Code {
		ctx := metadata.AppendToOutgoingContext(t.Context(), headers...)
		_, err := calls.OnInvoke(ctx, &commonpb.InvokeRequest{Method: method,
			HttpExtension: &commonpb.HTTPExtension{Verb: commonpb.HTTPExtension_POST}})
		return status.Code(err)
	}
	const token, proof = "dapr-api-token", "corebank-proof"
	for name, test := range map[string]struct {
		method  string
		headers []string
		want    codes.Code
	}{
		"its sidecar":                         {"look", []string{token, "sidecar"}, codes.OK},
		"no token":                            {"look", nil, codes.Unauthenticated},
		"an empty token":                      {"look", []string{token, ""}, codes.Unauthenticated},
		"a part of the token":                 {"look", []string{token, "side"}, codes.Unauthenticated},
		"two tokens, one of them right":       {"look", []string{token, "x", token, "sidecar"}, codes.Unauthenticated},
		"a proof, but no token":               {"move", []string{proof, "proof"}, codes.Unauthenticated},
		"its sidecar for who has no proof":    {"move", []string{token, "sidecar"}, codes.PermissionDenied},
		"its sidecar for who has another one": {"move", []string{token, "sidecar", proof, "prove"}, codes.PermissionDenied},
		"its sidecar for who has the proof":   {"move", []string{token, "sidecar", proof, "proof"}, codes.OK},
	} {
		if got := invoke(test.method, test.headers...); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	if _, err := calls.OnTopicEvent(t.Context(),
		&runtimepb.TopicEventRequest{}); status.Code(err) != codes.Unauthenticated {
		t.Errorf("what else the app answers is open: %v", err)
	}
	// The sidecar asks this without its token, and complains if it is refused.
	if list, err := calls.ListTopicSubscriptions(t.Context(), &emptypb.Empty{}); err != nil ||
		len(list.GetSubscriptions()) != 0 {
		t.Errorf("what the app subscribes to: %v, %v", list, err)
	}
}

func TestWithoutTokensAnAppIsOpen(t *testing.T) {
	calls := vault(t, "")
	if _, err := calls.OnInvoke(t.Context(),
		&commonpb.InvokeRequest{Method: "look", HttpExtension: &commonpb.HTTPExtension{}}); err != nil {
		t.Error(err)
	}
	if !app.SameToken("a", "a") || app.SameToken("", "") || app.SameToken("a", "b") || app.SameToken("", "b") {
		t.Error("tokens are compared wrongly")
	}
}
