package logclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"corebank/internal/bank"
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
		if app := l.apps[l.partition("acc_x")].apps[0]; (app == contract.AppEventSource) != (want == 1) {
			t.Errorf("of %d partitions, %s is asked", partitions, app)
		}
	}
}

// On several machines, a partition has as many event sources as the whole log.
func TestAPartitionHasEventSourcesThatStandBy(t *testing.T) {
	l := NewPartitioned(nil, 2, "", contract.EventSources(3)...)
	for partition, want := range map[int][]string{0: {"eventsource-1", "eventsource-1-m2", "eventsource-1-m3"},
		1: {"eventsource-2", "eventsource-2-m2", "eventsource-2-m3"}} {
		if got := l.apps[partition].apps; !slices.Equal(got, want) {
			t.Errorf("partition %d is asked of %v, want %v", partition+1, got, want)
		}
	}
}

// Given appends for accounts of several partitions; then each goes to the partition of its account, and the answers
// are in their order. If one partition does not answer, nothing is known.
func TestAppendsGoToTheirPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken error
		l := NewPartitioned(nil, 3, "")
		for p := range l.appenders {
			l.appenders[p] = carry(t, func(_ context.Context, r contract.AppendRequest) (reply contract.AppendReply, err error) {
				for _, one := range r.Appends {
					if l.partition(one.Account) != p {
						t.Errorf("%s was sent to partition %d", one.Account, p+1)
					}
					reply.Results = append(reply.Results, contract.AppendResult{Reason: string(one.Account)})
				}
				if p == 1 {
					err = broken
				}
				return reply, err
			})
		}
		appends := make([]contract.Append, 100)
		for i := range appends {
			appends[i] = contract.Append{Account: bank.NewAccountID("client", fmt.Sprint(i))}
		}
		results, err := l.AppendAll(t.Context(), appends)
		if err != nil {
			t.Fatal(err)
		}
		for i, result := range results {
			if result.Reason != string(appends[i].Account) {
				t.Errorf("append %d got the answer of %s", i, result.Reason)
			}
		}
		broken = errors.New("reset")
		if results, err := l.AppendAll(t.Context(), appends); err == nil {
			t.Errorf("a partition is broken: %d results, want an error", len(results))
		}
	})
}
