package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// earlier builds a corebank that does not know how money is withdrawn: to it,
// such an event is one of a later build.
var earlier = sync.OnceValues(func() (string, error) {
	built, err := binary()
	if err != nil {
		return "", err
	}
	source, err := filepath.Abs(filepath.Join("..", "..", "internal", "contract", "operations.go"))
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	const known, unknown = `("money-withdrawn", `, `("money-not-known-yet", `
	if strings.Count(string(text), known) != 1 {
		return "", fmt.Errorf("%s does not name the event %s once: this test has to learn its new name", source, known)
	}
	dir := filepath.Dir(built)
	changed, overlay, path := filepath.Join(dir, "operations.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir,
		"earlier")
	plan, err := json.Marshal(map[string]any{"Replace": map[string]string{source: changed}})
	if err != nil {
		return "", err
	}
	for file, content := range map[string]string{changed: strings.Replace(string(text), known, unknown, 1),
		overlay: string(plan)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	out, err := exec.Command("go", "build", "-overlay", overlay, "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// install puts a build in place of the program at path. What runs goes on;
// what is started again from there is the other build.
func install(t *testing.T, build func() (string, error), path string) {
	t.Helper()
	from, err := build()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(from, path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// replace has the bank start a part again, from the build that is installed.
func (r *running) replace(name string) {
	r.t.Helper()
	pid := r.parts()[name]
	if pid == 0 {
		r.t.Fatalf("%s does not run: %v", name, r.parts())
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		r.t.Fatal(err)
	}
	r.awaitRestart(name, pid)
}

// shown is what the API says of an account.
type shown struct {
	Version int
	Balance struct {
		Stale   bool
		Current struct{ Value string }
	}
	Stale *struct {
		Reason       string
		SinceVersion int
	}
}

// await asks for an account until it is as wanted.
func (r *running) await(id, what string, wanted func(shown) bool) shown {
	r.t.Helper()
	var got struct{ Account shown }
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < patience; <-tick.C {
		r.Get(`query($id: ID!) { account(id: $id) {
			version balance { stale current { value } } stale { reason sinceVersion } } }`,
			map[string]any{"id": id}, &got)
		if wanted(got.Account) {
			return got.Account
		}
	}
	r.t.Fatalf("the account is not %s: %+v\n%s", what, got.Account, r.output)
	return shown{}
}

func stale(s shown) bool { return s.Stale != nil }

// askProjector runs a command until the projector, which may just be starting,
// answers it.
func (r *running) askProjector(arguments ...string) outcome {
	r.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; <-tick.C {
		got := corebank(r.t, nil, append(arguments, "--data", r.data)...)
		if !strings.Contains(got.stderr, "start the bank with") || time.Since(began) > patience {
			return got
		}
	}
}

// mustEnd fails unless a command ended with the code and printed all of the texts.
func (o outcome) mustEnd(t *testing.T, code int, texts ...string) {
	t.Helper()
	said := strings.Join(strings.Fields(o.stdout+o.stderr), " ") // reports wrap their lines
	for _, text := range texts {
		if o.code != code || !strings.Contains(said, text) {
			t.Fatalf("want code %d and %q: %+v", code, text, o)
		}
	}
}

// TestOperatorsMendTheViewsOfABankAtWork is a bad day, and a good one. Given a
// bank with customers who pay in all the time; when an earlier build of the
// projector is installed, which does not know an event of Ada's; then her
// account stops and is shown as stale, and no other account is; replay says
// why it cannot help, and after the right build is back, it does. Then all views
// are built anew, and back, and forth, and an audit finds nothing wrong.
func TestOperatorsMendTheViewsOfABankAtWork(t *testing.T) {
	program := filepath.Join(t.TempDir(), "corebank")
	install(t, binary, program)
	bank := upFrom(t, program, filepath.Join(t.TempDir(), "bank"), coldStart)
	ada := bank.Open("ada")
	bank.Deposit(ada, "100.00", "EUR", "salary")
	bank.Balance(ada, 2)
	l := startLoad(t, bank, 4, 4)

	install(t, earlier, program)
	bank.replace("projector")
	bank.Withdraw(ada, "60.00", "EUR", "rent")
	bad := bank.await(ada, "stale", stale)
	if bad.Version != 2 || bad.Balance.Current.Value != "100.00" || !bad.Balance.Stale || bad.Stale.SinceVersion != 3 ||
		!strings.Contains(bad.Stale.Reason, "money-withdrawn") {
		t.Errorf("Ada's account stands still as %+v with %+v", bad, bad.Stale)
	}
	bank.Deposit(ada, "5.00", "EUR", "gift") // her money is safe, and moves
	l.whole(t, "beside a stale account")
	l.caughtUp(t)
	bank.askProjector("replay", "--account", ada).mustEnd(t, 1, "money-withdrawn", "needs a newer corebank")

	install(t, binary, program)
	bank.replace("projector")
	bank.askProjector("replay", "--account", ada).mustEnd(t, 0, "is made anew and shows version 4")
	good := bank.await(ada, "mended", func(s shown) bool { return !stale(s) })
	if good.Version != 4 || good.Balance.Current.Value != "45.00" || good.Balance.Stale {
		t.Errorf("Ada's account is mended as %+v", good)
	}

	bank.askProjector("rebuild").mustEnd(t, 0, "Generation 1 of the views is live, generation 0 is kept",
		"are equal to the log", "; 0 of them are quarantined")
	l.caughtUp(t)
	bank.askProjector("rebuild", "--rollback").mustEnd(t, 0, "Generation 0 of the views is live, generation 1 is kept")
	l.caughtUp(t)
	bank.askProjector("rebuild", "--rollback").mustEnd(t, 0, "Generation 1 of the views is live, generation 0 is kept")
	total := l.end(t)
	if lines := bank.History(ada, 10); len(lines) != 3 || lines[1].Version != 3 {
		t.Errorf("Ada's history is %+v", lines)
	}
	sum := fmt.Sprintf("customers %d.%02d, cash -", (total+4500)/100, (total+4500)%100)
	corebank(t, nil, "audit", "--data", bank.data).mustEnd(t, 0, "The audit found nothing wrong.", sum)
	t.Logf("%d deposits acknowledged meanwhile, all there", total)
	bank.stop()
}

// caughtUp waits until the views show of every account all that was
// acknowledged by now.
func (l *load) caughtUp(t *testing.T) {
	t.Helper()
	for i, id := range l.accounts {
		want := int(l.acked[i].Load()) + 1
		if _, version := l.bank.Balance(id, want); version < want {
			t.Errorf("account %d is shown at version %d, acknowledged %d", i, version, want)
		}
	}
}
