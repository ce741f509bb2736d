package torture

import (
	"testing"

	"corebank/eventsource/copies"
)

// An earlier primary that is back believes that it takes commits, until it is made a replica.
func TestThePrimaryIsTheOneThatTookOverLast(t *testing.T) {
	was := copies.Machine{Address: "a", Primary: true, Epoch: 3}
	is := copies.Machine{Address: "b", Primary: true, Epoch: 4}
	replica := copies.Machine{Address: "c", Epoch: 4}
	for _, observed := range [][]copies.Machine{{was, is, replica}, {replica, is, was}} {
		if got := primaryOf(observed); got.Address != "b" {
			t.Errorf("it is %s", got)
		}
	}
	if got := primaryOf([]copies.Machine{replica}); got.Address != "" {
		t.Errorf("without one it is %s", got)
	}
}
