package app_test

import (
	"context"
	"net"
	"strings"
	"testing"

	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/grpc"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// quietSidecar answers what a health check asks.
type quietSidecar struct {
	runtimepb.UnimplementedDaprServer
}

func (quietSidecar) GetMetadata(
	context.Context, *runtimepb.GetMetadataRequest,
) (*runtimepb.GetMetadataResponse, error) {
	return &runtimepb.GetMetadataResponse{Id: "eventsource"}, nil
}

// TestAnAppIsReadyWithItsSidecarOnly: first without one, as when the app is started
// before it; then with one; then again without.
func TestAnAppIsReadyWithItsSidecarOnly(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := lis.Addr().String()
	lis.Close()
	t.Setenv("DAPR_GRPC_ENDPOINT", address)
	sidecar, err := app.DialSidecar()
	if err != nil {
		t.Fatal(err)
	}
	defer sidecar.Close()
	own := contract.Readiness{Ready: true}
	ready := sidecar.AlsoReady(func(context.Context) contract.Readiness { return own })
	away := func() {
		t.Helper()
		if got := ready(t.Context()); got.Ready || !strings.Contains(got.Reason, "the sidecar does not answer") {
			t.Errorf("without a sidecar: %+v", got)
		}
	}
	away()
	if lis, err = net.Listen("tcp", address); err != nil {
		t.Skip("another program has taken the port: ", err)
	}
	server := grpc.NewServer()
	runtimepb.RegisterDaprServer(server, quietSidecar{})
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(lis) }()
	if got := ready(t.Context()); !got.Ready {
		t.Errorf("with its sidecar: %+v", got)
	}
	own = contract.Readiness{Reason: "the log is fenced"}
	if got := ready(t.Context()); got != own {
		t.Errorf("its own reason is hidden: %+v", got)
	}
	own = contract.Readiness{ReadOnly: true, Reason: "the disk is nearly full"}
	if got := ready(t.Context()); got != own {
		t.Errorf("an app that answers queries only: %+v", got)
	}
	own = contract.Readiness{Ready: true}
	server.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	away()
}
