//go:build linux

package compose

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"corebank/internal/app"
)

// machinesInCluster is how many compose.cluster.yaml has.
const machinesInCluster = 3

// frozen is how long a machine stands still: longer than its lease, and than the others
// wait for its copy of the log.
const frozen = 6 * time.Second

// TestTheClusterOutlivesItsMachines: one machine after the other is lost with its disk, cut
// off from its peers, and frozen, while payments go on at the gateways of the others.
func TestTheClusterOutlivesItsMachines(t *testing.T) {
	p := newProject(t, "cluster", machinesInCluster, "compose.cluster.yaml")
	p.up(t, "server-1", "server-1-dapr")
	checkHardened(t, p)
	checkTelemetry(t, p)
	token := p.must(t, "exec", "-T", "server-1", "/corebank", "token", "--data=/demo")
	pay := newPayments(token, p.gateways...)
	if err := pay.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	pay.during(t, func() {
		// The first one has the primary of a new log.
		p.hurtMachine(t, pay, "lost with its disk", 1, p.lose, func(ctx context.Context, _ int) error {
			_, err := p.compose(ctx, "up", "--detach")
			return err
		})
		p.hurtMachine(t, pay, "cut off", p.working(t), p.cutOff, p.putBack)
		p.hurtMachine(t, pay, "frozen", p.working(t), p.freeze, p.thaw)
		p.hurtMachine(t, pay, "frozen", p.placing(t), p.freeze, p.thaw)
	})
	checkAccounts(t, pay)
	checkCopies(t, p)
	// The views are those of the machine that has lost all that it had before.
	t.Log(p.must(t, "run", "--rm", "--no-deps", "-T", "--volume="+p.name+"_views-1:/views", "eventsource-1", "audit",
		"--immudb="+addressesOfCopies, "--views=/views/views.db", "--state=/home/nonroot/audited.json",
		"--immudb-password-file=/run/secrets/immudb_password"))
}

// hurtMachine does something to a machine, waits for payments while it is away and until the
// other gateways show them, mends it, and waits until all is well.
func (p *project) hurtMachine(
	t *testing.T, pay *payments, what string, number int, hurt, mend func(context.Context, int) error,
) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*recoveryTime)
	defer cancel()
	before, _, _ := pay.status()
	began := time.Now()
	err := hurt(ctx, number)
	away, _ := pay.progress()
	if err = errors.Join(err, pay.awaitMore(ctx, max(away, before+clients))); err != nil {
		t.Fatalf("machine %d was %s: %v", number, what, err)
	}
	_, pause, _ := pay.status()
	if err := pay.awaitViews(ctx, number); err != nil {
		t.Fatalf("machine %d was %s: %v", number, what, err)
	}
	if err := mend(ctx, number); err != nil {
		t.Fatalf("machine %d was %s: %v", number, what, err)
	}
	after, _ := pay.progress()
	if err := errors.Join(p.healthy(ctx), p.copied(ctx), pay.awaitMore(ctx, after)); err != nil {
		t.Fatalf("machine %d was %s and came back: %v", number, what, err)
	}
	_, later, _ := pay.status()
	t.Logf("machine %d %-18s longest time without a payment %4.1f s while it was away and %4.1f s when it came back, "+
		"well again after %3.0f s", number, what, pause.Seconds(), later.Seconds(), time.Since(began).Seconds())
}

// containers are those of a machine.
func (p *project) containers(ctx context.Context, number int) (ids []string, err error) {
	out, err := docker(ctx, "ps", "--all", "--filter=label=com.docker.compose.project="+p.name,
		"--format", `{{.ID}} {{.Label "com.docker.compose.service"}}`)
	if err != nil {
		return nil, err
	}
	of := regexp.MustCompile(fmt.Sprintf(`-%d(-dapr)?$`, number))
	for line := range strings.Lines(out) {
		if id, service, _ := strings.Cut(strings.TrimSpace(line), " "); of.MatchString(service) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("machine %d has no containers", number)
	}
	return ids, nil
}

// each gives the containers of a machine to a command of Docker.
func (p *project) each(ctx context.Context, number int, command ...string) error {
	ids, err := p.containers(ctx, number)
	if err == nil {
		_, err = docker(ctx, append(command, ids...)...)
	}
	return err
}

// lose kills everything on a machine and deletes what it has stored.
func (p *project) lose(ctx context.Context, number int) error {
	if err := p.each(ctx, number, "kill"); err != nil {
		return err
	}
	if err := p.each(ctx, number, "rm", "--force", "--volumes"); err != nil {
		return err
	}
	var volumes []string
	for _, of := range []string{"immudb", "nats", "actor", "views"} {
		volumes = append(volumes, fmt.Sprintf("%s_%s-%d", p.name, of, number))
	}
	_, err := docker(ctx, append([]string{"volume", "rm"}, volumes...)...)
	return err
}

func (p *project) between() string { return p.name + "_between" }

// holder is the container whose network the others of a machine share.
func (p *project) holder(number int) string { return fmt.Sprintf("%s-machine-%d-1", p.name, number) }

// cutOff takes a machine off the network between the machines. Clients still reach it.
func (p *project) cutOff(ctx context.Context, number int) error {
	_, err := docker(ctx, "network", "disconnect", p.between(), p.holder(number))
	return err
}

func (p *project) putBack(ctx context.Context, number int) error {
	_, err := docker(ctx, "network", "connect", fmt.Sprintf("--ip=172.28.93.1%d", number), p.between(),
		p.holder(number))
	return err
}

func (p *project) freeze(ctx context.Context, number int) error {
	if err := p.each(ctx, number, "pause"); err != nil {
		return err
	}
	if !app.Pause(ctx, frozen) { // it is the fault itself that lasts so long
		return ctx.Err()
	}
	return nil
}

func (p *project) thaw(ctx context.Context, number int) error { return p.each(ctx, number, "unpause") }

// working is the machine whose event source works.
func (p *project) working(t *testing.T) int {
	return p.saidLast(t, "eventsource", "this process leads")
}

// placing is the machine that has the placement's leader, which says where each actor is.
func (p *project) placing(t *testing.T) int {
	return p.saidLast(t, "placement", "has acquired leadership")
}

// saidLast is the machine whose service was the last to say something.
func (p *project) saidLast(t *testing.T, service, what string) (number int) {
	t.Helper()
	last := ""
	for machine := 1; machine <= machinesInCluster; machine++ {
		logs := p.must(t, "logs", "--no-log-prefix", "--timestamps", fmt.Sprintf("%s-%d", service, machine))
		for line := range strings.Lines(logs) {
			at, text, _ := strings.Cut(line, " ")
			if strings.Contains(text, what) && at > last {
				last, number = at, machine
			}
		}
	}
	if number == 0 {
		t.Fatalf("no %s says that %q", service, what)
	}
	return number
}
