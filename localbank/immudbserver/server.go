package immudbserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/codenotary/immudb/embedded/logger"
	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	"github.com/codenotary/immudb/pkg/server"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// StopTime bounds how long the server may take to close its databases.
const StopTime = 5 * time.Second

// Config says which server to run.
type Config struct {
	// Dir is the directory of the data.
	Dir string
	// Listen is the address of the gRPC service.
	Listen string
	// AdminPassword becomes the password of the administrator ("immudb"), also
	// if the data has another one.
	AdminPassword string
}

// Run serves until the process is asked to end. The server listens for the
// signals itself and closes its databases; ctx must end by the same signals.
func Run(ctx context.Context, config Config) error {
	options, err := config.options()
	if err != nil {
		return err
	}
	if !utf8.ValidString(config.Dir) { // immudb panics half way
		return fmt.Errorf("--dir %q: immudb takes valid UTF-8 only; run it in that directory, and give a relative path",
			config.Dir)
	}
	log := watchedLog{logger.NewSimpleLogger("immudb ", os.Stdout), config.end}
	if err := tryDisk(config.Dir); err != nil {
		return fmt.Errorf("immudb is not started on a disk that cannot be written: %w", err)
	}
	srv := server.DefaultServer().WithOptions(options).WithLogger(log).(*server.ImmuServer)
	opened := watchDisk(func() error { return tryDisk(config.Dir) }, config.end)
	err = srv.Initialize()
	opened()
	if err != nil {
		return fmt.Errorf("immudb cannot serve %s from %s: %w", config.Listen, config.Dir, err)
	}
	if ctx.Err() != nil {
		return srv.CloseDatabases()
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Start() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(StopTime):
		// immudb promises nothing that a crash could break.
		return fmt.Errorf("immudb has not closed its databases within %v; it will recover at its next start", StopTime)
	}
}

// end ends the process as a crash would. If the reason is an index that cannot be
// opened, as after a full disk, the indexes are removed first: immudb makes them
// again from its databases.
func (c Config) end(reason string) {
	if strings.Contains(reason, badIndex) {
		if err := removeIndexes(c.Dir); err != nil {
			reason += "; " + err.Error()
		}
	}
	fmt.Fprintf(os.Stderr,
		"immudb has a fault on its disk and ends at once, to recover from the disk at its next start: %s\n", reason)
	os.Exit(1)
}

func (c Config) options() (*server.Options, error) {
	host, portText, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: want host:port, for example 127.0.0.1:3322", c.Listen)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: the port is not a number", c.Listen)
	}
	if c.AdminPassword == auth.SysAdminPassword {
		return nil, errors.New("--admin-password-file: this is immudb's published default password; choose another")
	}
	if err := auth.IsStrongPassword(c.AdminPassword); err != nil {
		return nil, fmt.Errorf("--admin-password-file: %w", err)
	}
	return server.DefaultOptions().
		WithDir(c.Dir).WithAddress(host).WithPort(port).
		WithAdminPassword(c.AdminPassword).WithForceAdminPassword(true).
		WithMetricsServer(false).WithWebServer(false).WithPgsqlServer(false).
		WithGRPCReflectionServerEnabled(false).WithNoHistograms(true), nil
}

// Check fails unless the server at an address answers, which it does when its
// databases are open.
func Check(ctx context.Context, address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	health, err := schema.NewImmuServiceClient(connection).Health(ctx, &emptypb.Empty{})
	if err != nil {
		return err
	}
	if !health.GetStatus() {
		return fmt.Errorf("immudb %s reports that it is not healthy", health.GetVersion())
	}
	return nil
}
