//go:build linux

package compose

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"corebank/internal/secrets"
)

// TestTheComposeFileLosesNothing is the whole life of a system in containers: a start,
// crashes of every part, new containers for every app, and the accounts.
func TestTheComposeFileLosesNothing(t *testing.T) {
	p := newProject(t, "one", 1, "docker-compose.yml", "compose.demo.yaml")
	p.up(t, "server")
	checkHardened(t, p)
	checkTelemetry(t, p)
	checkSidecarsAreQuiet(t, p)
	checkHealthNeedsTheSidecar(t, p)

	token := p.must(t, "exec", "-T", "server", "/corebank", "token", "--data=/home/nonroot")
	pay := newPayments(token, p.gateways...)
	if err := pay.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	pay.during(t, func() { hurt(t, p, pay) })
	checkAccounts(t, pay)
	audit(t, p)
}

// TestTheStandInDoesWhatMongoDBDoes: the suite of the views' store, with transactions,
// snapshots and write conflicts, on the engine that stands in for MongoDB above. Without
// that, what is right on it would say little.
func TestTheStandInDoesWhatMongoDBDoes(t *testing.T) {
	if wantedImages(t) == public {
		t.Skip("MongoDB itself is used, and has a job of its own for this suite")
	}
	name, port := "corebank-check-store"+time.Now().Format("150405"), freePort(t)
	t.Cleanup(func() { _, _ = docker(context.WithoutCancel(t.Context()), "rm", "--force", "--volumes", name) })
	must(t, "run", "--detach", "--name="+name, "--publish=127.0.0.1:"+port+":27017", standInTag(t, "mongo"),
		"mongod", "--replSet", "rs0")
	must(t, "exec", name, "mongosh", "--quiet", "--eval",
		`rs.initiate({_id: "rs0", members: [{_id: 0, host: "127.0.0.1:`+port+`"}]})`)
	suite := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-skip=FerretDB|./FerretDB",
		"./internal/view/mongo")
	suite.Dir = root
	suite.Env = append(os.Environ(), "MONGODB_URI=mongodb://127.0.0.1:"+port+"/?replicaSet=rs0")
	out, err := run(suite)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out)
}

// hurt kills each container once and recreates each app with its sidecar, and waits
// after each until the bank is well and takes payments.
func hurt(t *testing.T, p *project, pay *payments) {
	t.Helper()
	fault := func(what, service string, do func(ctx context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), recoveryTime)
		defer cancel()
		before, _, _ := pay.status()
		if err := pay.awaitMore(ctx, before); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := do(ctx); err != nil {
			t.Fatal(err)
		}
		after, _ := pay.progress()
		if err := p.healthy(ctx); err != nil {
			t.Fatalf("%s was %s: %v", service, what, err)
		}
		if err := pay.awaitMore(ctx, after); err != nil {
			t.Fatalf("%s was %s: %v", service, what, err)
		}
		_, pause, _ := pay.status()
		t.Logf("%-17s %-9s well after %4.1f s, longest time without a payment %4.1f s", service, what,
			time.Since(began).Seconds(), pause.Seconds())
	}
	for _, service := range p.services(t) {
		fault("killed", service, func(ctx context.Context) error { return p.crash(ctx, service) })
	}
	for _, app := range secrets.Apps() {
		fault("recreated", app, func(ctx context.Context) error {
			_, err := p.compose(ctx, "up", "--detach", "--no-deps", "--force-recreate", app, app+"-dapr")
			return err
		})
	}
}

// audit lets the bank check its log, immudb's proofs and the views in MongoDB.
func audit(t *testing.T, p *project) {
	t.Helper()
	views := "mongodb://server:" + p.variables["SECRET_MONGO_SERVER"] + "@mongo:27017/?replicaSet=rs0&authSource=admin"
	out := p.must(t, "exec", "-T", "--env=MONGODB_URI="+views, "eventsource", "/corebank", "audit", "--immudb=immudb:3322",
		"--immudb-password-file=/run/secrets/immudb_password", "--state=/home/nonroot/audited.json")
	t.Log(out)
}

// checkHardened: what the file says of rights is so in the containers that run.
func checkHardened(t *testing.T, p *project) {
	t.Helper()
	for _, service := range p.services(t) {
		const format = "{{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Privileged}}"
		got, err := p.state(t.Context(), service, format)
		if err != nil || !strings.HasSuffix(got, "[ALL] [no-new-privileges:true] false") {
			t.Errorf("%s runs with %s (%v)", service, got, err)
		}
	}
}

// checkSidecarsAreQuiet: a sidecar that warns at every start teaches people to read
// no warnings.
func checkSidecarsAreQuiet(t *testing.T, p *project) {
	t.Helper()
	for _, app := range secrets.Apps() {
		for line := range strings.Lines(p.must(t, "logs", "--no-log-prefix", app+"-dapr")) {
			if strings.Contains(line, "non-YAML") {
				t.Errorf("%s-dapr: %s", app, line)
			}
		}
	}
}

// checkHealthNeedsTheSidecar: an app that no sidecar serves is out of reach, and must
// not be called healthy.
func checkHealthNeedsTheSidecar(t *testing.T, p *project) {
	t.Helper()
	ask := func(service string) (string, error) {
		return p.compose(t.Context(), "exec", "-T", service, "/corebank", "health", "http://127.0.0.1:8081/readyz")
	}
	p.must(t, "stop", "eventsource-dapr", "projector-dapr")
	for _, service := range []string{"eventsource", "projector"} {
		if out, err := ask(service); err == nil || !strings.Contains(err.Error(), "the sidecar does not answer") {
			t.Errorf("%s without its sidecar says of its health: %s, %v", service, out, err)
		}
	}
	p.must(t, "start", "eventsource-dapr", "projector-dapr")
	ctx, cancel := context.WithTimeout(t.Context(), recoveryTime)
	defer cancel()
	if err := p.healthy(ctx); err != nil {
		t.Fatal(err)
	}
}
