package logclient

import (
	"testing"

	"corebank/internal/contract"
)

// One partition that takes commands is enough to be ready; those that do not are
// named.
func TestSeveralPartitionsAreReadyTogether(t *testing.T) {
	good, bad := contract.Readiness{Ready: true}, contract.Readiness{Reason: "its disk is full"}
	for _, test := range []struct {
		answers []contract.Readiness
		want    contract.Readiness
	}{
		{[]contract.Readiness{good, good}, contract.Readiness{Ready: true}},
		{[]contract.Readiness{good, bad}, contract.Readiness{Ready: true, Reason: "partition 2: its disk is full"}},
		{[]contract.Readiness{bad, bad},
			contract.Readiness{Reason: "partition 1: its disk is full; partition 2: its disk is full"}},
	} {
		if got := combine(test.answers); got != test.want {
			t.Errorf("%+v combined are %+v, want %+v", test.answers, got, test.want)
		}
	}
}

// A log of one partition is asked from the app that always had it.
func TestOnePartitionIsTheEventSource(t *testing.T) {
	for partitions, want := range map[int]int{0: 1, 1: 1, 2: 2, 64: 64} {
		l := NewPartitioned(nil, partitions, "")
		if len(l.appenders) != want {
			t.Errorf("%d partitions have %d appenders", partitions, len(l.appenders))
		}
		if app := l.apps[l.partition("acc_x")]; (app == contract.AppEventSource) != (want == 1) {
			t.Errorf("of %d partitions, %s is asked", partitions, app)
		}
	}
}
