package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"corebank/internal/contract"
	"corebank/internal/identity/issuer"
	"corebank/internal/secrets"
	"corebank/localbank/sidecars"
	"corebank/localbank/supervisor"
)

// Names of the parts that are no apps.
const (
	partSentry    = "sentry"
	partPlacement = "placement"
	partImmudb    = "immudb"
	partNATS      = "nats"
)

// How long parts may take at a start: those that read the whole log get more.
const longStart = 10 * time.Minute

// gatewayGrace is longer than the gateway gives open requests to finish.
const gatewayGrace = 4 * time.Second

// parts is the bank as a list of processes, made field by field.
type parts struct {
	config    upConfig
	data      *dataDir
	programs  sidecars.Programs
	ports     *ports
	self      string // this program
	processes []supervisor.Process
	addresses map[string]string // of each part, to show
	problem   error             // the first one of picking a port
}

// newParts lists what to run: first what all need, then each app with its
// sidecar. An app stops before what it needs.
func newParts(config upConfig, listen string, data *dataDir, programs sidecars.Programs, held *ports) (*parts, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	p := &parts{config: config, data: data, programs: programs, ports: held, self: self, addresses: make(map[string]string)}
	p.sentry()
	p.placement()
	p.immudb()
	p.nats()
	p.eventsource()
	p.actor()
	p.projector()
	p.server(listen)
	return p, p.problem
}

// port picks a free address.
func (p *parts) port() string {
	address, err := p.ports.pick()
	if err != nil {
		if p.problem == nil {
			p.problem = err
		}
		return "127.0.0.1:0"
	}
	return address
}

// reach is where the others find a part that was added before: at its address,
// or at what stands between.
func (p *parts) reach(part string) string {
	if between := p.config.Via[part]; between != "" {
		return between
	}
	return p.addresses[part]
}

// add adds a part: address is shown, others are held for it as well.
func (p *parts) add(process supervisor.Process, address string, others ...string) {
	mine, before := append([]string{address}, others...), process.BeforeStart
	process.BeforeStart = func() error {
		if before != nil {
			if err := before(); err != nil {
				return err
			}
		}
		return p.ports.free(mine...)
	}
	process.Dir = p.data.path
	process.Env = append(process.Env, share(process.Name)...)
	p.addresses[process.Name] = address
	p.processes = append(p.processes, process)
}

// command adds a part that is a command of this program.
func (p *parts) command(process supervisor.Process, address string, others ...string) {
	process.Command = p.self
	process.Args = append(process.Args, "--"+flagLogLevel+"="+p.config.LogLevel)
	p.add(process, address, others...)
}

func (p *parts) immudb() {
	address := p.port()
	p.command(supervisor.Process{Name: partImmudb, Env: environment(), Args: []string{"immudb",
		"--dir=" + p.data.immudb(), "--listen=" + address, "--admin-password-file=" + p.data.adminPassword(),
	}, Ready: func(ctx context.Context) error { return askImmudb(ctx, address) }, ReadyWithin: longStart}, address)
}

func (p *parts) nats() {
	address := p.port()
	p.command(supervisor.Process{Name: partNATS, Env: environment(), Args: []string{"nats",
		"--dir=" + p.data.nats(), "--listen=" + address, "--passwords=" + p.data.secrets(),
	}, Ready: func(ctx context.Context) error {
		return withJetStream(ctx, secrets.BrokerURL(address, secrets.BrokerAdmin, p.data.set[secrets.Broker(secrets.BrokerAdmin)]), findTopic)
	}}, address)
}

func (p *parts) actor() {
	health := p.port()
	env := p.sidecar(contract.AppActor, []string{partNATS, partPlacement}, "--placement-host-address="+p.reach(partPlacement))
	p.command(supervisor.Process{Name: contract.AppActor, Env: env, Args: append([]string{"actor", "--health=" + health,
		"--key-file=" + p.data.actorKey(), "--append-token-file=" + p.data.secret(secrets.Append),
		fmt.Sprintf("--partitions=%d", p.data.partitions)}, p.identity()...),
		Needs: []string{contract.AppEventSource, sidecarOf(contract.AppActor)}, Ready: isReady(health)}, health)
}

func (p *parts) projector() {
	health := p.port()
	env := append(p.sidecar(contract.AppProjector, []string{partNATS}), mongoEnvironment()...)
	p.command(supervisor.Process{Name: contract.AppProjector, Env: env, Args: []string{"projector",
		"--health=" + health, "--views=" + p.data.views(), "--admin-token-file=" + p.data.secret(secrets.Admin),
	}, Needs: []string{contract.AppEventSource, sidecarOf(contract.AppProjector)}, Ready: isReady(health), ReadyWithin: longStart}, health)
}

func (p *parts) server(listen string) {
	env := append(p.sidecar(contract.AppServer, []string{partNATS, partPlacement}, "--placement-host-address="+p.reach(partPlacement)), mongoEnvironment()...)
	p.command(supervisor.Process{Name: contract.AppServer, Env: env, Args: append([]string{"server",
		"--listen=" + listen, "--views=" + p.data.views(), "--allow-remote=false",
		"--local-key-file=" + p.data.people.KeyFile,
	}, p.identity()...), Needs: []string{contract.AppActor, contract.AppEventSource, sidecarOf(contract.AppServer)},
		Ready: isReady(listen), Grace: gatewayGrace}, listen)
}

// identity says whose tokens are taken: those of the bank's own issuer.
func (p *parts) identity() []string {
	return []string{"--issuer=" + p.data.people.Name, "--audience=" + issuer.Audience, "--jwks=" + p.data.people.KeysFile}
}

// environment is this process's, without what speaks to corebank or Dapr and
// is not meant for the parts, and with more.
func environment(more ...string) []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		foreign := strings.HasPrefix(name, "COREBANK_") || strings.HasPrefix(name, "DAPR_") ||
			strings.HasPrefix(name, "MONGODB_") || name == "NAMESPACE" || name == "APP_API_TOKEN"
		if !foreign {
			kept = append(kept, entry)
		}
	}
	return append(kept, more...)
}

// mongoEnvironment is for those who use the views.
func mongoEnvironment() []string {
	var found []string
	for _, name := range []string{"MONGODB_URI", "MONGODB_DATABASE"} {
		if value, given := os.LookupEnv(name); given {
			found = append(found, name+"="+value)
		}
	}
	return found
}

// answers is ready when the address answers with the status.
func answers(address string, status int) func(context.Context) error {
	return func(ctx context.Context) error { return checkHealth(ctx, address, status) }
}

// isReady is ready when the app says so itself.
func isReady(address string) func(context.Context) error {
	return answers("http://"+address+"/readyz", http.StatusOK)
}

// askImmudb asks the server itself: it answers when its databases are open.
func askImmudb(ctx context.Context, address string) error {
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
		return fmt.Errorf("immudb %s says that it is not healthy", health.GetVersion())
	}
	return nil
}
