package natsserver

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

	"corebank/internal/app"
	"corebank/internal/jetstream"
	"corebank/localbank/diskfault"
)

// Bounds of the NATS server.
const (
	maxPayload = 8 << 20 // bytes of a message, more than a sidecar hands on
	maxStore   = 2 << 30 // bytes on disk
	maxMemory  = 64 << 20
	startTime  = 10 * time.Second
)

// Config says which server to run.
type Config struct {
	// Dir is the directory of the streams.
	Dir string
	// Listen is the address for clients.
	Listen string
	// Passwords is a directory with a file nats-USER for each user. If it is
	// empty, every client may do everything.
	Passwords string
	// Cluster makes the server one of several. The zero Cluster is one server alone.
	Cluster Cluster
}

// Run serves until ctx ends.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	options, err := config.options()
	if err != nil {
		return err
	}
	srv, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("NATS server: %w", err)
	}
	fatal := make(chan error, 1)
	srv.SetLoggerV2(watchedLog{log, fatal}, log.Enabled(ctx, slog.LevelDebug), false, false)
	srv.Start()
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	if err := awaitConnections(srv, fatal); err != nil {
		return fmt.Errorf("the NATS server cannot serve %s from %s: %w", config.Listen, config.Dir, err)
	}
	made := make(chan error, 1)
	go func() { made <- config.makeStream(ctx, log, nats.InProcessServer(srv), asAdmin(options.Users)) }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-fatal:
			return err
		case err := <-made:
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("make the topic: %w", err)
			}
			log.Info("the topic is ready", "address", srv.ClientURL(), "stream", jetstream.Stream)
		}
	}
}

// makeStream makes the topic. A member of a cluster can only when most of the others
// are there, and waits for them.
func (c Config) makeStream(ctx context.Context, log *slog.Logger, options ...nats.Option) error {
	for {
		err := jetstream.MakeStream(ctx, "", c.Cluster.copies(), options...)
		if err == nil || c.Cluster.Member == "" {
			return err
		}
		log.Info("the topic cannot be made yet, trying again", "reason", err)
		if !app.Pause(ctx, memberPause) {
			return ctx.Err()
		}
	}
}

func (c Config) options() (*server.Options, error) {
	host, portText, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: want host:port, for example 127.0.0.1:4222", c.Listen)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: the port is not a number", c.Listen)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("--dir: %w", err)
	}
	options := &server.Options{
		ServerName: "corebank", Host: host, Port: port, MaxPayload: maxPayload, NoSigs: true,
		JetStream: true, StoreDir: c.Dir, JetStreamMaxStore: maxStore, JetStreamMaxMemory: maxMemory,
		DisableJetStreamBanner: true,
	}
	if c.Passwords != "" {
		if options.Users, err = users(c.Passwords); err != nil {
			return nil, err
		}
	}
	return options, c.Cluster.complete(options)
}

// awaitConnections waits until the server accepts connections or fails.
func awaitConnections(srv *server.Server, fatal <-chan error) error {
	ready := make(chan bool, 1)
	go func() { ready <- srv.ReadyForConnections(startTime) }()
	select {
	case err := <-fatal:
		return err
	case ok := <-ready:
		if !ok {
			return fmt.Errorf("it accepted no connections within %v", startTime)
		}
		return nil
	}
}

// watchedLog writes the server's log to ours. On a fatal fault the server would
// end the process; here it ends Run.
type watchedLog struct {
	log   *slog.Logger
	fatal chan<- error
}

// check ends Run if a line reports that a write failed or that JetStream disabled
// itself.
func (l watchedLog) check(line string) {
	if diskfault.In(line) || strings.Contains(line, "DISABLED") {
		l.end("%s", line)
	}
}

func (l watchedLog) end(format string, v ...any) {
	select {
	case l.fatal <- fmt.Errorf(format, v...):
	default: // one reason is enough
	}
}

func (l watchedLog) Noticef(format string, v ...any) { l.log.Info(fmt.Sprintf(format, v...)) }

func (l watchedLog) Warnf(format string, v ...any) {
	l.log.Warn(fmt.Sprintf(format, v...))
	l.check(fmt.Sprintf(format, v...))
}

func (l watchedLog) Errorf(format string, v ...any) {
	l.log.Error(fmt.Sprintf(format, v...))
	l.check(fmt.Sprintf(format, v...))
}

func (l watchedLog) Fatalf(format string, v ...any) { l.end(format, v...) }
func (l watchedLog) Debugf(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l watchedLog) Tracef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
