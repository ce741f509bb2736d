package main_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/client"
	"corebank/internal/identity"
	"corebank/localbank"
	"corebank/localbank/datadir"
)

// TestTheLocalBankRunsInAProgram: Run starts the whole bank, ends it with its
// context, and a second run on the same directory goes on.
func TestTheLocalBankRunsInAProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank")
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	config := localbank.Config{Listen: "127.0.0.1:0", Data: filepath.Join(t.TempDir(), "a,b#[1]"), Partitions: 1,
		LogLevel: "warn", MTLS: true, Program: program}
	account := ""
	for range 2 {
		out := &output{}
		config.Out = out
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- localbank.Run(ctx, config) }()
		gateway := awaitBank(t, config.Data, out, ended)
		token, err := client.LocalToken(config.Data, "tess", identity.Teller, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		bank := banktest.NewClient(t, gateway, token)
		if account == "" {
			account = bank.Open("ada")
		}
		bank.Deposit(account, "1.00", "EUR", "key-"+gateway)
		cancel()
		if err := <-ended; err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if !strings.HasSuffix(out.String(), "The bank has stopped.\n") {
			t.Errorf("it ends with\n%s", out)
		}
		if answer, err := http.Get(gateway + "/readyz"); err == nil {
			answer.Body.Close()
			t.Error("the gateway still answers")
		}
	}
}

// awaitBank waits until the bank says that it is ready.
func awaitBank(t *testing.T, data string, out *output, ended <-chan error) (gateway string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(coldStart)
	for {
		select {
		case err := <-ended:
			t.Fatalf("the bank has ended: %v\n%s", err, out)
		case <-late:
			t.Fatalf("the bank is not ready:\n%s", out)
		case <-tick.C:
		}
		if !strings.Contains(out.String(), "The bank is ready") {
			continue
		}
		running, err := datadir.ReadRunning(data)
		if err != nil {
			t.Fatal(err)
		}
		return running.Gateway
	}
}
