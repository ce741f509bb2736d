package immudb

import (
	"context"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// Network is the way to immudb's servers. Without one of their own, a Log and Machines use the real one; a simulation
// has one that breaks.
type Network interface {
	// Login opens a session. cut makes all its calls fail at once, those under way included.
	Login(ctx context.Context, address, user, password, database string) (
		session client.ImmuClient, cut func() error, err error)
	// Probe fails unless a server answers.
	Probe(ctx context.Context, address string) error
}

// noServiceConfig keeps gRPC from asking a name server how it should call immudb. One that does not answer would cost
// each session five seconds, also where the addresses stand in a file of hosts.
var noServiceConfig = grpc.WithDisableServiceConfig()

func (c Config) login(ctx context.Context, user, password, database string) (client.ImmuClient, error) {
	if c.Network != nil {
		session, cut, err := c.Network.Login(ctx, c.Address, user, password, database)
		if err == nil && c.line != nil {
			c.line.hold(cut)
		}
		return session, err
	}
	host, port, err := splitAddress(c.Address)
	if err != nil {
		return nil, err
	}
	options := client.DefaultOptions().WithAddress(host).WithPort(port).WithDir(c.StateDir).
		WithMaxRecvMsgSize(maxRecv).WithDisableIdentityCheck(true)
	options = options.WithDialOptions(append(options.DialOptions, grpc.WithConnectParams(app.Redial), noServiceConfig))
	if c.line != nil {
		options.DialOptions = append(options.DialOptions, grpc.WithContextDialer(c.line.dial))
	}
	session := client.NewClient().WithOptions(options)
	if err := session.OpenSession(ctx, []byte(user), []byte(password), database); err != nil {
		return nil, err
	}
	return session, nil
}

// probe fails unless a server answers.
func (c Config) probe(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if c.Network != nil {
		return c.Network.Probe(ctx, address)
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), noServiceConfig)
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = schema.NewImmuServiceClient(connection).Health(ctx, &emptypb.Empty{})
	return err
}

// Records are those that a transaction has committed.
func Records(tx *schema.Tx) ([]contract.Record, error) { return recordsOf(tx, 0) }
