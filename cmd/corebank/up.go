package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/identity/issuer"
	"corebank/localbank/supervisor"
)

func newUp() *cobra.Command {
	config := upConfig{Out: os.Stdout}
	c := &cobra.Command{
		Use:     "up",
		GroupID: groupBank,
		Short:   "Run the whole bank on this machine",
		Long: `Run the whole bank, each part as a process of its own: immudb with the event
log, NATS with the topic, Dapr's sentry and placement, four Dapr sidecars, and
the four apps. A part that dies is started again. Ctrl-C stops everything in
order.

Everything listens on this machine only, and all ports but that of --listen are
picked free, so that several banks run side by side, each with its own --data.
Started again on the same --data, the bank has every account and transaction.

Dapr 1.18 is taken from COREBANK_DAPRD_DIR, from PATH or from ~/.dapr/bin. If it
is not there, it is built from components/daprd the first time: that takes some
minutes, needs the network and Go, and the result is kept in the user's cache.

It has an issuer of tokens of its own: one token for each role is printed at
the start, "corebank token" prints more, and GraphiQL starts with a teller's.

The parts know each other by certificates and tokens that are made anew at each
start and kept in the directory "secrets" of --data; see docs/security.md.

The views are kept in a SQLite file, or in MongoDB if MONGODB_URI is set.

With --partitions above 1, the accounts are spread over as many databases of
immudb, each with an event source of its own; see docs/partitions.md. The number
is fixed when the bank is made: give it at every start.`,
		Example: `  # The bank on http://127.0.0.1:8080/, its data in .corebank
  corebank up

  # A second bank beside it, on any free port
  corebank up --listen 127.0.0.1:0 --data /tmp/second-bank`,
		RunE: func(c *cobra.Command, arguments []string) error {
			var err error
			if config.LogLevel, err = c.Flags().GetString(flagLogLevel); err != nil {
				return err
			}
			if err := checkPartitions(config.Partitions); err != nil {
				return err
			}
			return work(func(ctx context.Context, _ *slog.Logger) error {
				ctx, cancel := supervisor.WithParent(ctx, "go") // "go run" dies without a word to us
				defer cancel()
				return config.Run(ctx)
			})(c, arguments)
		},
	}
	c.Flags().StringVar(&config.Listen, "listen", "127.0.0.1:8080", "address of the API on this machine; port 0 picks a free one")
	c.Flags().StringVar(&config.Data, "data", ".corebank", "directory of all data and logs")
	partitionsFlag(c, &config.Partitions)
	c.Flags().BoolVar(&config.MTLS, "mtls", true, "certificates for the sidecars, and rules by them who may call whom")
	c.Flags().StringToStringVar(&config.Via, flagVia, nil, "part=address: where the others reach a part, if something stands between; for tests of bad networks")
	if err := c.Flags().MarkHidden(flagVia); err != nil {
		panic(err) // a flag that is not there: a mistake in this program
	}
	return c
}

const flagVia = "via"

// upConfig is what `corebank up` is asked for.
type upConfig struct {
	Listen   string
	Data     string
	LogLevel string
	// Partitions is how many the log has.
	Partitions int
	// MTLS has the sidecars know each other by certificates.
	MTLS bool
	// Via has the addresses at which parts are reached by the others where that
	// is not their own: something stands between.
	Via map[string]string
	// Out is where a person reads how it goes.
	Out io.Writer
}

// Run runs the bank until ctx ends. What it started has ended when it returns.
func (c upConfig) Run(ctx context.Context) error {
	lis, err := takeListen(c.Listen)
	if err != nil {
		return err
	}
	ports := newPorts()
	defer ports.freeAll()
	listen := ports.hold(lis)
	data, err := openData(c.Data, c.Partitions)
	if err != nil {
		return err
	}
	defer data.close()
	defer publishKeys(ctx, data.people)()
	// Whoever reads the output may leave first; the bank is then stopped in
	// order all the same.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	screen := newScreen(c.Out)
	programs, err := findSidecars(ctx, c.Out)
	if ctx.Err() != nil {
		screen.stopped(context.Cause(ctx))
		return nil // to be told to stop is no failure
	}
	if err != nil {
		return err
	}
	bank, err := newParts(c, listen, data, programs, ports)
	if err != nil {
		return err
	}
	if err := data.writeRunning(bank); err != nil {
		return unwritable(data.path, err)
	}
	screen.starting(bank, programs)
	group, err := supervisor.New(data.logs(), func(e supervisor.Event) { screen.tell(ctx, e) }, bank.processes...)
	if err != nil {
		return err
	}
	defer killOnSecondSignal(group)()
	err = group.Run(ctx, func() { screen.ready(listen, data) })
	screen.stopped(context.Cause(ctx))
	return err
}

// publishKeys serves the issuer's keys at its address, for other programs than
// the bank, which reads them from their file. Where somebody else has the
// address, it goes without.
func publishKeys(ctx context.Context, people *issuer.Local) (stop func()) {
	lis, err := net.Listen("tcp", people.Address())
	if err != nil {
		slog.Warn("the issuer's keys are not published this time; the bank does without", "address", people.Name, "error", err)
		return func() {}
	}
	server := &http.Server{Handler: people.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() { _ = server.Serve(lis) }() // it ends with the bank
	return func() { _ = server.Close() }
}

// killOnSecondSignal has the second Ctrl-C kill what the first is stopping.
func killOnSecondSignal(group *supervisor.Group) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, stopSignals()...)
	done := make(chan struct{})
	go func() {
		for range 2 {
			select {
			case <-signals:
			case <-done:
				return
			}
		}
		group.Kill()
	}()
	return func() { signal.Stop(signals); close(done) }
}

// takeListen makes sure, before anything is started, that the API can listen at
// the address and that only this machine can reach it. A port 0 becomes a free
// one. The listener keeps the port from others until the API is started.
func takeListen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: want host:port, for example 127.0.0.1:8080", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--listen %s: tokens are of an issuer on this machine, so the bank listens on this machine only; "+
			"give a loopback address, for example --listen 127.0.0.1:8080", address)
	}
	lis, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--listen %s: another program listens there already, perhaps another bank; "+
			"stop it, or give another port, for example --listen 127.0.0.1:0 for a free one", address)
	}
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; give an address of this machine, for example --listen 127.0.0.1:8080", address, err)
	}
	return lis, nil
}
