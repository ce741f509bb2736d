package torture

import (
	"fmt"
	"slices"
	"testing"
)

// Given three machines; then each cut of the second one closes the ways that its name says, and no other.
func TestACutClosesTheWaysThatItsNameSays(t *testing.T) {
	n := &network{machines: 3}
	for kind, want := range map[Kind]string{
		"machine:cut":         "[[0 2] [1 2] [2 0] [2 1] [2 3] [3 2]]",
		"machine:deaf":        "[[0 2] [1 2] [3 2]]",
		"machine:mute":        "[[2 0] [2 1] [2 3]]",
		"machine:cut-peers":   "[[1 2] [2 1] [2 3] [3 2]]",
		"machine:cut-clients": "[[0 2] [2 0]]",
		"machines:apart":      "[[1 2] [2 1] [2 3] [3 2]]",
	} {
		ways := n.ways(cuts[kind], 2)
		slices.SortFunc(ways, func(x, y [2]int) int { return slices.Compare(x[:], y[:]) })
		if got := fmt.Sprint(ways); got != want || !kind.needsHosts() {
			t.Errorf("%s closes %s, want %s", kind, got, want)
		}
	}
	if len(cuts) != 6 {
		t.Errorf("%d cuts; want a line above for each", len(cuts))
	}
}
