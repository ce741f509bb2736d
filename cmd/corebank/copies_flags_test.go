package main

import (
	"os"
	"strings"
	"testing"
)

func TestCopiesThatMakeNoSenseAreRefusedInWords(t *testing.T) {
	for arguments, want := range map[string]string{
		"eventsource --immudb a:1,b:1 --copies 1": "one copy is asked for and 2 machines are given: what is " +
			"acknowledged would be on one of them only, and lost with it; say --copies 2, or give one address",
		"eventsource --immudb a:1 --copies 2":         "2 copies need 2 machines, and 1 are given",
		"eventsource --immudb a:1,b:1,a:1 --copies 2": "a:1 is given twice",
		"eventsource --immudb a:1,b:1,c:1":            "needs --immudb-admin-password-file",
		"failover --immudb a:1 --immudb-admin-password-file x": "give the addresses of all machines that have copies of " +
			"the log",
		"failover --immudb a:1,b:1 --copies 1 --immudb-admin-password-file x": "one copy is asked for",
	} {
		root := newRoot(os.Stdout)
		root.SetArgs(append(strings.Fields(arguments), "--immudb-password-file", "x"))
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", arguments, err, want)
		}
	}
}

// Each partition has a lease of its own, and the sequencer that of the name.
func TestEachPartOfALogHasALeaseOfItsOwn(t *testing.T) {
	for want, g := range map[string]eventSourceFlags{
		"":      {partition: 2},
		"log":   {lease: "log"},
		"log-2": {lease: "log", partition: 2},
	} {
		if got := g.leaseName(); got != want {
			t.Errorf("partition %d with --lease %q has the lease %q, want %q", g.partition, g.lease, got, want)
		}
	}
}
