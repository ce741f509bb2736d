package main

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Given a placement that asks whether the sidecar is there; then their connection stays. When the placement
// stands still, while its machine goes on to acknowledge what it is sent, then the connection ends.
func TestAConnectionNoticesThatTheOtherEndStandsStill(t *testing.T) {
	const asks, silence = time.Second, 8 * time.Second // gRPC does not ask more often
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	still := make(chan struct{})
	server := grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{Time: asks}))
	go func() { _ = server.Serve(freezing{lis, still}) }()
	defer server.Stop()
	given := watched{insecure.NewCredentials(), silence}
	client, err := grpc.NewClient("passthrough:///"+lis.Addr().String(), grpc.WithTransportCredentials(given))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.Connect()
	for state := client.GetState(); state != connectivity.Ready; state = client.GetState() {
		await(t, client, state, time.Minute, true)
	}
	await(t, client, connectivity.Ready, silence+4*asks, false)
	close(still)
	await(t, client, connectivity.Ready, time.Minute, true)
}

// await waits until a connection is no longer in a state, and wants that to happen or not.
func await(t *testing.T, client *grpc.ClientConn, state connectivity.State, limit time.Duration, want bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if changed := client.WaitForStateChange(ctx, state); changed != want {
		t.Fatalf("the connection was %v for %v: %v, want %v", state, limit, !changed, !want)
	}
}

// freezing accepts connections on which nothing is sent any more once still is closed.
type freezing struct {
	net.Listener
	still <-chan struct{}
}

func (f freezing) Accept() (net.Conn, error) {
	accepted, err := f.Listener.Accept()
	return freezable{accepted, f.still}, err
}

type freezable struct {
	net.Conn
	still <-chan struct{}
}

func (f freezable) Write(what []byte) (int, error) {
	select {
	case <-f.still:
		return len(what), nil
	default:
		return f.Conn.Write(what)
	}
}
