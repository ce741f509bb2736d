package torture

import (
	"testing"
	"time"
)

// Given three clients of two gateways, of which one is lost; then its client waits until another one answers, and it is
// set apart what the others noticed.
func TestClientsOfOthersAreToldApart(t *testing.T) {
	at := func(client string, gateway int, sent, answered float64, settled bool) asked {
		second := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
		return asked{client, gateway, second(sent), second(answered), settled, settled}
	}
	all := []asked{
		at("ada", 0, 9, 9.5, true), at("bob", 1, 9, 9.5, true), at("cy", 1, 2, 9.9, false), // before
		at("bob", 1, 9.5, 10.5, true),
		at("ada", 0, 9.5, 11, false), at("ada", 1, 11, 12, false), at("ada", 1, 12, 13.5, true),
		at("bob", 1, 10.5, 12, true), at("cy", 1, 10, 11, true), at("cy", 0, 11, 11.5, true), at("ada", 1, 13.5, 14, true),
		at("bob", 1, 20.5, 29, true), // after
	}
	own, others := waitsOf(all, 10*time.Second, 20*time.Second, []int{0})
	if own != (Waits{3.5, 2}) || others != (Waits{1.5, 0}) {
		t.Errorf("the clients of the lost gateway noticed %+v, the others %+v; want 3.5 s and two errors, 1.5 s and none",
			own, others)
	}
	if own, others := waitsOf(all, 10*time.Second, 20*time.Second, []int{0, 1}); own != (Waits{3.5, 2}) ||
		others != (Waits{}) {
		t.Errorf("with both lost: %+v, %+v", own, others)
	}
}
