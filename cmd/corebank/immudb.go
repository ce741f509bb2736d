package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/codenotary/immudb/embedded/logger"
	"github.com/codenotary/immudb/pkg/auth"
	"github.com/codenotary/immudb/pkg/server"
	"github.com/spf13/cobra"
)

// immudbStop bounds how long the server may take to close its databases.
const immudbStop = 5 * time.Second

func newImmudb() *cobra.Command {
	var config immudbConfig
	c := &cobra.Command{
		Use:     "immudb",
		GroupID: groupParts,
		Short:   "Run an immudb server, which keeps the event log",
		Long: `Run the immudb server that is part of this program, with its data in --dir and
nothing but its gRPC service on --listen: no web console, no PostgreSQL port, no
metrics. "corebank up" runs it; containers rather use the immudb image.

The administrator ("immudb") gets the password of --admin-password-file, also if
the data has another one.`,
		Example: `  # A password that follows immudb's rules, then the server
  (umask 077; echo 'Aa1!'"$(openssl rand -hex 12)" > admin.txt)
  corebank immudb --dir immudb-data --listen 127.0.0.1:3322 --admin-password-file admin.txt`,
		RunE: work(func(ctx context.Context, _ *slog.Logger) error { return config.run(ctx) }),
	}
	c.Flags().StringVar(&config.dir, "dir", "", "directory of the data")
	c.Flags().StringVar(&config.listen, "listen", "127.0.0.1:3322", "address of the gRPC service")
	c.Flags().StringVar(&config.passwordFile, "admin-password-file", "", "file with the administrator's password: 8 to 32 characters with an upper case letter, a digit and a special character")
	require(c, "dir", "admin-password-file")
	return c
}

type immudbConfig struct{ dir, listen, passwordFile string }

// run serves until the process is told to end. The server listens for the
// signals itself and closes its databases; ctx must end by the same signals.
func (c immudbConfig) run(ctx context.Context) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	log := immudbLog{logger.NewSimpleLogger("immudb ", os.Stdout), c.end}
	if err := tryDisk(c.dir); err != nil {
		return fmt.Errorf("immudb is not started on a disk that takes nothing: %w", err)
	}
	srv := server.DefaultServer().WithOptions(options).WithLogger(log).(*server.ImmuServer)
	opened := watchDisk(func() error { return tryDisk(c.dir) }, c.end)
	err = srv.Initialize()
	opened()
	if err != nil {
		return fmt.Errorf("immudb cannot serve %s from %s: %w", c.listen, c.dir, err)
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
	case <-time.After(immudbStop):
		// It keeps no promise that a crash could break.
		return fmt.Errorf("immudb has not closed its databases within %v; it will recover at its next start", immudbStop)
	}
}

// end ends the process as a crash would. Indexes that cannot be opened, as after
// a disk was full, are removed before: they are made again from what the
// databases have.
func (c immudbConfig) end(reason string) {
	if strings.Contains(reason, badIndex) {
		if err := removeIndexes(c.dir); err != nil {
			reason += "; " + err.Error()
		}
	}
	fmt.Fprintf(os.Stderr, "immudb has a fault on its disk and ends at once, to begin again with what is there: %s\n", reason)
	os.Exit(1)
}

func (c immudbConfig) options() (*server.Options, error) {
	host, portText, err := net.SplitHostPort(c.listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: want host:port, for example 127.0.0.1:3322", c.listen)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: the port is not a number", c.listen)
	}
	password, err := readSecret("admin-password-file", c.passwordFile)
	if err != nil {
		return nil, err
	}
	if password == auth.SysAdminPassword {
		return nil, errors.New("--admin-password-file: this is immudb's published default password; choose another")
	}
	if err := auth.IsStrongPassword(password); err != nil {
		return nil, fmt.Errorf("--admin-password-file: %w", err)
	}
	return server.DefaultOptions().
		WithDir(c.dir).WithAddress(host).WithPort(port).
		WithAdminPassword(password).WithForceAdminPassword(true).
		WithMetricsServer(false).WithWebServer(false).WithPgsqlServer(false).
		WithGRPCReflectionServerEnabled(false).WithNoHistograms(true), nil
}
