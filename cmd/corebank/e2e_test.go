package main_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"corebank/check/banktest"
)

// Bounds of the end-to-end tests. The first start may have to build the
// sidecar.
const (
	coldStart = 20 * time.Minute
	warmStart = time.Minute
	stopTime  = 15 * time.Second
)

// binary builds corebank once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "corebank-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "corebank")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// running is a bank that `corebank up` runs.
type running struct {
	*banktest.Client
	t       *testing.T
	data    string
	process *exec.Cmd
	output  *output
	ended   chan error
}

// output keeps what a process prints.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var graphiqlURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// up starts a bank on a free port and waits until it says that it is ready.
func up(t *testing.T, data string, patience time.Duration, more ...string) *running {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return upFrom(t, path, data, patience, more...)
}

// upFrom is up with the program at path.
func upFrom(t *testing.T, path, data string, patience time.Duration, more ...string) *running {
	t.Helper()
	r, err := tryUp(t, path, data, patience, more...)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.output)
	}
	return r
}

// tryUp is upFrom for a bank that may be refused.
func tryUp(t *testing.T, path, data string, patience time.Duration, more ...string) (*running, error) {
	t.Helper()
	r := &running{t: t, data: data, output: &output{}, ended: make(chan error, 1)}
	r.process = exec.Command(path, append([]string{"up", "--listen", "127.0.0.1:0", "--data", data}, more...)...)
	r.process.Stderr = r.output
	lines, err := r.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kill)
	url := make(chan string, 1)
	go r.read(bufio.NewScanner(lines), url)
	select {
	case found := <-url:
		r.Client = banktest.NewClient(t, found, r.token())
	case err := <-r.ended:
		return r, fmt.Errorf("corebank up ended: %w", err)
	case <-time.After(patience):
		t.Fatalf("corebank up was not ready in %s\n%s", patience, r.output)
	}
	return r, nil
}

// token is what a person would get with: corebank token --data DIR.
func (r *running) token() string {
	r.t.Helper()
	printed, err := exec.Command(r.process.Path, "token", "--data", r.data).Output()
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(string(printed))
}

// read follows what up prints until it ends. The URL of GraphiQL is in the
// block that it prints when everything is ready.
func (r *running) read(lines *bufio.Scanner, url chan<- string) {
	for lines.Scan() {
		fmt.Fprintln(r.output, lines.Text())
		if strings.Contains(lines.Text(), "GraphiQL") {
			url <- graphiqlURL.FindString(lines.Text())
		}
	}
	r.ended <- r.process.Wait()
}

// stop ends the bank as Ctrl-C would and checks that nothing is left of it.
func (r *running) stop() {
	r.t.Helper()
	before := r.processes()
	if err := r.process.Process.Signal(os.Interrupt); err != nil {
		r.t.Fatal(err)
	}
	select {
	case err := <-r.ended:
		if err != nil {
			r.t.Fatalf("corebank up ended with %v\n%s", err, r.output)
		}
	case <-time.After(stopTime):
		r.t.Fatalf("corebank up did not stop in %s\n%s", stopTime, r.output)
	}
	for pid, command := range before {
		if commandLine(pid) == command {
			r.t.Errorf("left behind: %d %s", pid, command)
		}
	}
}

// kill ends what a failed test leaves.
func (r *running) kill() {
	before := r.processes()
	if r.process.ProcessState == nil {
		_ = r.process.Process.Kill()
	}
	for pid, command := range before {
		if commandLine(pid) == command {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// processes are the children of up, with their command lines.
func (r *running) processes() map[int]string {
	found := map[int]string{}
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(entry)
		if err != nil {
			continue // it ended meanwhile
		}
		// pid (name) state parent …, where the name may hold anything
		var pid, parent int
		var state string
		_, rest, _ := strings.Cut(string(text), ") ")
		if _, err := fmt.Sscanf(rest, "%s %d", &state, &parent); err != nil || parent != r.process.Process.Pid ||
			state == "Z" {
			continue
		}
		if _, err := fmt.Sscanf(string(text), "%d ", &pid); err == nil {
			found[pid] = commandLine(pid)
		}
	}
	return found
}

// commandLine is how a process was started; "" when it is gone.
func commandLine(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(text), "\x00", " ")
}

func TestFromNothingToABankAndBack(t *testing.T) {
	data := filepath.Join(t.TempDir(), "bank")
	bank := up(t, data, coldStart)

	ada := bank.Open("ada")
	live := bank.Dial()
	live.Subscribe(ada, banktest.FromStart)
	salary := bank.Deposit(ada, "2500.00", "EUR", "salary")
	if salary.Transaction == nil || salary.Transaction.BalanceAfter.Value != "2500.00" || salary.Replayed {
		t.Fatalf("salary: %+v", salary)
	}
	if _, version := live.Received(); version != 2 {
		t.Errorf("received version %d, want 2", version)
	}
	car := bank.Withdraw(ada, "30000.00", "EUR", "car")
	if len(car.UserErrors) != 1 || car.UserErrors[0].Typename != "InsufficientFunds" ||
		car.UserErrors[0].Shortfall.Value != "27500.00" {
		t.Errorf("car: %+v", car)
	}
	if again := bank.Deposit(ada, "2500.00", "EUR", "salary"); !again.Replayed ||
		again.Transaction.ID != salary.Transaction.ID {
		t.Errorf("salary again: %+v", again)
	}
	conflict := bank.Deposit(ada, "2500.01", "EUR", "salary")
	if len(conflict.UserErrors) != 1 || conflict.UserErrors[0].Typename != "IdempotencyConflict" ||
		fmt.Sprint(conflict.UserErrors[0].Fields) != "[amount]" {
		t.Errorf("salary with another amount: %+v", conflict)
	}
	for i := range 24 {
		if rent := bank.Withdraw(ada, "100.00", "EUR", fmt.Sprint("rent ", i)); rent.Transaction == nil {
			t.Fatalf("rent: %+v", rent)
		}
		if _, version := live.Received(); version != i+3 {
			t.Errorf("received version %d, want %d", version, i+3)
		}
	}
	value, version := bank.Balance(ada, 26)
	if value != "100.00" || version != 26 {
		t.Errorf("balance %s at version %d", value, version)
	}
	before := bank.History(ada, 10)
	if len(before) != 25 || before[0].Version != 26 || before[24].Version != 2 {
		t.Errorf("history %+v", before)
	}
	month := func() string { return "" }
	t.Run("a customer's month", func(t *testing.T) {
		customer, from, to := bank.Month("march")
		month = func() string { return statementOf(bank.t, bank.Client, customer, from, to).stdout }
	})
	statement := month()
	t.Run("the README's first deposit", func(t *testing.T) { typeReadme(t, bank) })
	t.Run("GraphiQL in a browser", func(t *testing.T) { browse(t, bank) })
	bank.stop()

	bank = up(t, data, warmStart)
	if value, version := bank.Balance(ada, 26); value != "100.00" || version != 26 {
		t.Errorf("after a restart: balance %s at version %d", value, version)
	}
	if after := bank.History(ada, 7); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("after a restart: history\n%+v, before\n%+v", after, before)
	}
	if after := month(); after != statement || strings.Count(after, "\r\n") != 12 {
		t.Errorf("after a restart: statement\n%s, before\n%s", after, statement)
	}
	if again := bank.Deposit(ada, "2500.00", "EUR", "salary"); !again.Replayed {
		t.Errorf("after a restart: salary again: %+v", again)
	}
	bank.stop()
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
