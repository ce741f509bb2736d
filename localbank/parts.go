package localbank

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/identity/issuer"
	"corebank/internal/jetstream"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/localbank/ports"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// Names of the parts that are not apps.
const (
	partSentry    = "sentry"
	partPlacement = "placement"
	partImmudb    = "immudb"
	partNATS      = "nats"
)

// longStart is how long a part may take to start that reads the whole log.
const longStart = 10 * time.Minute

// gatewayGrace is longer than the gateway gives open requests to finish.
const gatewayGrace = 4 * time.Second

// parts is the list of the bank's processes while it is being made.
type parts struct {
	config    Config
	data      *datadir.Locked
	programs  sidecars.Programs
	held      *ports.Held
	processes []supervisor.Process
	addresses map[string]string           // of each part, to show
	metrics   []string                    // the addresses of the apps' metrics
	check     func(context.Context) error // fails unless the bank takes mutations
	problem   error                       // the first failure to pick a port
	sockets   *bool                       // whether the data directory can have sockets, once it was tried

	root    *datadir.Locked // what the machines share; data itself of a bank on one
	number  int             // of the machine, from 1; 0 of a bank on one
	network []member        // what the machines are to each other, by number; of a bank on one, it alone
}

// newParts lists the processes: first what all need, then each app with its
// sidecar. An app stops before what it needs.
func newParts(
	config Config, listen string, data *datadir.Locked, programs sidecars.Programs, held *ports.Held,
) (*parts, error) {
	p := &parts{config: config, data: data, programs: programs, held: held, addresses: make(map[string]string), root: data}
	p.network = []member{p.newMember()}
	p.all(listen)
	return p, p.problem
}

func (p *parts) all(listen string) {
	p.sentry()
	p.placement()
	p.immudb()
	p.nats()
	p.eventSources()
	p.actor()
	p.projector()
	p.server(listen)
}

// running has the addresses for programs that reach the parts from outside.
func (p *parts) running() datadir.Running {
	gateway := "http://" + p.addresses[contract.AppServer]
	return datadir.Running{Gateway: gateway, Immudb: p.addresses[partImmudb], Parts: p.addresses, Metrics: p.metrics}
}

// port picks a free address.
func (p *parts) port() string {
	address, err := p.held.Pick()
	if err != nil {
		if p.problem == nil {
			p.problem = err
		}
		return "127.0.0.1:0"
	}
	if p.isHost() {
		return net.JoinHostPort(p.host(), ports.Of(address))
	}
	return address
}

// isHost reports whether this machine is a host of its own.
func (p *parts) isHost() bool { return p.number > 0 && len(p.config.Hosts) > 0 }

// host is the address at which everything listens.
func (p *parts) host() string {
	if p.isHost() {
		return p.config.Hosts[p.number-1]
	}
	return "127.0.0.1"
}

// enter has a process run in this machine's host, where its program has the same name.
func (p *parts) enter(process supervisor.Process) supervisor.Process {
	if !p.isHost() {
		return process
	}
	called := process.Called
	if called == "" {
		called = process.Command
	}
	entering := strings.Fields(p.config.Enter[p.number-1])
	process.Args = slices.Concat(entering[1:], []string{process.Command, called}, process.Args)
	process.Command, process.Called = entering[0], ""
	return process
}

// metricsPort picks the address of an app's metrics.
func (p *parts) metricsPort() (address, argument string) {
	address = p.port()
	p.metrics = append(p.metrics, address)
	return address, "--metrics=" + address
}

// certificates is the argument of the app that watches when the certificates end that sign those of the sidecars.
func (p *parts) certificates() string {
	return "--metrics-certificates=" + p.inside(p.data.Secret(secrets.Anchors)) + "," +
		p.inside(p.data.Secret(secrets.Issuer))
}

// addressOf is where the other parts reach a part that was added before: its
// own address, or that of its proxy.
func (p *parts) addressOf(part string) string {
	if proxy := p.config.Via[part]; proxy != "" {
		return proxy
	}
	return p.addresses[part]
}

// add adds a part. Its address is shown; the others are only held for it.
func (p *parts) add(process supervisor.Process, address string, others ...string) {
	own, before := append([]string{address}, others...), process.BeforeStart
	process.BeforeStart = func() error {
		if before != nil {
			if err := before(); err != nil {
				return err
			}
		}
		return p.held.Free(own...)
	}
	process = p.enter(process)
	process.Dir = p.data.Path
	process.Env = append(process.Env, runtimeLimits(process.Name)...)
	p.addresses[process.Name] = address
	p.processes = append(p.processes, process)
}

// addCommand adds a part that is a command of corebank.
func (p *parts) addCommand(process supervisor.Process, address string, others ...string) {
	process.Command = p.config.Program
	process.Args = append(process.Args, "--log-level="+p.config.LogLevel)
	if p.config.LogFormat != "" {
		process.Args = append(process.Args, "--log-format="+p.config.LogFormat)
	}
	p.add(process, address, others...)
}

func (p *parts) immudb() {
	address := p.own().immudb
	p.addCommand(Immudb(p.config.Program, p.data.Dir, address), address)
}

func (p *parts) nats() {
	address := p.own().nats
	url := secrets.BrokerURL(address, secrets.BrokerAdmin, p.data.Tokens[secrets.Broker(secrets.BrokerAdmin)])
	arguments := []string{"nats", "--dir=" + p.data.NATS(), "--listen=" + address, "--passwords=" + p.data.Secrets()}
	p.addCommand(supervisor.Process{
		Name: partNATS, Env: Environment(),
		Args:  append(arguments, p.natsMember()...),
		Ready: jetstream.Probe(url), ReadyWithin: p.longStart(0),
	}, address, p.own().route)
}

// eventSources adds the log: its writer or, of several partitions, their writers
// and the sequencer, which needs them all.
func (p *parts) eventSources() {
	for _, part := range p.data.LogParts()[1:] {
		p.eventSource(part, nil)
	}
	p.eventSource(0, contract.PartitionApps(p.data.Partitions))
}

// eventSource adds the one of a part of the log.
func (p *parts) eventSource(part int, needs []string) {
	name := datadir.LogApp(part)
	service, health := p.port(), p.port()
	measured, metrics := p.metricsPort()
	var broker []string
	if part == 0 { // the writers of several partitions do not publish
		broker = []string{partNATS}
	}
	env := p.sidecar(name, broker, "--app-port="+ports.Of(service), "--app-channel-address="+p.host())
	database, user := datadir.LogNames(part)
	arguments := []string{"eventsource", "--listen=" + service, "--health=" + health, metrics,
		"--immudb=" + p.logAddress(),
		"--immudb-database=" + database, "--immudb-user=" + user,
		"--immudb-password-file=" + p.data.WriterPassword(part), "--immudb-admin-password-file=" + p.data.AdminPassword(),
		"--state-dir=" + p.data.EventSource(part), "--disk=" + p.data.Immudb(), "--disk-floor-file=" + p.data.DiskFloor(),
		"--append-token-file=" + p.data.Secret(secrets.Append),
	}
	if p.config.MTLS && part == 0 {
		arguments = append(arguments, p.certificates())
	}
	if p.number > 0 {
		arguments = append(arguments, "--lease="+contract.AppEventSource)
	}
	if p.data.Partitions > 1 {
		arguments = append(arguments, fmt.Sprintf("--partitions=%d", p.data.Partitions), fmt.Sprintf("--partition=%d", part))
	}
	p.addCommand(supervisor.Process{
		Name: name, Env: env, Args: arguments, Needs: append(p.here(partImmudb, sidecarOf(name)), needs...),
		Ready: isReady(health), ReadyWithin: longStart,
	}, health, service, measured)
}

func (p *parts) actor() {
	health := p.port()
	measured, metrics := p.metricsPort()
	env := p.sidecar(contract.AppActor, []string{partNATS, partPlacement}, p.placementArgument())
	arguments := []string{"actor", "--health=" + health, metrics, "--key-file=" + p.data.ActorKey(),
		"--append-token-file=" + p.data.Secret(secrets.Append), p.eventSourcesArgument(),
		fmt.Sprintf("--partitions=%d", p.data.Partitions)}
	p.addCommand(supervisor.Process{
		Name: contract.AppActor, Env: env, Args: append(arguments, p.identity()...),
		Needs: p.here(contract.AppEventSource, sidecarOf(contract.AppActor)), Ready: isReady(health),
		ReadyWithin: p.longStart(0),
	}, health, measured)
}

func (p *parts) projector() {
	health := p.port()
	measured, metrics := p.metricsPort()
	env := append(p.sidecar(contract.AppProjector, []string{partNATS}), mongoEnvironment()...)
	p.addCommand(supervisor.Process{
		Name: contract.AppProjector, Env: env,
		Args: []string{"projector", "--health=" + health, metrics, "--views=" + p.data.Views(),
			"--admin-token-file=" + p.data.Secret(secrets.Admin), p.eventSourcesArgument(),
			p.projectorLease()},
		Needs: p.here(contract.AppEventSource, sidecarOf(contract.AppProjector)),
		Ready: isReady(health), ReadyWithin: longStart,
	}, health, measured)
}

func (p *parts) server(listen string) {
	measured, metrics := p.metricsPort()
	p.check = answers("http://"+listen+app.ReadyPath, http.StatusOK) // of the whole path of a command
	env := p.sidecar(contract.AppServer, []string{partNATS, partPlacement}, p.placementArgument())
	arguments := []string{"server", "--listen=" + listen, metrics, "--views=" + p.data.Views(),
		fmt.Sprintf("--allow-remote=%t", p.isHost()), "--sessions=" + p.root.Sessions().Dir, p.eventSourcesArgument()}
	p.addCommand(supervisor.Process{
		Name: contract.AppServer, Env: append(env, mongoEnvironment()...), Args: append(arguments, p.identity()...),
		Needs: p.here(contract.AppActor, contract.AppEventSource, sidecarOf(contract.AppServer)),
		Ready: isReady(listen), ReadyWithin: longStart, Grace: gatewayGrace,
	}, listen, measured)
}

// identity are the flags of an app that takes the tokens of the bank's issuer.
func (p *parts) identity() []string {
	return []string{"--issuer=" + p.data.Issuer.Name, "--audience=" + issuer.Audience, "--jwks=" + p.data.Issuer.KeysFile}
}

// Environment is that of this process without the variables of corebank, Dapr and
// OpenTelemetry, which are not meant for the parts, and with more.
func Environment(more ...string) []string {
	var passed []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		foreign := strings.HasPrefix(name, "COREBANK_") || strings.HasPrefix(name, "DAPR_") ||
			strings.HasPrefix(name, "MONGODB_") || strings.HasPrefix(name, telemetry) || name == "NAMESPACE" ||
			name == "APP_API_TOKEN"
		if !foreign {
			passed = append(passed, entry)
		}
	}
	return append(passed, more...)
}

// mongoEnvironment is for the apps that use the views.
func mongoEnvironment() []string {
	var found []string
	for _, name := range []string{"MONGODB_URI", "MONGODB_DATABASE"} {
		if value := os.Getenv(name); value != "" {
			found = append(found, name+"="+value)
		}
	}
	return found
}

// telemetry begins the variables of OpenTelemetry. Only the apps have them: a sidecar
// would send spans of its own, which no span of the bank is around.
const telemetry = "OTEL_"

// telemetryEnvironment is for the apps.
func telemetryEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool { return !strings.HasPrefix(entry, telemetry) })
}

// answers is ready when the address answers with the status.
func answers(address string, status int) func(context.Context) error {
	return func(ctx context.Context) error { return app.CheckHealth(ctx, address, status) }
}

// isReady is ready when the app at the address reports that it is, or that it
// answers queries: a bank whose disk is nearly full can still be read.
func isReady(address string) func(context.Context) error {
	return func(ctx context.Context) error { return app.CheckServes(ctx, "http://"+address+app.ReadyPath) }
}
