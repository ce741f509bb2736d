package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	loadTime     = flag.Duration("load", 5*time.Second, "how long TestNothingIsLostUnderLoad deposits")
	loadClients  = flag.Int("clients", 50, "how many clients deposit at once")
	loadAccounts = flag.Int("accounts", 20, "on how many accounts")
)

// patience bounds how long a client asks for the outcome of one deposit.
const patience = time.Minute

// load is clients that deposit, each sending a key again until it is
// acknowledged, as a careful client does.
type load struct {
	bank     *running
	accounts []string
	acked    []atomic.Int64 // deposits of 0.01 EUR by account
	repeats  atomic.Int64   // requests that had to be sent again
	failed   atomic.Pointer[string]
	stop     context.CancelFunc
	clients  sync.WaitGroup
}

func startLoad(t *testing.T, bank *running, clients, accounts int) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{bank: bank, stop: cancel, acked: make([]atomic.Int64, accounts)}
	t.Cleanup(l.clients.Wait)
	t.Cleanup(cancel)
	for i := range accounts {
		l.accounts = append(l.accounts, bank.Open(fmt.Sprint("load ", i)))
	}
	for c := range clients {
		l.clients.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				account := (c + n*7) % accounts
				if err := l.deposit(l.accounts[account], fmt.Sprintf("%d-%d", c, n)); err != nil {
					text := err.Error()
					l.failed.Store(&text)
					return
				}
				l.acked[account].Add(1)
			}
		})
	}
	return l
}

const depositOne = `mutation($id: ID!, $key: String!) {
  deposit(input: {accountId: $id, amount: {value: "0.01", currency: "EUR"}, idempotencyKey: $key}) {
    transaction { version } userErrors { message }
  }
}`

// deposit sends one key until it is acknowledged.
func (l *load) deposit(id, key string) error {
	deadline := time.Now().Add(patience)
	for ; ; l.repeats.Add(1) {
		answer, err := l.bank.Send(depositOne, map[string]any{"id": id, "key": key})
		var got struct {
			Deposit struct {
				Transaction *struct{ Version int }
				UserErrors  []struct{ Message string }
			}
		}
		if err == nil && len(answer.Errors) == 0 && json.Unmarshal(answer.Data, &got) == nil {
			if got.Deposit.Transaction != nil {
				return nil
			}
			return fmt.Errorf("deposit %s refused: %+v", key, got.Deposit.UserErrors)
		}
		if err == nil && len(answer.Errors) > 0 && answer.Errors[0].Extensions["retryable"] != true {
			return fmt.Errorf("deposit %s: %+v", key, answer.Errors)
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("deposit %s has no outcome after %s: %+v", key, patience, answer.Errors), err)
		}
	}
}

// end stops the clients and holds every account against what was
// acknowledged: the sum, and a history without gap or repeat.
func (l *load) end(t *testing.T) (total int64) {
	t.Helper()
	l.stop()
	l.clients.Wait()
	if failed := l.failed.Load(); failed != nil {
		t.Fatal(*failed)
	}
	for i, id := range l.accounts {
		acked := l.acked[i].Load()
		total += acked
		want := fmt.Sprintf("%d.%02d", acked/100, acked%100)
		value, version := l.bank.Balance(id, int(acked)+1)
		if value != want || version != int(acked)+1 {
			t.Errorf("account %d: %s at version %d; acknowledged %s in %d deposits", i, value, version, want, acked)
		}
		lines := l.bank.History(id, 100)
		slices.Reverse(lines)
		for n, line := range lines {
			if line.Version != n+2 {
				t.Fatalf("account %d: line %d of the history has version %d", i, n, line.Version)
			}
		}
		if int64(len(lines)) != acked {
			t.Errorf("account %d: %d lines, acknowledged %d", i, len(lines), acked)
		}
	}
	return total
}

func TestNothingIsLostUnderLoad(t *testing.T) {
	bank := up(t, filepath.Join(t.TempDir(), "bank"), coldStart)
	began := time.Now()
	l := startLoad(t, bank, *loadClients, *loadAccounts)
	<-time.After(*loadTime)
	total := l.end(t)
	t.Logf("%d clients on %d accounts: %d deposits acknowledged in %s, all there", *loadClients, *loadAccounts, total,
		time.Since(began).Round(time.Second))
	bank.stop()
}

// part names what a command line of the bank runs.
var part = regexp.MustCompile(`--app-id[= ]([\w-]+)|(?:^|/)(placement|sentry) |` +
	`corebank (nats|immudb|server|actor|eventsource|projector) `)

// partition is the end of the command line of an event source that has one of
// several partitions.
var partition = regexp.MustCompile(` --partition=([1-9]\d*) `)

// parts are the bank's processes by name.
func (r *running) parts() map[string]int {
	pids := map[string]int{}
	for pid, command := range r.processes() {
		match := part.FindStringSubmatch(command)
		switch {
		case match == nil:
		case match[1] != "":
			pids[match[1]+"-sidecar"] = pid
		default:
			name := match[2] + match[3]
			if numbered := partition.FindStringSubmatch(command); numbered != nil {
				name += "-" + numbered[1]
			}
			pids[name] = pid
		}
	}
	return pids
}

// whole waits until the bank is ready and takes a deposit, and tells how long
// that took.
func (l *load) whole(t *testing.T, key string) time.Duration {
	t.Helper()
	began := time.Now()
	if err := l.deposit(l.accounts[0], key); err != nil {
		t.Fatal(err)
	}
	l.acked[0].Add(1)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < patience {
		if response, err := http.Get(l.bank.URL + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return time.Since(began)
			}
		}
		<-tick.C
	}
	t.Fatalf("the bank was not ready %s later\n%s", patience, l.bank.output)
	return 0
}

func TestAnyProcessMayDieUnderLoad(t *testing.T) {
	bank := up(t, filepath.Join(t.TempDir(), "bank"), coldStart)
	l := startLoad(t, bank, *loadClients, *loadAccounts)
	names := []string{"server", "server-sidecar", "actor", "actor-sidecar", "eventsource", "eventsource-sidecar",
		"projector", "projector-sidecar", "immudb", "nats", "placement", "sentry"}
	for _, name := range names {
		pid := bank.parts()[name]
		if pid == 0 {
			t.Fatalf("%s does not run: %v", name, bank.parts())
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		t.Logf("%-20s killed; the next deposit was acknowledged and the bank ready after %s", name,
			l.whole(t, "after "+name).Round(10*time.Millisecond))
		bank.awaitRestart(name, pid)
	}
	total := l.end(t)
	t.Logf("%d deposits acknowledged, all there; %d requests had to be sent again", total, l.repeats.Load())
	if strings.Contains(bank.output.String(), "panic") {
		t.Errorf("something panicked:\n%s", bank.output)
	}
	bank.stop()
}

// awaitRestart waits until up has started the part again.
func (r *running) awaitRestart(name string, dead int) {
	r.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if pid := r.parts()[name]; pid != 0 && pid != dead {
			return
		}
		select {
		case <-deadline:
			r.t.Fatalf("%s was not started again\n%s", name, r.output)
		case <-tick.C:
		}
	}
}
