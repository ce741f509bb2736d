package immudb_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"corebank/eventsource/copies"
	"corebank/eventsource/immudb"
	"corebank/eventsource/logtest"
)

// describe is what the machines say of themselves.
func describe(t testing.TB, config immudb.Config) string {
	t.Helper()
	return strings.Join(copies.Describe(config.Observe(t.Context())), "\n")
}

// awaitMembers has the machines looked after until each of them counts.
func awaitMembers(t testing.TB, config immudb.Config) {
	t.Helper()
	eventually(t, func(context.Context) error {
		if _, err := failover(t, config, copies.Wish{}); err != nil {
			return err
		}
		seen := config.Observe(t.Context())
		for _, m := range seen {
			if m.Fault != "" || !m.Members.Includes(m) || len(m.Members.Disks) != len(seen) {
				return errors.New(describe(t, config))
			}
		}
		return nil
	})
}

// TestANewDiskIsNotTakenForTheOneItReplaces: two disks have what was acknowledged, and one of them is lost. Then the
// empty one in its place does not make enough machines to take over from the other, nor to go on with it alone.
func TestANewDiskIsNotTakenForTheOneItReplaces(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	commit(t, log, logtest.Deposits(10))
	primary, replicas := primaryOf(t, config, all)
	lost, behind := replicas[0], replicas[1]
	awaitCopy(t, config, behind, func(m copies.Machine) bool { return m.Head == 10 })
	behind.kill()
	commit(t, log, logtest.Deposits(30)[10:])
	lost.lose()
	lost.restart()

	reported, err := failover(t, config, copies.Wish{})
	if err != nil || !strings.Contains(reported, lost.address+" gets no copy: 2 machines are needed") {
		t.Fatalf("got %v, want that the new disk gets no copy", err)
	}
	primary.kill()
	behind.restart()
	_, err = failover(t, config, copies.Wish{})
	if err == nil || !strings.Contains(err.Error(), "2 machines are needed that are known to have had everything that "+
		"was acknowledged, and 1 answer") || !strings.Contains(err.Error(), "what comes after position 10") {
		t.Fatalf("got %v, want a refusal", err)
	}
	if reported, err = failover(t, config, copies.Wish{ForceLoss: true}); err != nil ||
		!strings.Contains(reported, "this is accepted: 2 machines are needed") {
		t.Fatalf("by force: %v", err)
	}
	log = openLog(t, config)
	acquire(t, log, 10)
	if gone := missing(t, log, 30); len(gone) != 20 {
		t.Errorf("by force, %d versions are lost, want 20", len(gone))
	}
}

// TestANewDiskCountsWhenItHasEverything: then the primary can be lost, and the disk that was replaced before counts no
// more if it is put back.
func TestANewDiskCountsWhenItHasEverything(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	commit(t, log, logtest.Deposits(10))
	primary, replicas := primaryOf(t, config, all)
	replaced := replicas[0]
	awaitCopy(t, config, replaced, func(m copies.Machine) bool { return m.Head == 10 })
	replaced.kill()
	kept := replaced.dir + ".kept"
	if err := os.Rename(replaced.dir, kept); err != nil {
		t.Fatal(err)
	}
	replaced.restart()
	commit(t, log, logtest.Deposits(20)[10:])
	awaitMembers(t, config)

	primary.lose()
	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	log = openLog(t, config)
	acquire(t, log, 20)
	commit(t, log, logtest.Deposits(30)[20:])
	primary.restart()
	awaitMembers(t, config)

	replaced.lose()
	if err := os.Rename(kept, replaced.dir); err != nil {
		t.Fatal(err)
	}
	replaced.restart()
	if answered := describe(t, config); !strings.Contains(answered, "it does not count: its disk is none of those") {
		t.Errorf("the disk that was put back counts:\n%s", answered)
	}
	awaitMembers(t, config)
	if gone := missing(t, openLog(t, config), 30); len(gone) > 0 {
		t.Errorf("versions are lost: %v", gone)
	}
}
