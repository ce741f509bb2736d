package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/dapr/dapr/pkg/security"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// A sidecar whose way to the placement is cut notices that within lostAfter, by asking after
// aliveIdle without a word, aliveTimes times. Dapr 1.18 leaves it to the system, which takes
// two hours: when the placement has given a sidecar up that could not hear that, because the
// way was cut in one direction, the sidecar went on to call actors on machines where they no
// longer were.
const (
	aliveIdle  = 2 * time.Second
	aliveEvery = time.Second
	aliveTimes = 3
	lostAfter  = 5 * time.Second
)

// watchedSecurity has the connections to Dapr's control plane, which the placement is of,
// notice when the other end is gone. Those to other sidecars do by themselves.
type watchedSecurity struct{ security.Handler }

// GRPCDialOptionMTLS is for connections to the control plane.
func (s watchedSecurity) GRPCDialOptionMTLS(id spiffeid.ID) grpc.DialOption {
	return grpc.WithTransportCredentials(watched{s.credentials(id)})
}

func (s watchedSecurity) credentials(id spiffeid.ID) credentials.TransportCredentials {
	if !s.MTLSEnabled() {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(s.MTLSClientConfig(id))
}

// watched are credentials whose connections notice when the other end is gone.
type watched struct {
	credentials.TransportCredentials
}

// ClientHandshake is the first that sees a new connection.
func (w watched) ClientHandshake(
	ctx context.Context, authority string, connection net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	if err := watch(connection); err != nil {
		return nil, nil, fmt.Errorf("have the connection notice its end: %w", err)
	}
	return w.TransportCredentials.ClientHandshake(ctx, authority, connection)
}

func (w watched) Clone() credentials.TransportCredentials {
	return watched{w.TransportCredentials.Clone()}
}

func watch(connection net.Conn) error {
	tcp, is := connection.(*net.TCPConn)
	if !is {
		return nil
	}
	err := tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: aliveIdle, Interval: aliveEvery,
		Count: aliveTimes})
	if err != nil {
		return err
	}
	return limitUnanswered(tcp, lostAfter)
}
