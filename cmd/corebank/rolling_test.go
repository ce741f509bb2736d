package main_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/check/livebank"
	"corebank/internal/app"
	"corebank/internal/contract"
)

const (
	payersAtOnce = 4
	restartTime  = time.Minute // generous: other tests have the machine as well
)

// longestPause is how long there may be no payment that is acknowledged: as
// promised, or, where other tests have the machine as well, without a promise.
func longestPause() time.Duration {
	if os.Getenv(longUpgrade) != "" {
		return 5 * time.Second
	}
	return restartTime
}

// TestEveryAppRestartsInTurn, of a bank with two gateways and two hosts of actors, as
// a rolling update does. Clients that use the other gateway when theirs is away get
// no error but those that say to try again, and every payment is made once.
func TestEveryAppRestartsInTurn(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank")
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	address, err := livebank.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	bank := &livebank.Bank{Program: program, Data: filepath.Join(t.TempDir(), "bank"), Listen: address}
	t.Cleanup(func() { _ = bank.Kill(context.Background()) })
	if err := bank.Start(t.Context(), coldStart); err != nil {
		t.Fatal(err)
	}
	token, err := exec.Command(program, "token", "--data", bank.Data).Output()
	if err != nil {
		t.Fatal(err)
	}
	client := banktest.NewClient(t, bank.Where.Gateway, strings.TrimSpace(string(token)))
	actors, gateway := second(t, bank, contract.AppActor), second(t, bank, contract.AppServer)
	p := newPayers(t, client, banktest.NewClient(t, "http://"+gateway.app.address, client.Token))
	restart := func(part string) func() error {
		return func() error {
			old, err := bank.Signal(part, syscall.SIGTERM)
			if err == nil {
				err = bank.AwaitAnother(within(t, restartTime), part, old)
			}
			return err
		}
	}
	steps := []struct {
		part string
		do   func() error
	}{{"eventsource", restart("eventsource")}, {"actor", restart("actor")}, {"the second actor", actors.app.restart},
		{"projector", restart("projector")}, {"server", restart("server")}, {"the second server", gateway.app.restart}}
	if os.Getenv(longUpgrade) != "" {
		for _, part := range []string{"eventsource-sidecar", "actor-sidecar", "projector-sidecar", "server-sidecar"} {
			steps = append(steps, steps[0])
			steps[len(steps)-1].part, steps[len(steps)-1].do = part, restart(part)
		}
	}
	for _, step := range steps {
		p.await(step.part)
		began := time.Now()
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v\n%s", step.part, err, bank.LastWords())
		}
		p.await(step.part)
		if err := p.awaitReady(bank); err != nil {
			t.Fatalf("after %s was restarted: %v", step.part, err)
		}
		t.Logf("%s restarted, and all is ready after %s", step.part, time.Since(began).Round(time.Millisecond))
	}
	p.end()
	if found := corebank(t, nil, "audit", "--data", bank.Data); found.code != 0 {
		t.Errorf("the audit after the restarts: %+v", found)
	}
	gateway.stop()
	actors.stop()
	if err := bank.Stop(); err != nil {
		t.Error(err)
	}
}

// replica is a second app of a kind beside a bank, with a sidecar of its own.
type replica struct{ sidecar, app *process }

// second starts one: as the bank's own, at other addresses.
func second(t *testing.T, bank *livebank.Bank, name string) replica {
	t.Helper()
	var addresses [5]string
	for i := range addresses {
		var err error
		if addresses[i], err = livebank.FreeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	internal, api, web, own, metrics := addresses[0], addresses[1], addresses[2], addresses[3], addresses[4]
	port := func(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
	parts := bank.Parts()
	sidecar := &process{t: t, dir: bank.Data, log: name + "-2-sidecar.log",
		ready: "http://" + web + "/v1.0/healthz/outbound", status: 204,
		arguments: changed(livebank.Arguments(parts[name+"-sidecar"]), "--dapr-internal-grpc-port="+port(internal),
			"--unix-domain-socket=", "--dapr-listen-addresses=127.0.0.1", "--dapr-grpc-port="+port(api),
			"--dapr-http-port="+port(web)),
		environment: changed(livebank.EnvironmentOf(parts[name+"-sidecar"]),
			"COREBANK_STATE_DB=file:actors-2.db?_pragma=synchronous(normal)")}
	one := &process{t: t, dir: bank.Data, log: name + "-2.log", address: own, ready: "http://" + own + app.ReadyPath,
		status: 200, environment: changed(livebank.EnvironmentOf(parts[name]), "DAPR_GRPC_ENDPOINT="+api)}
	where := "--health=" + own
	if name == contract.AppServer {
		where = "--listen=" + own
	}
	one.arguments = changed(livebank.Arguments(parts[name]), where, "--metrics="+metrics)
	for _, p := range []*process{sidecar, one} {
		t.Cleanup(p.kill)
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
	}
	return replica{sidecar, one}
}

// stop ends the app, and then its sidecar.
func (r replica) stop() {
	for _, p := range []*process{r.app, r.sidecar} {
		if err := p.end(); err != nil {
			p.t.Error(err)
		}
	}
}

// changed are settings such as "--flag=value" or "NAME=value" with others in their
// places. One without a value is left out.
func changed(settings []string, others ...string) []string {
	settings = slices.Clone(settings)
	for _, other := range others {
		name, value, _ := strings.Cut(other, "=")
		settings = slices.DeleteFunc(settings, func(one string) bool { return strings.HasPrefix(one, name+"=") })
		if value != "" {
			settings = append(settings, other)
		}
	}
	return settings
}

// process is one that the test itself starts and restarts.
type process struct {
	t                      *testing.T
	dir, log               string
	arguments, environment []string
	address                string
	ready                  string // where it says that it is, with this status
	status                 int

	command *exec.Cmd
	ended   chan struct{}
}

func (p *process) start() error {
	output, err := os.OpenFile(filepath.Join(p.dir, p.log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer output.Close()
	p.command = exec.Command(p.arguments[0], p.arguments[1:]...)
	p.command.Dir, p.command.Env, p.command.Stdout, p.command.Stderr = p.dir, p.environment, output, output
	if p.ended, err = livebank.Launch(p.command); err != nil {
		return err
	}
	ctx := within(p.t, restartTime)
	for err := errors.New("not asked"); err != nil; err = app.CheckHealth(ctx, p.ready, p.status) {
		select {
		case <-p.ended:
			text, _ := os.ReadFile(filepath.Join(p.dir, p.log))
			return fmt.Errorf("%s ended: %s", p.log, text[max(0, len(text)-2000):])
		default:
		}
		if !app.Pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("%s is not ready: %w", p.log, err)
		}
	}
	return nil
}

func (p *process) end() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(restartTime):
		return fmt.Errorf("%s does not end", p.log)
	}
}

func (p *process) restart() error {
	if err := p.end(); err != nil {
		return err
	}
	return p.start()
}

func (p *process) kill() {
	if p.command == nil || p.ended == nil {
		return
	}
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// payers are clients that pay in and on, each payment until it is acknowledged.
type payers struct {
	t        *testing.T
	gateways []*banktest.Client
	at       atomic.Int32 // the gateway that answered last
	accounts []string
	paid     atomic.Int64 // payments
	paidIn   atomic.Int64 // euros
	stop     chan struct{}
	all      sync.WaitGroup

	mu      sync.Mutex
	last    time.Time // of an acknowledged payment
	longest time.Duration
}

func newPayers(t *testing.T, gateways ...*banktest.Client) *payers {
	p := &payers{t: t, gateways: gateways, stop: make(chan struct{}), last: time.Now()}
	for i := range payersAtOnce {
		p.accounts = append(p.accounts, gateways[0].Open(fmt.Sprint("payer ", i)))
	}
	for i := range payersAtOnce {
		p.all.Go(func() { p.pay(i) })
	}
	return p
}

func (p *payers) pay(number int) {
	own, next := p.accounts[number], p.accounts[(number+1)%payersAtOnce]
	for i := 0; ; i++ {
		select {
		case <-p.stop:
			return
		default:
		}
		input := map[string]any{"accountId": own, "amount": banktest.EUR("1.00"), "idempotencyKey": fmt.Sprint(i)}
		query := `mutation($i: DepositInput!) { payload: deposit(input: $i) {
			transaction { id } userErrors { message } } }`
		if i%2 == 1 {
			delete(input, "accountId")
			input["fromAccountId"], input["toAccountId"] = own, next
			query = `mutation($i: TransferInput!) { payload: transfer(input: $i) {
				transaction { id } userErrors { message } } }`
		}
		if !p.settle(query, input) {
			return
		}
		if i%2 == 0 {
			p.paidIn.Add(1)
		}
	}
}

// settle sends a payment until it is acknowledged.
func (p *payers) settle(query string, input map[string]any) bool {
	for began := time.Now(); time.Since(began) < time.Minute; {
		at := p.at.Load()
		answer, err := p.gateways[at].Send(query, map[string]any{"i": input})
		switch {
		case err != nil: // the gateway is being restarted
			p.at.CompareAndSwap(at, (at+1)%int32(len(p.gateways)))
		case len(answer.Errors) > 0 && answer.Errors[0].Extensions["retryable"] != true:
			p.t.Errorf("an error that is not to be retried: %+v", answer.Errors)
			return false
		case len(answer.Errors) > 0:
		case !strings.Contains(string(answer.Data), `"id":"txn_`):
			p.t.Errorf("%v was answered with %s", input, answer.Data)
			return false
		default:
			p.acknowledged()
			return true
		}
	}
	p.t.Errorf("%v was not paid within a minute", input)
	return false
}

func (p *payers) acknowledged() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.longest, p.last = max(p.longest, time.Since(p.last)), time.Now()
	p.paid.Add(1)
}

// awaitReady waits until the bank says that it is ready: the next part is not
// restarted before.
func (p *payers) awaitReady(bank *livebank.Bank) error {
	ctx := within(p.t, restartTime)
	for {
		err := bank.Readiness(ctx)
		if err == nil || !app.Pause(ctx, 20*time.Millisecond) {
			return err
		}
	}
}

// await waits until so much was paid that each client has paid since.
func (p *payers) await(part string) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late, want := time.After(time.Minute), p.paid.Load()+10*payersAtOnce
	for p.paid.Load() < want {
		select {
		case <-late:
			p.t.Fatalf("nothing is paid after %s was restarted", part)
		case <-tick.C:
		}
	}
}

// awaitViews waits until the views show what the log has.
func (p *payers) awaitViews() {
	p.t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; {
		var got struct {
			SystemStatus struct{ Lag, Head, Projected int64 }
		}
		if p.gateways[0].Get(`{ systemStatus { lag head projected } }`, nil, &got); got.SystemStatus.Lag == 0 {
			return
		}
	}
	p.t.Fatal("the views do not catch up")
}

// end stops the clients and compares what they paid in with what the bank has.
func (p *payers) end() {
	p.t.Helper()
	close(p.stop)
	p.all.Wait()
	if p.longest > longestPause() {
		p.t.Errorf("%s without a payment", p.longest)
	}
	p.t.Logf("%d payments, at most %s without one", p.paid.Load(), p.longest.Round(time.Millisecond))
	p.awaitViews()
	p.gateways[0].Do(`{ trialBalance { balanced } }`, nil).Answers(`{trialBalance: {balanced: true}}`)
	var sum float64
	for _, id := range p.accounts {
		value, _ := p.gateways[0].Balance(id, 1)
		var euros float64
		if _, err := fmt.Sscan(value, &euros); err != nil {
			p.t.Fatal(err)
		}
		sum += euros
	}
	if sum != float64(p.paidIn.Load()) {
		p.t.Errorf("the accounts have %.2f; %d.00 were paid in", sum, p.paidIn.Load())
	}
}
