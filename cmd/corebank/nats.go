package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"
)

// Bounds of the NATS server.
const (
	natsMaxPayload = 8 << 20 // bytes of a message, more than a sidecar hands on
	natsMaxStore   = 2 << 30 // bytes on disk
	natsMaxMemory  = 64 << 20
	natsStart      = 10 * time.Second
)

func newNATS() *cobra.Command {
	var dir, listen, passwords string
	c := &cobra.Command{
		Use:     "nats",
		GroupID: groupParts,
		Short:   "Run a NATS JetStream server, which carries the topic",
		Long: `Run the NATS server that is part of this program, with JetStream in --dir and
nothing but its client port on --listen, and make the stream of the topic.
"corebank up" runs it; containers rather use the NATS image and the topic
command.

The broker may lose everything it has: the log has it all.`,
		Example: `  corebank nats --dir nats-data --listen 127.0.0.1:4222`,
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			return serveNATS(ctx, dir, listen, passwords, log)
		}),
	}
	c.Flags().StringVar(&dir, "dir", "", "directory of the streams")
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:4222", "address for clients")
	c.Flags().StringVar(&passwords, "passwords", "", "directory with a file nats-USER for each of the users, with a password; without it, everybody may do everything")
	require(c, "dir")
	return c
}

// serveNATS serves until ctx ends.
func serveNATS(ctx context.Context, dir, listen, passwords string, log *slog.Logger) error {
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %q: want host:port, for example 127.0.0.1:4222", listen)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return fmt.Errorf("--listen %q: the port is not a number", listen)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	options := &server.Options{
		ServerName: "corebank", Host: host, Port: port, MaxPayload: natsMaxPayload, NoSigs: true,
		JetStream: true, StoreDir: dir, JetStreamMaxStore: natsMaxStore, JetStreamMaxMemory: natsMaxMemory,
		DisableJetStreamBanner: true,
	}
	if passwords != "" {
		if options.Users, err = natsUsers(passwords); err != nil {
			return err
		}
	}
	srv, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("NATS server: %w", err)
	}
	fatal := make(chan error, 1)
	srv.SetLoggerV2(natsLog{log, fatal}, log.Enabled(ctx, slog.LevelDebug), false, false)
	srv.Start()
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	if err := awaitNATS(srv, fatal); err != nil {
		return fmt.Errorf("the NATS server cannot serve %s from %s: %w", listen, dir, err)
	}
	if err := withJetStream(ctx, "", makeTopic, nats.InProcessServer(srv), asAdmin(options.Users)); err != nil {
		return fmt.Errorf("make the topic: %w", err)
	}
	log.Info("the topic is there", "address", srv.ClientURL(), "stream", streamName)
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return err
	}
}

// awaitNATS waits until the server takes connections or gives up.
func awaitNATS(srv *server.Server, fatal <-chan error) error {
	ready := make(chan bool, 1)
	go func() { ready <- srv.ReadyForConnections(natsStart) }()
	select {
	case err := <-fatal:
		return err
	case ok := <-ready:
		if !ok {
			return fmt.Errorf("it takes no connections within %v", natsStart)
		}
		return nil
	}
}

// natsLog has the server log as we do. What it calls fatal it would end the
// process for; here it ends the command.
type natsLog struct {
	log   *slog.Logger
	fatal chan<- error
}

// failed ends the server if it says that a write failed, or that it gave up its
// streams.
func (l natsLog) failed(line string) {
	if saysDiskFailed(line) || strings.Contains(line, "DISABLED") {
		l.end("%s", line)
	}
}

func (l natsLog) end(format string, v ...any) {
	select {
	case l.fatal <- fmt.Errorf(format, v...):
	default: // one reason is enough
	}
}

func (l natsLog) Noticef(format string, v ...any) { l.log.Info(fmt.Sprintf(format, v...)) }

func (l natsLog) Warnf(format string, v ...any) {
	l.log.Warn(fmt.Sprintf(format, v...))
	l.failed(fmt.Sprintf(format, v...))
}

func (l natsLog) Errorf(format string, v ...any) {
	l.log.Error(fmt.Sprintf(format, v...))
	l.failed(fmt.Sprintf(format, v...))
}

func (l natsLog) Fatalf(format string, v ...any) { l.end(format, v...) }
func (l natsLog) Debugf(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l natsLog) Tracef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
