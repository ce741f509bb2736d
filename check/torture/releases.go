package torture

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"corebank/check/laws"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/contract"
)

// Replaced replaces the four apps of a bank, in the order that the word after the
// colon says, by those of another release, which is still there, and the next time
// back. They run with the flags that they had before.
const Replaced = "replaced"

const (
	// sideBySide is how long apps of two releases work together before the next one
	// is replaced.
	sideBySide = time.Second
)

var replaceable = []string{contract.AppEventSource, contract.AppActor, contract.AppProjector, contract.AppServer}

// ReleaseKinds are all faults of a bank that two releases run: each order of
// replacing the apps.
func ReleaseKinds() (all []Kind) {
	for _, order := range orders(replaceable) {
		all = append(all, Kind(Replaced+":"+strings.Join(order, "-")))
	}
	return all
}

// orders are all orders of some words.
func orders(words []string) (all [][]string) {
	if len(words) == 0 {
		return [][]string{nil}
	}
	for i, first := range words {
		for _, rest := range orders(slices.Concat(words[:i], words[i+1:])) {
			all = append(all, append([]string{first}, rest...))
		}
	}
	return all
}

// releases are the two that the apps of a bank are replaced by. The bank's own
// program is a file that is one after the other.
type releases struct {
	program string
	next    int // of both
	both    [2]string
	slowest time.Duration // until a command was acknowledged after one of the apps was replaced
}

// newReleases has a bank begin with the program of another release. It is beside the
// data, which is a bank's alone.
func newReleases(earlier, current, data string) (r *releases, err error) {
	defer must.Catch(&err)
	folder := data + "-program"
	must.Do(os.Mkdir(folder, 0o700))
	r = &releases{program: filepath.Join(folder, "corebank"), both: [2]string{earlier, current}}
	must.Do(r.take())
	return r, nil
}

// close removes the program.
func (r *releases) close() {
	if r != nil {
		_ = os.RemoveAll(filepath.Dir(r.program))
	}
}

// take puts the program of the next release in place of the one that may run.
func (r *releases) take() error {
	text, err := os.ReadFile(r.both[r.next])
	if err == nil {
		err = os.WriteFile(r.program+".new", text, 0o700)
	}
	if err == nil {
		err = os.Rename(r.program+".new", r.program)
	}
	r.next = 1 - r.next
	return err
}

// replaceApps replaces one app after the other, and has the bank work in between.
func (r *run) replaceApps(ctx context.Context, i injection) (err error) {
	defer must.Catch(&err)
	must.Do(r.releases.take())
	r.releases.slowest = 0
	for n, part := range strings.Split(i.part, "-") {
		if n > 0 {
			must.Do(r.paidAgain(ctx))
			app.Pause(ctx, sideBySide)
		}
		old := must.Get(r.bank.Signal(part, syscall.SIGTERM))
		r.strike()
		must.Do(r.bank.AwaitAnother(ctx, part, old))
		running, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", r.bank.Parts()[part]))
		if err == nil && running != r.releases.program {
			return fmt.Errorf("%s runs %s", part, running)
		}
	}
	return nil
}

// paidAgain waits until a command is acknowledged that was sent after an app was
// replaced.
func (r *run) paidAgain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	if err := r.awaitWhole(ctx); err != nil {
		return err
	}
	select {
	case at := <-r.next:
		r.releases.slowest = max(r.releases.slowest, at-r.struck)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("no command was acknowledged within %v", recoveryTime)
	}
}

// checkErrors checks that clients of such a bank got no error but those that say to try again.
func (r *run) checkErrors() {
	if r.releases == nil {
		return
	}
	for _, text := range r.gateway.finalErrors() {
		r.found.Violated(laws.Heals, "while apps were replaced, a client got an error that is not to be retried: %s", text)
	}
}
