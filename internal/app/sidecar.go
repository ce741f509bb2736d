package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"corebank/internal/contract"
)

// maxMessage bounds a gRPC message between an app and its sidecar, in bytes.
// It is the sidecar's own default limit.
const maxMessage = 4 << 20

// Redial is how soon a process beside an app is tried again while it cannot be
// reached. gRPC's own pauses, of one second to two minutes, would last long after
// the process is back.
var Redial = grpc.ConnectParams{
	Backoff: backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2,
		MaxDelay: 500 * time.Millisecond},
	MinConnectTimeout: 2 * time.Second,
}

// Sidecar is an app's connection to its Dapr sidecar.
type Sidecar struct {
	client.Client
	conn   *grpc.ClientConn
	broker broker
}

// SidecarAddress reads where the sidecar listens from the standard Dapr
// environment: DAPR_GRPC_ENDPOINT (host:port, a URL whose https scheme asks for
// TLS, or unix:// and the path of a socket), or else 127.0.0.1 with
// DAPR_GRPC_PORT, or else with port 50001.
func SidecarAddress(getenv func(string) string) (address string, secure bool) {
	if endpoint := getenv("DAPR_GRPC_ENDPOINT"); endpoint != "" {
		scheme, rest, found := strings.Cut(endpoint, "://")
		if !found || scheme == "unix" {
			return endpoint, false
		}
		return strings.TrimSuffix(rest, "/"), scheme == "https" || scheme == "grpcs"
	}
	port := getenv("DAPR_GRPC_PORT")
	if port == "" {
		port = "50001"
	}
	return net.JoinHostPort("127.0.0.1", port), false
}

// DialSidecar connects to the sidecar that the environment names. It does not
// wait for the sidecar: calls wait, within their deadlines, until it is ready.
func DialSidecar() (*Sidecar, error) {
	address, secure := SidecarAddress(os.Getenv)
	transport := insecure.NewCredentials()
	if secure {
		transport = credentials.NewTLS(nil)
	}
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(transport),
		grpc.WithConnectParams(Redial),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true),
			grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithUnaryInterceptor(withToken(os.Getenv("DAPR_API_TOKEN"))),
		grpc.WithStreamInterceptor(keepStreams(os.Getenv("DAPR_API_TOKEN"))),
	)
	if err != nil {
		return nil, fmt.Errorf("sidecar at %s: %w", address, err)
	}
	return &Sidecar{Client: client.NewClientWithConnection(conn), conn: conn}, nil
}

// Close ends the connection.
func (s *Sidecar) Close() error { return s.conn.Close() }

// answerTimeout bounds how long a health check waits for the sidecar: less than readyTimeout.
const answerTimeout = 2 * time.Second

// AlsoReady is ready when the app is and its sidecar serves it: without one, no other part reaches the app.
func (s *Sidecar) AlsoReady(ready func(context.Context) contract.Readiness) func(context.Context) contract.Readiness {
	return func(ctx context.Context) contract.Readiness {
		own := ready(ctx)
		if !own.Ready && !own.ReadOnly {
			return own
		}
		asking, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		if _, err := s.GetMetadata(asking); err != nil {
			return contract.Readiness{Reason: "the sidecar does not answer: " + err.Error()}
		}
		return own
	}
}

// Invoke calls a method of another app with request as JSON and decodes its
// answer into reply. Refusals are part of the reply; an error means that the call
// itself failed and that its effect is not known.
func (s *Sidecar) Invoke(ctx context.Context, appID, method string, request, reply any) error {
	data, err := contract.Encode(request)
	if err != nil {
		return fmt.Errorf("encode %s/%s: %w", appID, method, err)
	}
	answer, err := s.InvokeMethodWithContent(ctx, appID, method, "POST",
		&client.DataContent{Data: data, ContentType: "application/json"})
	if err != nil {
		return fmt.Errorf("invoke %s/%s: %w", appID, method, err)
	}
	if err := contract.Decode(answer, reply); err != nil {
		return fmt.Errorf("decode the answer of %s/%s: %w", appID, method, err)
	}
	return nil
}

// CallActor calls an actor with request as JSON and decodes its answer into reply.
// An error means that the call was lost and that its effect is not known.
func (s *Sidecar) CallActor(ctx context.Context, actorType, id, method string, request, reply any) error {
	data, err := contract.Encode(request)
	if err != nil {
		return fmt.Errorf("encode the call of %s %s: %w", actorType, id, err)
	}
	answer, err := s.InvokeActor(ctx, &client.InvokeActorRequest{ActorType: actorType, ActorID: id, Method: method,
		Data: data})
	if err != nil {
		return fmt.Errorf("call %s %s: %w", actorType, id, err)
	}
	if err := contract.Decode(answer.Data, reply); err != nil {
		return fmt.Errorf("decode the answer of %s %s: %w", actorType, id, err)
	}
	return nil
}

func withToken(token string) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, tokenHeader, token)
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	}
}

// keepStreams adds the API token and makes a stream that the sidecar
// cancelled look unavailable. The SDK's actor host ends silently on Canceled,
// which a sidecar sends when it stops; on Unavailable it connects again.
func keepStreams(token string) grpc.StreamClientInterceptor {
	return func(
		ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
		open grpc.Streamer, opts ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, tokenHeader, token)
		}
		stream, err := open(ctx, desc, cc, method, opts...)
		if err != nil {
			return nil, err
		}
		return keptStream{stream}, nil
	}
}

type keptStream struct{ grpc.ClientStream }

func (s keptStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if status.Code(err) == codes.Canceled && s.Context().Err() == nil {
		return status.Error(codes.Unavailable, "the sidecar ended the stream")
	}
	return err
}
