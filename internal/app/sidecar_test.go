package app_test

import (
	"context"
	"net"
	"testing"
	"time"

	"corebank/internal/app"
)

func TestWhereASidecarIs(t *testing.T) {
	for what, c := range map[string]struct {
		env     map[string]string
		address string
		secure  bool
	}{
		"nothing is said":  {nil, "127.0.0.1:50001", false},
		"a port":           {map[string]string{"DAPR_GRPC_PORT": "7"}, "127.0.0.1:7", false},
		"host and port":    {map[string]string{"DAPR_GRPC_ENDPOINT": "dapr:7", "DAPR_GRPC_PORT": "8"}, "dapr:7", false},
		"a URL":            {map[string]string{"DAPR_GRPC_ENDPOINT": "http://dapr:7/"}, "dapr:7", false},
		"a URL, encrypted": {map[string]string{"DAPR_GRPC_ENDPOINT": "https://dapr:7"}, "dapr:7", true},
		"a socket's path": {map[string]string{"DAPR_GRPC_ENDPOINT": "unix:///run/dapr.socket"}, "unix:///run/dapr.socket",
			false},
		"a socket, shorter": {map[string]string{"DAPR_GRPC_ENDPOINT": "unix:dapr.socket"}, "unix:dapr.socket", false},
	} {
		address, secure := app.SidecarAddress(func(name string) string { return c.env[name] })
		if address != c.address || secure != c.secure {
			t.Errorf("%s: %s, encrypted %t; want %s, %t", what, address, secure, c.address, c.secure)
		}
	}
}

// TestASidecarThatWasAwayIsFoundSoon: by default, gRPC would have tried four
// times by then, and would wait two minutes in the end.
func TestASidecarThatWasAwayIsFoundSoon(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tried := make(chan struct{})
	defer func() {
		lis.Close()
		for range tried { // until no one accepts any more
		}
	}()
	go func() {
		defer close(tried)
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			tried <- struct{}{}
			_ = conn.Close() // no server answers here
		}
	}()
	t.Setenv("DAPR_GRPC_ENDPOINT", lis.Addr().String())
	sidecar, err := app.DialSidecar()
	if err != nil {
		t.Fatal(err)
	}
	defer sidecar.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	go func() { _, _ = sidecar.GetMetadata(ctx) }() // it fails when time is up
	for n := range 7 {
		select {
		case <-tried:
		case <-ctx.Done():
			t.Fatalf("tried %d times in five seconds", n)
		}
	}
}
