//go:build linux

package compose

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"corebank/internal/app"
)

const addressesOfCopies = "machine-1:3322,machine-2:3322,machine-3:3322"

// copies is what "corebank failover" says that each machine has, one line for each.
func (p *project) copies(ctx context.Context) (string, error) {
	return p.compose(ctx, "exec", "-T", "eventsource-1", "/corebank", "failover", "--dry-run",
		"--immudb="+addressesOfCopies, "--copies=2")
}

var (
	isPrimary = regexp.MustCompile(`(?m)^machine-\d:3322 is the primary: .* transaction (\d+), `)
	isReplica = regexp.MustCompile(`(?m)^machine-\d:3322 is a replica of machine-\d:3322: .* transaction (\d+), `)
)

// copied waits until each machine has a copy of the log, follows the primary and counts for a failover.
func (p *project) copied(ctx context.Context) error {
	for {
		said, err := p.copies(ctx)
		if err == nil && len(isPrimary.FindAllString(said, -1)) == 1 &&
			len(isReplica.FindAllString(said, -1)) == machinesInCluster-1 && !strings.Contains(said, "it does not count") {
			return nil
		}
		if !app.Pause(ctx, 4*tick) {
			return fmt.Errorf("not every machine gets a copy of the log: %s (%w)", said, err)
		}
	}
}

// checkCopies: when nothing is written any more, the machines soon have the same.
func checkCopies(t *testing.T, p *project) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), recoveryTime)
	defer cancel()
	for {
		said, err := p.copies(ctx)
		var has []string
		for _, kind := range []*regexp.Regexp{isPrimary, isReplica} {
			for _, match := range kind.FindAllStringSubmatch(said, -1) {
				has = append(has, match[1])
			}
		}
		if err == nil && len(has) == machinesInCluster && len(slices.Compact(slices.Clone(has))) == 1 {
			t.Logf("every machine has the log up to transaction %s", has[0])
			return
		}
		if !app.Pause(ctx, 4*tick) {
			t.Fatalf("the machines do not have the same: %s (%v)", said, err)
		}
	}
}
