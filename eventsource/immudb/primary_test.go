package immudb_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"corebank/eventsource/copies"
	"corebank/eventsource/logtest"
)

// TestTheUserOfTheLogFindsThePrimary: who audits has no administrator's password, and must read the machine that has
// all that was acknowledged, also after another one took over; without one, the answer says why.
func TestTheUserOfTheLogFindsThePrimary(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	log := openLog(t, config)
	acquire(t, log, 0)
	commit(t, log, logtest.Deposits(3))
	user := config
	user.AdminPassword, user.Addresses = "", nil
	find := func(want *machine) {
		t.Helper()
		eventually(t, func(ctx context.Context) error {
			if found, err := user.FindPrimary(ctx, config.Addresses); err != nil || found != want.address {
				return fmt.Errorf("%s, %w; want %s", found, err, want.address)
			}
			return nil
		})
	}
	primary, replicas := primaryOf(t, config, all)
	find(primary)
	for _, replica := range replicas {
		awaitCopy(t, config, replica, func(m copies.Machine) bool { return m.Head == 3 && m.Committed == m.Has })
	}
	primary.lose()
	if _, err := user.FindPrimary(t.Context(), config.Addresses); err == nil ||
		!strings.Contains(err.Error(), "no primary answers") {
		t.Errorf("without a primary: %v", err)
	}
	if _, err := failover(t, config, copies.Wish{}); err != nil {
		t.Fatal(err)
	}
	promoted, _ := primaryOf(t, config, all)
	find(promoted)
}
