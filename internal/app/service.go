package app

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/dapr/go-sdk/service/common"
	daprgrpc "github.com/dapr/go-sdk/service/grpc"
	"google.golang.org/grpc"

	"corebank/internal/contract"
)

// Method answers one service invocation: JSON in, JSON out. Its errors are
// faults; refusals belong in the reply.
type Method func(ctx context.Context, data []byte) ([]byte, error)

// Typed makes a Method from a function on decoded values.
func Typed[Request, Reply any](handle func(context.Context, Request) (Reply, error)) Method {
	return func(ctx context.Context, data []byte) ([]byte, error) {
		var request Request
		if len(data) > 0 {
			if err := contract.Decode(data, &request); err != nil {
				return nil, fmt.Errorf("malformed request: %w", err)
			}
		}
		reply, err := handle(ctx, request)
		if err != nil {
			return nil, err
		}
		return contract.Encode(reply)
	}
}

// ServeMethods answers the sidecar's service invocations on lis until ctx
// ends. It takes over lis. With APP_API_TOKEN in the environment, only calls
// that carry it are answered: the sidecar adds the token of its own environment.
func ServeMethods(ctx context.Context, lis net.Listener, methods map[string]Method) error {
	options := append(onlyWith(os.Getenv("APP_API_TOKEN")), grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxSendMsgSize(maxMessage))
	service := daprgrpc.NewServiceWithListener(lis, options...)
	for name, method := range methods {
		if err := service.AddServiceInvocationHandler(name, invocation(method)); err != nil {
			return fmt.Errorf("method %s: %w", name, err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Start() }()
	select {
	case err := <-ended:
		return fmt.Errorf("app service: %w", err)
	case <-ctx.Done():
		err := service.Stop()
		<-ended
		return err
	}
}

func invocation(method Method) common.ServiceInvocationHandler {
	return func(ctx context.Context, in *common.InvocationEvent) (*common.Content, error) {
		answer, err := method(ctx, in.Data)
		if err != nil {
			return nil, err
		}
		return &common.Content{Data: answer, ContentType: "application/json"}, nil
	}
}
