package torture_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/livebank"
	"corebank/check/torture"
)

// usual are the faults that "all" chooses.
func usual() []torture.Kind {
	return slices.DeleteFunc(torture.Kinds(1), func(k torture.Kind) bool { return k == torture.BrokerAway })
}

// A broker stays away for longer than the two minutes that its clients try.
func TestABrokerStaysAwayLongEnough(t *testing.T) {
	plan := torture.NewPlan(1, []torture.Kind{torture.BrokerAway}, time.Second)
	if f := plan.Next(); f.Lasts < 130*time.Second {
		t.Errorf("it lasts %v", f.Lasts)
	}
}

func faults(seed uint64, n int) (all []torture.Fault) {
	plan := torture.NewPlan(seed, usual(), time.Minute)
	for range n {
		all = append(all, plan.Next())
	}
	return all
}

func TestASeedHasOneSchedule(t *testing.T) {
	first := faults(7, 200)
	if !slices.Equal(first, faults(7, 200)) {
		t.Error("the same seed makes two schedules")
	}
	if slices.Equal(first, faults(8, 200)) {
		t.Error("two seeds make the same schedule")
	}
}

func TestEveryFaultComesInItsTurn(t *testing.T) {
	n := len(usual())
	times := make(map[torture.Kind]int)
	for i, f := range faults(1, 3*n) {
		times[f.Kind]++
		if times[f.Kind] > 1+i/n {
			t.Fatalf("fault %d is %s for the %dth time, before others had their turn", i, f.Kind, times[f.Kind])
		}
		what, _, _ := strings.Cut(string(f.Kind), ":")
		lasting := slices.Contains([]string{torture.Freeze, torture.Slow, torture.Cut, torture.Deaf, torture.Mute, "disk"},
			what)
		if lasting != (f.Lasts > 0) || lasting && (f.Lasts < 250*time.Millisecond || f.Lasts > time.Minute) {
			t.Errorf("%s lasts %v", f.Kind, f.Lasts)
		}
		if f.Calm <= 0 || f.Calm > time.Second {
			t.Errorf("%s comes after %v", f.Kind, f.Calm)
		}
	}
	if len(times) != n {
		t.Errorf("%d kinds of %d came", len(times), n)
	}
}

// Of twenty faults that last, one lasts long: of a freeze up to a minute.
func TestEveryKindThatLastsIsLongOnceInTwenty(t *testing.T) {
	long := make(map[torture.Kind]time.Duration)
	for _, f := range faults(5, 20*len(usual())) {
		if f.Lasts > 5*time.Second {
			if long[f.Kind] > 0 {
				t.Errorf("%s is long a second time", f.Kind)
			}
			long[f.Kind] = f.Lasts
		}
	}
	longest := time.Duration(0)
	for _, kind := range usual() {
		what, _, _ := strings.Cut(string(kind), ":")
		most := map[string]time.Duration{
			torture.Freeze: time.Minute, torture.Slow: 30 * time.Second, torture.Cut: 30 * time.Second,
			torture.Deaf: 30 * time.Second, torture.Mute: 30 * time.Second, "disk": 30 * time.Second}[what]
		if long[kind] < most/2 || long[kind] > most {
			t.Errorf("%s lasted %v at the longest, want %v to %v", kind, long[kind], most/2, most)
		}
		longest = max(longest, long[kind])
	}
	if longest < 50*time.Second {
		t.Errorf("nothing was frozen for longer than %v", longest)
	}
}

func TestFaultsAreChosenByName(t *testing.T) {
	for list, want := range map[string]int{
		"all": len(usual()), "broker-away": 1, "poison": 5, "messages": 4, "kill": len(livebank.Parts),
		"kill:actor": 1, "kill,kill:actor, everything": len(livebank.Parts) + 1,
		"snapshots,views:deleted": 4,
	} {
		if got, err := torture.ParseKinds(list, torture.Kinds(1)); err != nil || len(got) != want {
			t.Errorf("%q chose %v, %v; want %d", list, got, err, want)
		}
	}
	for _, list := range []string{"", "kil", "kill:vault", "kill,,freeze"} {
		if _, err := torture.ParseKinds(list, torture.Kinds(1)); err == nil || !strings.Contains(err.Error(), "broker-lost") {
			t.Errorf("%q: %v, want an error that lists the faults", list, err)
		}
	}
}

func TestMachinesHaveFaultsOfTheirOwn(t *testing.T) {
	for list, want := range map[string]int{"all": 16, "broken": 2, "machine": 10, "machines": 3, "machine:lost": 1} {
		if got, err := torture.ParseKinds(list, torture.MachineKinds()); err != nil || len(got) != want {
			t.Errorf("%q chose %v, %v; want %d", list, got, err, want)
		}
	}
	if _, err := torture.ParseKinds("kill:actor", torture.MachineKinds()); err == nil {
		t.Error("a fault of one machine was chosen for three")
	}
}
