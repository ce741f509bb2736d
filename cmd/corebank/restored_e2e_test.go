package main_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
)

// while runs a command, and something else again and again until the command has ended.
func while(t *testing.T, c *exec.Cmd, do func(i int)) (said string) {
	t.Helper()
	var out output
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for i := 0; ; i++ {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %v\n%s", c.Args, err, &out)
			}
			return out.String()
		default:
			do(i)
		}
	}
}

// head is the last position of a bank's log.
func (r *running) head() (position int64) {
	r.t.Helper()
	var got struct{ SystemStatus struct{ Head int64 } }
	r.Get("{ systemStatus { head } }", nil, &got)
	return got.SystemStatus.Head
}

// Given deposits, a backup while there are more, and a mistake that the next backup has as well; then a bank is made as
// it was before the mistake: its balances, keys and cursors are those of then, and the audit finds nothing wrong.
func TestABankIsMadeAgainAsItWasBeforeAMistake(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs whole banks")
	}
	place := t.TempDir()
	data, kept, restored := filepath.Join(place, "bank"), filepath.Join(place, "backup"), filepath.Join(place, "restored")
	b := up(t, data, coldStart)
	ada := b.Open("ada")
	b.Deposit(ada, "100.00", "EUR", "salary")
	live := b.Dial()
	live.Subscribe(ada, banktest.FromStart)
	early, _ := live.Received()
	deposits := 0
	while(t, command(t, nil, "backup", "--data", data, "--out", kept), func(i int) {
		b.Deposit(ada, "1.00", "EUR", fmt.Sprint("meanwhile ", i))
		deposits++
		live.Received()
	})
	before := b.Deposit(ada, "10.00", "EUR", "before")
	live.Received()
	position, moment := b.head(), time.Now().UTC()
	for !time.Now().After(moment.Add(5 * time.Millisecond)) { // the bank's times are whole milliseconds
		runtime.Gosched()
	}
	b.Deposit(ada, "1000.00", "EUR", "mistake")
	late, _ := live.Received()
	if said := corebank(t, nil, "backup", "--data", data, "--out", kept, "--drill"); said.code != 0 ||
		!strings.Contains(said.stdout, fmt.Sprintf("to %d", position+1)) ||
		!strings.Contains(said.stdout, "The drill succeeded") {
		t.Fatalf("the backup after the mistake: %+v", said)
	}
	b.stop()

	until := moment.Format(time.RFC3339Nano)
	for _, at := range [][]string{{"--to-time", until, "--drill"},
		{"--to-position", fmt.Sprint(position), "--data", restored}} {
		said := corebank(t, nil, append([]string{"restore", "--from", kept}, at...)...)
		if said.code != 0 || !strings.Contains(said.stdout, fmt.Sprintf("up to position %d, ", position)) ||
			!strings.Contains(said.stdout, "The audit found nothing wrong") {
			t.Fatalf("%v: %+v", at, said)
		}
	}

	b = up(t, restored, warmStart)
	want := fmt.Sprintf("%d.00", 110+deposits)
	if value, version := b.Balance(ada, before.Account.Version); value != want || version != before.Account.Version {
		t.Errorf("the balance is %s at version %d, want %s at %d", value, version, want, before.Account.Version)
	}
	if again := b.Deposit(ada, "10.00", "EUR", "before"); !again.Replayed ||
		again.Transaction.ID != before.Transaction.ID {
		t.Errorf("a key of before: %+v", again)
	}
	live = b.Dial()
	live.Subscribe(ada, early)
	if _, version := live.Received(); version != 3 {
		t.Errorf("a cursor of before goes on with version %d, want 3", version)
	}
	other := b.Dial()
	other.Subscribe(ada, late)
	var refused []struct{ Extensions struct{ Code string } }
	if kind, _ := other.Next(&refused); kind != "error" || len(refused) != 1 ||
		refused[0].Extensions.Code != "CURSOR_INVALID" {
		t.Errorf("a cursor of after: %s %+v", kind, refused)
	}
	if paid := b.Deposit(ada, "2.00", "EUR", "mistake"); paid.Replayed || paid.Transaction == nil {
		t.Errorf("a key of after: %+v", paid)
	}
	b.Balance(ada, before.Account.Version+1)
	if found := corebank(t, nil, "audit", "--data", restored); found.code != 0 {
		t.Errorf("the audit of the restored bank: %+v", found)
	}
	b.stop()
}

// history is all that an account has, the oldest first.
func (r *running) history(id string) []banktest.Line {
	lines := r.History(id, 100)
	slices.Reverse(lines)
	return lines
}

// Given a bank that takes deposits while its directory is copied with cp; then the copy is a bank that is right up to
// some moment, beside the original, or is refused. A copy of the stopped bank has all of it.
func TestACopyOfARunningBanksDirectory(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs whole banks")
	}
	place := t.TempDir()
	data, early, whole := filepath.Join(place, "bank"), filepath.Join(place, "early"), filepath.Join(place, "whole")
	b := up(t, data, coldStart)
	ada := b.Open("ada")
	for i := range 20 {
		b.Deposit(ada, "1.00", "EUR", fmt.Sprint("before ", i))
	}
	copying := exec.Command("sh", "-c", `cp -r "$0" "$1" || true`, data, early) // files may go away meanwhile
	while(t, copying, func(i int) { b.Deposit(ada, "1.00", "EUR", fmt.Sprint("meanwhile ", i)) })
	last := b.Deposit(ada, "1.00", "EUR", "after")
	b.Balance(ada, last.Account.Version)

	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tryUp(t, program, early, warmStart) // beside the original
	if err != nil {
		t.Logf("it is refused: %v\n%s", err, c.output)
		if !strings.Contains(c.output.String(), "Copy it again while the bank is stopped") {
			t.Error("it is refused without a way on")
		}
	} else {
		c.Balance(ada, 20)
		if got, of := c.history(ada), b.history(ada); len(got) < 20 || len(got) > len(of) ||
			fmt.Sprint(got) != fmt.Sprint(of[:len(got)]) {
			t.Errorf("the copy has\n%+v, the original\n%+v", got, of)
		}
		if found := corebank(t, nil, "audit", "--data", early); found.code != 0 {
			t.Errorf("the audit of the copy: %+v", found)
		}
		c.stop()
	}
	before := b.history(ada)
	b.stop()

	if out, err := exec.Command("cp", "-a", data, whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b = up(t, whole, warmStart)
	b.Balance(ada, last.Account.Version)
	if !strings.Contains(b.output.String(), "was copied or moved here: its log is checked") {
		t.Errorf("nothing is said of the copy:\n%s", b.output)
	}
	if got := b.history(ada); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("the copy of the stopped bank has\n%+v, the original\n%+v", got, before)
	}
	if again := b.Deposit(ada, "1.00", "EUR", "after"); !again.Replayed {
		t.Errorf("an old key on the copy: %+v", again)
	}
	b.stop()
}
