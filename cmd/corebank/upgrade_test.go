package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/check/livebank"
)

// earlierCommit is the release before this one.
const earlierCommit = "df8e4f200abcfa95a69aeb06181b94bb0afcf99f"

const (
	upgradeClients = 4
	longestPause   = 5 * time.Second // without a write that is acknowledged
)

// TestAppsOfTwoReleasesRunSideBySide replaces the four apps of a bank one by one, in
// several orders, by those of another release and back, while clients pay. They run
// with the flags that they had before. Every payment is made once, each error says
// that it may be retried, and the audit of the newer release passes.
func TestAppsOfTwoReleasesRunSideBySide(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds an earlier release and runs a whole bank")
	}
	earlier := buildEarlier(t)
	current, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	program, data := filepath.Join(folder, "corebank"), filepath.Join(folder, "bank")
	replace(t, program, earlier)
	address, err := livebank.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	bank := &livebank.Bank{Program: program, Data: data, Listen: address}
	t.Cleanup(func() { _ = bank.Kill(t.Context()) })
	if err := bank.Start(t.Context(), coldStart); err != nil {
		t.Fatal(err)
	}
	token, err := exec.Command(current, "token", "--data", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	p := newPayers(t, banktest.NewClient(t, bank.Where.Gateway, strings.TrimSpace(string(token))))
	for i, order := range [][]string{{"eventsource", "actor", "projector", "server"},
		{"server", "projector", "actor", "eventsource"}, {"actor", "server", "eventsource", "projector"}} {
		replace(t, program, []string{current, earlier}[i%2])
		for _, part := range order {
			p.await(part)
			began := time.Now()
			old, err := bank.Signal(part, syscall.SIGTERM)
			if err == nil {
				err = bank.AwaitAnother(within(t, time.Minute), part, old)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, bank.LastWords())
			}
			running, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", bank.Parts()[part]))
			if err == nil && running != program {
				t.Errorf("%s runs %s", part, running)
			}
			p.await(part)
			t.Logf("%s replaced, and again paid after %s", part, time.Since(began).Round(time.Millisecond))
		}
	}
	p.end()
	if found := corebank(t, nil, "audit", "--data", data); found.code != 0 {
		t.Errorf("the audit after the upgrades: %+v", found)
	}
	if err := bank.Stop(); err != nil {
		t.Error(err)
	}
}

// buildEarlier builds the release before this one from the history.
func buildEarlier(t *testing.T) string {
	t.Helper()
	if err := exec.Command("git", "cat-file", "-e", earlierCommit+"^{commit}").Run(); err != nil {
		t.Skipf("the history of the repository has no %s: git fetch --unshallow", earlierCommit)
	}
	folder := t.TempDir()
	script := `git -C "$(git rev-parse --show-toplevel)" archive ` + earlierCommit + ` | tar -x -C "$0"` +
		` && cd "$0" && go build -buildvcs=false -o corebank ./cmd/corebank`
	if text, err := exec.CommandContext(t.Context(), "sh", "-c", script, folder).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", earlierCommit, err, text)
	}
	return filepath.Join(folder, "corebank")
}

// replace puts a program in place of another one, which may run.
func replace(t *testing.T, program, by string) {
	t.Helper()
	text, err := os.ReadFile(by)
	if err == nil {
		err = os.WriteFile(program+".new", text, 0o755)
	}
	if err == nil {
		err = os.Rename(program+".new", program)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// payers are clients that pay in and on, each payment until it is acknowledged.
type payers struct {
	*banktest.Client
	t        *testing.T
	accounts []string
	paid     atomic.Int64 // payments
	paidIn   atomic.Int64 // euros
	stop     chan struct{}
	all      sync.WaitGroup

	mu      sync.Mutex
	last    time.Time // of an acknowledged payment
	longest time.Duration
}

func newPayers(t *testing.T, client *banktest.Client) *payers {
	p := &payers{Client: client, t: t, stop: make(chan struct{}), last: time.Now()}
	for i := range upgradeClients {
		p.accounts = append(p.accounts, client.Open(fmt.Sprint("payer ", i)))
	}
	for i := range upgradeClients {
		p.all.Go(func() { p.pay(i) })
	}
	return p
}

func (p *payers) pay(number int) {
	own, next := p.accounts[number], p.accounts[(number+1)%upgradeClients]
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
		answer, err := p.Send(query, map[string]any{"i": input})
		switch {
		case err != nil: // the gateway is being replaced
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

// await waits until so much was paid that each client has paid since.
func (p *payers) await(part string) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late, want := time.After(time.Minute), p.paid.Load()+10*upgradeClients
	for p.paid.Load() < want {
		select {
		case <-late:
			p.t.Fatalf("nothing is paid after %s was replaced", part)
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
		if p.Get(`{ systemStatus { lag head projected } }`, nil, &got); got.SystemStatus.Lag == 0 {
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
	if p.longest > longestPause {
		p.t.Errorf("%s without a payment", p.longest)
	}
	p.t.Logf("%d payments, at most %s without one", p.paid.Load(), p.longest.Round(time.Millisecond))
	p.awaitViews()
	p.Do(`{ trialBalance { balanced } }`, nil).Answers(`{trialBalance: {balanced: true}}`)
	var sum float64
	for _, id := range p.accounts {
		value, _ := p.Balance(id, 1)
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
