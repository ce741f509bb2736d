package main

import (
	"context"
	"net"
	"time"

	"github.com/dapr/dapr/pkg/security"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// lostAfter is how long the placement may be silent. It asks each sidecar every two seconds
// whether it is there (--keepalive-time), and gives it up after three more.
const lostAfter = 5 * time.Second

// watchedSecurity has the connections to Dapr's placement notice when the other end is gone.
// Dapr 1.18 leaves that to the system, which takes minutes to hours, and never notices a
// process that stands still: when the placement has given a sidecar up that could not hear
// that, or another member leads, the sidecar goes on to call actors on machines where they no
// longer are. Connections to other sidecars notice by themselves.
type watchedSecurity struct{ security.Handler }

// GRPCDialOptionMTLS is for connections to the control plane, of which a sidecar outside of
// Kubernetes knows the placement only.
func (s watchedSecurity) GRPCDialOptionMTLS(id spiffeid.ID) grpc.DialOption {
	return grpc.WithTransportCredentials(watched{s.credentials(id), lostAfter})
}

func (s watchedSecurity) credentials(id spiffeid.ID) credentials.TransportCredentials {
	if !s.MTLSEnabled() {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(s.MTLSClientConfig(id))
}

// watched are credentials whose connections end when the other end is silent for so long.
type watched struct {
	credentials.TransportCredentials
	silence time.Duration
}

// ClientHandshake is the first that sees a new connection.
func (w watched) ClientHandshake(
	ctx context.Context, authority string, connection net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	return w.TransportCredentials.ClientHandshake(ctx, authority, heard{connection, w.silence})
}

func (w watched) Clone() credentials.TransportCredentials {
	return watched{w.TransportCredentials.Clone(), w.silence}
}

// heard is a connection on which silence is an error.
type heard struct {
	net.Conn
	silence time.Duration
}

func (h heard) Read(into []byte) (int, error) {
	if err := h.SetReadDeadline(time.Now().Add(h.silence)); err != nil {
		return 0, err
	}
	return h.Conn.Read(into)
}
