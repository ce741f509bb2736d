package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/supervisor"
)

// sentry adds the authority that gives the sidecars their certificates.
func (p *parts) sentry() {
	if !p.config.MTLS {
		return
	}
	address, health := p.port(), p.port()
	p.add(supervisor.Process{Name: partSentry, Command: p.programs.Sentry, Env: environment(), Args: []string{
		"--listen-address=127.0.0.1", "--port=" + portOf(address),
		"--healthz-listen-address=127.0.0.1", "--healthz-port=" + portOf(health),
		"--issuer-credentials=" + p.data.secrets(), "--trust-domain=" + secrets.TrustDomain,
		"--config=" + filepath.Join(p.data.components(), "sentry.yaml"),
		"--enable-metrics=false", "--log-level=" + p.config.LogLevel,
	}, Ready: answers("http://"+health+"/healthz", http.StatusOK)}, address, health)
}

func (p *parts) placement() {
	address, health, raft := p.port(), p.port(), p.port()
	process := supervisor.Process{Name: partPlacement, Command: p.programs.Placement, Env: environment(), Args: []string{
		"--listen-address=127.0.0.1", "--port=" + portOf(address),
		"--healthz-listen-address=127.0.0.1", "--healthz-port=" + portOf(health),
		"--initial-cluster=dapr-placement-0=" + raft,
		"--enable-metrics=false", "--log-level=" + p.config.LogLevel,
	}, Ready: answers("http://"+health+"/healthz", http.StatusOK)}
	if p.config.MTLS {
		process.Needs = []string{partSentry}
		process.Args = append(process.Args, "--tls-enabled", "--sentry-address="+p.reach(partSentry),
			"--trust-domain="+secrets.TrustDomain, "--trust-anchors-file="+p.data.secret(secrets.Anchors))
		process.Env = append(process.Env, p.identityOf(secrets.Placement))
	}
	p.add(process, address, health, raft)
}

func sidecarOf(app string) string { return app + "-sidecar" }

// sidecarGrace is longer than a sidecar takes to give up by itself.
const sidecarGrace = 2 * time.Second

// sidecar adds the Dapr sidecar of an app and returns the environment in which
// the app finds it. What is secret is in environments, which like files of mode
// 0600 only their owner can read.
func (p *parts) sidecar(app string, needs []string, more ...string) []string {
	door, internal := p.door(app), p.port()
	arguments := []string{
		"--app-id=" + app, "--app-protocol=grpc",
		"--dapr-internal-grpc-listen-address=127.0.0.1", "--dapr-internal-grpc-port=" + portOf(internal),
		"--resources-path=" + p.data.components(), "--config=" + filepath.Join(p.data.components(), "config.yaml"),
		"--enable-metrics=false", "--dapr-graceful-shutdown-seconds=1", "--log-level=" + p.config.LogLevel,
	}
	tokens := []string{"DAPR_API_TOKEN=" + p.data.set[secrets.Sidecar(app)]}
	if token := p.data.set[secrets.App(app)]; token != "" {
		tokens = append(tokens, "APP_API_TOKEN="+token)
	}
	env := append(environment(
		"DAPR_HOST_IP=127.0.0.1", // what the other sidecars are told
		"COREBANK_NAMES_DB="+sqliteURI(p.data.names(), ""),
	), tokens...)
	hasBroker := slices.Contains(needs, partNATS)
	if hasBroker {
		env = append(env, "COREBANK_NATS_URL="+p.broker(app))
	}
	if app == contract.AppActor {
		env = append(env, "COREBANK_STATE_DB="+sqliteURI(p.data.actors(), "_pragma=synchronous(normal)"))
	}
	if p.config.MTLS {
		needs = append(needs, partSentry)
		arguments = append(arguments, "--enable-mtls", "--sentry-address="+p.reach(partSentry),
			"--control-plane-trust-domain="+secrets.TrustDomain, "--config="+filepath.Join(p.data.components(), "access.yaml"))
		env = append(env, p.identityOf(app), "DAPR_TRUST_ANCHORS="+p.data.set[secrets.Anchors])
	}
	p.add(supervisor.Process{Name: sidecarOf(app), Command: p.programs.Daprd, Args: slices.Concat(arguments, door.arguments, more), Needs: needs, Env: env,
		BeforeStart: door.clear, Ready: door.ready, Grace: sidecarGrace}, door.api, append(door.ports, internal)...)
	if hasBroker && app != contract.AppActor { // which leaves the broker to its sidecar
		tokens = append(tokens, variable("broker")+"="+p.broker(app))
	}
	return append(environment("DAPR_GRPC_ENDPOINT="+p.reach(sidecarOf(app))), tokens...)
}

// identityOf names the file that sentry gives a certificate for.
func (p *parts) identityOf(id string) string {
	return "DAPR_SENTRY_TOKEN_FILE=" + p.data.secret(secrets.Identity(id))
}

// broker is where an app and its sidecar reach the broker, as the app's user.
func (p *parts) broker(app string) string {
	return secrets.BrokerURL(p.reach(partNATS), app, p.data.set[secrets.Broker(app)])
}
