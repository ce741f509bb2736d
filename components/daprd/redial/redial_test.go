package redial_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	_ "corebank/components/daprd/redial"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Given a machine that is away; then gRPC tries again every two seconds, however often it has failed: eight attempts
// would take a minute and a half otherwise.
func TestAMachineThatIsAwayIsTriedOften(t *testing.T) {
	enough := make(chan struct{})
	var attempts atomic.Int32
	away := func(context.Context, string) (net.Conn, error) {
		if attempts.Add(1) == 8 {
			close(enough)
		}
		return nil, net.ErrClosed
	}
	client, err := grpc.NewClient("passthrough:///away", grpc.WithContextDialer(away),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	began := time.Now()
	client.Connect()
	go func() {
		for t.Context().Err() == nil { // someone wants to call it
			client.WaitForStateChange(t.Context(), client.GetState())
			client.Connect()
		}
	}()
	select {
	case <-enough:
		t.Logf("eight attempts took %v", time.Since(began))
	case <-time.After(45 * time.Second):
		t.Errorf("%d attempts in %v, want 8", attempts.Load(), time.Since(began))
	}
}
