package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"corebank/check/torture"
)

// earlierCommit is the release before this one.
const earlierCommit = "df8e4f200abcfa95a69aeb06181b94bb0afcf99f"

// longUpgrade has every order of replacing the apps tried, and their sidecars
// restarted as well, which takes some minutes.
const longUpgrade = "COREBANK_UPGRADE_LONG"

// TestAppsOfTwoReleasesRunSideBySide replaces the four apps of a bank one by one, in
// several orders, by those of another release and back, under the load of the
// torture. They run with the flags that they had before. No law is broken, each
// error says that it may be retried, and the bank never stands still for long.
func TestAppsOfTwoReleasesRunSideBySide(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds an earlier release and runs a whole bank")
	}
	orders := []string{"eventsource-actor-projector-server", "server-projector-actor-eventsource",
		"actor-server-eventsource-projector"}
	if os.Getenv(longUpgrade) != "" {
		orders = nil
		for _, kind := range torture.ReleaseKinds() {
			orders = append(orders, strings.TrimPrefix(string(kind), torture.Replaced+":"))
		}
	}
	faults := torture.Replaced + ":" + strings.Join(orders, ","+torture.Replaced+":")
	runTorture(t, append(orders, "linearizable"), "--from", buildEarlier(t), "--each", "1", "--faults", faults)
}

// buildEarlier builds the release before this one from the history.
func buildEarlier(t *testing.T) string {
	t.Helper()
	if err := exec.Command("git", "cat-file", "-e", earlierCommit+"^{commit}").Run(); err != nil {
		t.Skipf("the history of the repository has no %s: git fetch --unshallow", earlierCommit)
	}
	folder := t.TempDir()
	script := `git -C "$(git rev-parse --show-toplevel)" archive ` + earlierCommit + ` | tar -x -C "$0"` +
		` && cd "$0" && go build -buildvcs=false -o corebank ./cmd/corebank`
	if text, err := exec.CommandContext(t.Context(), "sh", "-c", script, folder).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", earlierCommit, err, text)
	}
	return filepath.Join(folder, "corebank")
}
