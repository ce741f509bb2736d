package immudb_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
)

// TestMachinesThatDoNotBelongTogetherAreRefusedInWords: by the event source that is started with them, and by the
// failover, and nothing is changed.
func TestMachinesThatDoNotBelongTogetherAreRefusedInWords(t *testing.T) {
	ours, config := startMachines(t, 2, 2)
	acquire(t, openLog(t, config), 0)
	theirs, other := startMachines(t, 2, 2)
	acquire(t, openLog(t, other), 0)
	_, port, err := net.SplitHostPort(ours[1].address)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		with string
		says string
	}{
		"replicas of different logs":      {theirs[0].address, "have different logs"},
		"one machine under two addresses": {net.JoinHostPort("localhost", port), "are the same immudb"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := config
			wrong.Addresses = []string{ours[0].address, ours[1].address, test.with}
			refused(t, wrong, test.says)
		})
	}
	t.Run("two primaries", func(t *testing.T) {
		_, replicas := primaryOf(t, config, ours)
		if err := config.Promote(t.Context(), replicas[0].address); err != nil {
			t.Fatal(err)
		}
		_, err := openLog(t, config).Acquire(t.Context())
		refusal := copies.Refusal("")
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "two machines are primaries") {
			t.Errorf("an event source got %v, want a refusal", err)
		}
		if _, err := failover(t, config, copies.Wish{}); err != nil {
			t.Error(err)
		}
		if seen := config.Observe(t.Context()); copies.Primaries(seen) != 1 {
			t.Errorf("after a failover, %v", copies.Describe(seen))
		}
	})
}

func refused(t *testing.T, config immudb.Config, says string) {
	t.Helper()
	before := describe(t, config)
	_, err := openLog(t, config).Acquire(t.Context())
	_, failed := failover(t, config, copies.Wish{})
	for who, err := range map[string]error{"an event source": err, "a failover": failed} {
		if refusal := copies.Refusal(""); !errors.As(err, &refusal) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s got %v, want a refusal that says %q", who, err, says)
		}
	}
	if after := describe(t, config); after != before {
		t.Errorf("something was changed:\n%s\nwas\n%s", after, before)
	}
}

// TestWhatAnEarlierPrimaryHasAloneIsReported: by account, version and key, before it is discarded.
func TestWhatAnEarlierPrimaryHasAloneIsReported(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	early := openLog(t, config)
	acquire(t, early, 0)
	events := logtest.Deposits(27)
	commit(t, early, events[:20])
	primary, replicas := primaryOf(t, config, all)
	for _, m := range replicas {
		awaitCopy(t, config, m, func(m copies.Machine) bool { return m.Head == 20 })
		m.kill()
	}
	refusedAlone(t, early, events[20:])
	primary.kill()
	for _, m := range replicas {
		m.restart()
	}
	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	late := openLog(t, config)
	acquire(t, late, 20)
	commit(t, late, logtest.Deposits(21)[20:])
	primary.restart()
	logged := logFailover(t, config)
	for _, want := range []string{"a machine returns with what was never acknowledged; it is discarded",
		"transactions=1", `records="7: `, "version 21 with key", "version 25 with key", "and 2 more", primary.address} {
		if !strings.Contains(logged, want) {
			t.Errorf("the report does not say %q:\n%s", want, logged)
		}
	}
	awaitCopy(t, config, primary, func(m copies.Machine) bool {
		return !m.Primary && m.Head == 21 && m.Has == m.Committed
	})
}
