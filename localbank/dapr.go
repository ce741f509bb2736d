package localbank

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/ports"
	"corebank/localbank/supervisor"
)

// sentry adds the authority that gives the sidecars their certificates.
func (p *parts) sentry() {
	if !p.config.MTLS {
		return
	}
	address, health := p.port(), p.port()
	p.add(supervisor.Process{Name: partSentry, Command: p.programs.Sentry, Env: Environment(), Args: []string{
		"--listen-address=" + p.host(), "--port=" + ports.Of(address),
		"--healthz-listen-address=" + p.host(), "--healthz-port=" + ports.Of(health),
		"--issuer-credentials=" + p.inside(p.data.Secrets()), "--trust-domain=" + secrets.TrustDomain,
		"--config=" + p.component("sentry.yaml"),
		"--enable-metrics=false", "--log-level=" + p.config.LogLevel, p.logAsJSON(),
	}, Called: partSentry, Ready: answers("http://"+health+"/healthz", http.StatusOK)}, address, health)
}

func (p *parts) placement() {
	address, raft, health := p.own().placement, p.own().raft, p.port()
	process := supervisor.Process{Name: partPlacement, Command: p.programs.Placement, Env: Environment(), Args: []string{
		"--listen-address=" + p.host(), "--port=" + ports.Of(address),
		"--healthz-listen-address=" + p.host(), "--healthz-port=" + ports.Of(health),
		"--id=" + placementID(max(p.number, 1)), "--initial-cluster=" + p.raftMembers(),
		"--enable-metrics=false", "--log-level=" + p.config.LogLevel, p.logAsJSON(),
	}, Called: partPlacement, Ready: answers("http://"+health+"/healthz", http.StatusOK)}
	if p.config.MTLS {
		process.Needs = []string{partSentry}
		process.Args = append(process.Args, "--tls-enabled", "--sentry-address="+p.addressOf(partSentry),
			"--trust-domain="+secrets.TrustDomain, "--trust-anchors-file="+p.inside(p.data.Secret(secrets.Anchors)))
		process.Env = append(process.Env, p.identityOf(secrets.Placement))
	}
	p.add(process, address, health, raft)
}

// placementID is the name of a machine's placement among those of all machines.
func placementID(number int) string { return fmt.Sprintf("dapr-placement-%d", number-1) }

// raftMembers are the addresses of the placements for each other.
func (p *parts) raftMembers() string {
	var members []string
	for i, m := range p.network {
		members = append(members, placementID(i+1)+"="+m.raft)
	}
	return strings.Join(members, ",")
}

// placementArgument has all placements: the sidecars find the one that leads.
func (p *parts) placementArgument() string {
	addresses := []string{p.addressOf(partPlacement)}
	for i, m := range p.network {
		if i+1 != max(p.number, 1) {
			addresses = append(addresses, m.placement)
		}
	}
	return "--placement-host-address=" + strings.Join(addresses, ",")
}

func sidecarOf(app string) string { return app + "-sidecar" }

// sidecarGrace is longer than a sidecar takes to stop by itself.
const sidecarGrace = 2 * time.Second

// sidecar adds the Dapr sidecar of an app and returns the environment in which
// the app finds it. Secrets are in environments, which only their owner can
// read, as with files of mode 0600.
func (p *parts) sidecar(app string, needs []string, more ...string) []string {
	id := p.appID(app)
	endpoint, internal := p.endpoint(id), p.port()
	arguments := []string{
		"--app-id=" + id, "--app-protocol=grpc",
		"--dapr-internal-grpc-listen-address=" + p.host(), "--dapr-internal-grpc-port=" + ports.Of(internal),
		"--resources-path=" + p.inside(p.data.Components()), "--config=" + p.component("config.yaml"),
		"--enable-metrics=false", "--dapr-graceful-shutdown-seconds=1", "--log-level=" + p.config.LogLevel,
		p.logAsJSON(),
	}
	tokens := []string{"DAPR_API_TOKEN=" + p.data.Tokens[secrets.Sidecar(id)]}
	if token := p.data.Tokens[secrets.App(id)]; token != "" {
		tokens = append(tokens, "APP_API_TOKEN="+token)
	}
	env := append(Environment(
		"DAPR_HOST_IP="+p.host(), // the other sidecars reach this one there
		"COREBANK_NAMES_DB=file:"+p.inside(p.root.Names()),
	), tokens...)
	hasBroker := slices.Contains(needs, partNATS)
	if hasBroker {
		env = append(env, "COREBANK_NATS_URL="+p.brokerURL(app))
	}
	if app == contract.AppActor {
		env = append(env, "COREBANK_STATE_DB=file:"+p.inside(p.data.Actors())+"?_pragma=synchronous(normal)")
	}
	if p.config.MTLS {
		needs = append(needs, partSentry)
		arguments = append(arguments, "--enable-mtls", "--sentry-address="+p.addressOf(partSentry),
			"--control-plane-trust-domain="+secrets.TrustDomain, "--config="+p.component("access.yaml"))
		env = append(env, p.identityOf(id), "DAPR_TRUST_ANCHORS="+p.data.Tokens[secrets.Anchors])
	}
	p.add(supervisor.Process{
		Name: sidecarOf(app), Command: p.programs.Daprd, Args: slices.Concat(arguments, endpoint.arguments, more),
		Needs: needs, Env: env, BeforeStart: endpoint.clear, Ready: endpoint.ready, Grace: sidecarGrace,
	}, endpoint.api, append(endpoint.ports, internal)...)
	if hasBroker && app != contract.AppActor { // the actor app does not watch the broker
		tokens = append(tokens, "COREBANK_BROKER="+p.brokerURL(app))
	}
	reached := endpoint.reached
	if proxy := p.config.Via[sidecarOf(app)]; proxy != "" {
		reached = proxy
	}
	return append(append(Environment("DAPR_GRPC_ENDPOINT="+reached), tokens...), telemetryEnvironment()...)
}

// logAsJSON has a program of Dapr log as the apps do.
func (p *parts) logAsJSON() string {
	return fmt.Sprintf("--log-as-json=%t", p.config.LogFormat == "json")
}

// inside names a path in the data directory, where all parts run.
func (p *parts) inside(path string) string { return filepath.ToSlash(p.data.Inside(path)) }

func (p *parts) component(name string) string {
	return p.inside(filepath.Join(p.data.Components(), name))
}

// identityOf names the file with the identity that sentry gives a certificate for.
func (p *parts) identityOf(id string) string {
	return "DAPR_SENTRY_TOKEN_FILE=" + p.inside(p.data.Secret(secrets.Identity(id)))
}

// brokerURL is where an app and its sidecar reach the broker, as the app's user.
func (p *parts) brokerURL(app string) string {
	return secrets.BrokerURL(p.addressOf(partNATS), app, p.data.Tokens[secrets.Broker(app)])
}
