package localbank

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

	"corebank/internal/app"
	"corebank/internal/identity/issuer"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// Config says which bank to run.
type Config struct {
	// Listen is the address of the API. It must be a loopback address; port 0
	// picks a free port.
	Listen string
	// Data is the directory of all data and logs.
	Data     string
	LogLevel string
	// LogFormat is text, as if empty, or json.
	LogFormat string
	// Partitions is how many the log has. It is fixed when the bank is made.
	Partitions int
	// Machines is how many machines the bank has, all of them here, each with a
	// directory of its own. It is fixed when the bank is made; 0 and 1 are one.
	Machines int
	// MTLS gives the sidecars certificates.
	MTLS bool
	// Demo fills the bank when it is ready.
	Demo bool
	// CheckLog makes sure that the log of a bank that does not run is right, after its data was copied.
	CheckLog func(ctx context.Context, data datadir.Dir) error
	// Via has the addresses of proxies, by the part that each leads to. The
	// other parts then use the proxy. It is for tests of bad networks.
	Via map[string]string
	// Hosts are the addresses of hosts, one for each machine, in which its parts
	// run instead of all on this one, and Enter are the commands that run a program
	// there. It is for tests of bad networks.
	Hosts, Enter []string
	// Out shows a person the state of the bank.
	Out io.Writer
	// Program is the corebank executable that runs the parts.
	Program string
}

// Run runs the bank until ctx ends. Everything that it started has ended when
// it returns. The error is nil if ctx ended the bank.
func Run(ctx context.Context, config Config) error {
	if config.Machines > 1 {
		return runMachines(ctx, config)
	}
	lis, err := listen(config.Listen)
	if err != nil {
		return err
	}
	held := ports.New()
	defer held.FreeAll()
	address := held.Hold(lis)
	answerStarting(lis)
	data, err := datadir.Open(config.Data, config.Partitions)
	if err != nil {
		return err
	}
	defer data.Close()
	defer publishKeys(ctx, data.Issuer)()
	// The reader of the output may end first. The bank must still stop in order.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	status := newStatusOutput(config.Out)
	var programs sidecars.Programs
	if err = config.settle(ctx, data, status.printf); err == nil {
		programs, err = findSidecars(ctx, config.Out)
	}
	if ctx.Err() != nil {
		status.stopped(context.Cause(ctx))
		return nil // a stop during the build is no failure
	}
	if err != nil {
		return err
	}
	bank, err := newParts(config, address, data, programs, held)
	if err != nil {
		return err
	}
	if err := data.WriteRunning(bank.running()); err != nil {
		return err
	}
	status.starting(bank, programs)
	group, err := supervisor.New(data.Logs(), func(e supervisor.Event) { status.show(ctx, e) }, bank.processes...)
	if err != nil {
		return err
	}
	defer killOnSecondSignal(group)()
	err = group.Run(ctx, func() {
		demo := ""
		if config.Demo {
			demo = fillDemo(ctx, status, address, data)
		}
		status.ready(ctx, address, data, demo)
	})
	status.stopped(context.Cause(ctx))
	return err
}

// findSidecars finds or builds Dapr's programs and shows the progress of a build.
func findSidecars(ctx context.Context, out io.Writer) (sidecars.Programs, error) {
	progress := newBuildOutput(out)
	defer progress.close()
	return sidecars.DefaultFinder(progress.report).Find(ctx)
}

// publishKeys serves the issuer's keys at its address. They are for programs
// outside the bank: the bank itself reads them from a file, and so it also runs
// when another program has the address.
func publishKeys(ctx context.Context, local *issuer.Local) (stop func()) {
	lis, err := net.Listen("tcp", local.Address())
	if err != nil {
		slog.Warn("the issuer's keys are not published this time; the bank works without that",
			"address", local.Name, "error", err)
		return func() {}
	}
	server := &http.Server{Handler: local.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() { _ = server.Serve(lis) }() // it ends with the bank
	return func() { _ = server.Close() }
}

// killOnSecondSignal makes a second Ctrl-C kill the processes that the first is
// stopping.
func killOnSecondSignal(group *supervisor.Group) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, app.StopSignals()...)
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

// listen makes sure, before anything is started, that the API can listen at the
// address and that only this machine can reach it. The listener keeps the port
// from other programs until the API is started.
func listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--listen %q: want host:port, for example 127.0.0.1:8080", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--listen %s: "+
			"an issuer on this machine makes the tokens, so the bank listens on this machine only; "+
			"give a loopback address, for example --listen 127.0.0.1:8080", address)
	}
	lis, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--listen %s: another program listens there already, perhaps another bank; "+
			"stop it, or give another port, for example --listen 127.0.0.1:0 for a free one", address)
	}
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; give an address of this machine, for example --listen 127.0.0.1:8080",
			address, err)
	}
	return lis, nil
}
