package copies_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/eventsource/copies"
)

// replica has a copy of the log up to a transaction, with as many records.
func replica(address string, epoch int64, has uint64) copies.Machine {
	return copies.Machine{Address: address, Server: "disk of " + address, Log: "log", Follows: "a", Epoch: epoch,
		Committed: has, Has: has, Head: int64(has)}
}

func primary(address string, epoch int64, has uint64) copies.Machine {
	m := replica(address, epoch, has)
	m.Primary, m.Follows, m.Copies = true, "", 2
	return m
}

// knowing is a machine whose log has the disks of these machines as its members, of which a majority has everything.
func knowing(members string, m copies.Machine) copies.Machine {
	addresses := strings.Fields(members)
	for _, address := range addresses {
		m.Members.Disks = append(m.Members.Disks, copies.Disk{ID: "disk of " + address, Address: address, From: 3})
	}
	m.Members.Quorum = len(addresses)/2 + 1
	return m
}

// raised is a machine whose newest epoch was raised somewhere, is on its disk, and not committed.
func raised(where string, m copies.Machine) copies.Machine {
	m.EpochAt, m.EpochHash, m.Committed = m.Has, where, m.Has-1
	return m
}

// goneOn has something after that.
func goneOn(m copies.Machine) copies.Machine {
	m.Has++
	return m
}

func committed(m copies.Machine) copies.Machine {
	m.Committed = m.Has
	return m
}

func away(address string) copies.Machine {
	return copies.Machine{Address: address, Fault: "connection refused"}
}

func empty(address string) copies.Machine {
	return copies.Machine{Address: address, Server: "disk of " + address, Empty: true}
}

// with is a machine with something changed.
func with(m copies.Machine, change func(*copies.Machine)) copies.Machine {
	change(&m)
	return m
}

func TestTheMachineThatHasTheMostTakesOver(t *testing.T) {
	for name, test := range map[string]struct {
		seen []copies.Machine
		wish copies.Wish
		want copies.Plan
	}{
		"the primary answers and stays": {
			[]copies.Machine{primary("a", 1, 9), replica("b", 1, 9), replica("c", 1, 8)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "a", Keep: true, Others: []string{"b", "c"}}},
		"the primary is lost": {
			[]copies.Machine{away("a"), replica("b", 1, 8), replica("c", 1, 9)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "c", Others: []string{"b"}, Absent: []string{"a"}}},
		"a newer epoch has more than a longer log": {
			[]copies.Machine{away("a"), replica("b", 2, 7), replica("c", 1, 9)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "b", Others: []string{"c"}, Absent: []string{"a"}}},
		"of two that have as much, one has committed more": {
			[]copies.Machine{away("a"), with(replica("b", 1, 9), func(m *copies.Machine) { m.Committed = 8 }),
				replica("c", 1, 9)},
			copies.Wish{Copies: 2}, copies.Plan{Primary: "c", Others: []string{"b"}, Absent: []string{"a"}}},
		"an earlier primary returns": {
			[]copies.Machine{primary("a", 1, 99), primary("b", 2, 8), replica("c", 2, 8)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "b", Keep: true, Others: []string{"a", "c"}}},
		"an earlier primary returns and the later one is lost": {
			[]copies.Machine{primary("a", 1, 99), away("b"), replica("c", 2, 8)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "c", Others: []string{"a"}, Absent: []string{"b"}}},
		"two have raised the same epoch, and one of them had it acknowledged": {
			[]copies.Machine{raised("here", primary("a", 2, 99)), committed(raised("there", primary("b", 2, 9))), away("c")},
			copies.Wish{Copies: 2}, copies.Plan{Primary: "b", Keep: true, Others: []string{"a"}, Absent: []string{"c"}}},
		"two have raised the same epoch, and one of them has a copy of it elsewhere": {
			[]copies.Machine{raised("here", primary("a", 2, 99)), raised("there", primary("b", 2, 9)),
				raised("there", replica("c", 2, 9))},
			copies.Wish{Copies: 2}, copies.Plan{Primary: "b", Keep: true, Others: []string{"a", "c"}}},
		"two have raised the same epoch alone": {
			[]copies.Machine{raised("here", primary("a", 2, 9)), raised("there", primary("b", 2, 8)), replica("c", 1, 7)},
			copies.Wish{Copies: 2}, copies.Plan{Primary: "a", Others: []string{"b", "c"}}},
		"two have raised the same epoch alone, one has something after it, and the third machine is away": {
			[]copies.Machine{raised("here", primary("a", 2, 12)), goneOn(raised("there", primary("b", 2, 9))), away("c")},
			copies.Wish{Copies: 2}, copies.Plan{Primary: "b", Others: []string{"a"}, Absent: []string{"c"}}},
		"one took over and was lost before it raised the epoch, and the earlier primary returns": {
			[]copies.Machine{primary("a", 2, 9), primary("b", 2, 8), replica("c", 2, 8)},
			copies.Wish{Copies: 2}, copies.Plan{Primary: "a", Others: []string{"b", "c"}}},
		"of two machines one is left, and waits for another": {
			[]copies.Machine{away("a"), replica("b", 1, 8)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "b", Absent: []string{"a"}, Waits: true}},
		"every machine has everything, and two are lost": {
			[]copies.Machine{away("a"), away("b"), replica("c", 1, 9)}, copies.Wish{Copies: 3},
			copies.Plan{Primary: "c", Absent: []string{"a", "b"}, Waits: true}},
		"an empty machine takes the place of the lost one": {
			[]copies.Machine{empty("a"), replica("b", 1, 9), replica("c", 1, 9)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "b", Others: []string{"a", "c"}}},
		"of two that have as much, the one whose clock is right": {
			[]copies.Machine{away("a"), with(replica("b", 1, 9), func(m *copies.Machine) { m.Clock = time.Hour }),
				replica("c", 1, 9)}, copies.Wish{Copies: 2},
			copies.Plan{Primary: "c", Others: []string{"b"}, Absent: []string{"a"}}},
		"an operator moves the primary": {
			[]copies.Machine{primary("a", 1, 9), replica("b", 1, 9), replica("c", 1, 9)},
			copies.Wish{Copies: 2, To: "c"},
			copies.Plan{Primary: "c", Others: []string{"a", "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := copies.Decide(test.seen, test.wish)
			if err != nil {
				t.Fatal(err)
			}
			if got.Primary != test.want.Primary || got.Keep != test.want.Keep || got.Waits != test.want.Waits ||
				got.Loss != test.want.Loss || !slices.Equal(got.Others, test.want.Others) ||
				!slices.Equal(got.Absent, test.want.Absent) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestAFailoverIsRefusedInWords(t *testing.T) {
	for name, test := range map[string]struct {
		seen []copies.Machine
		wish copies.Wish
		says string
	}{
		"one copy asked and two given": {
			[]copies.Machine{primary("a", 1, 9), replica("b", 1, 9)}, copies.Wish{Copies: 1},
			"one copy is asked for and 2 machines are given"},
		"more copies than machines": {
			[]copies.Machine{primary("a", 1, 9), replica("b", 1, 9)}, copies.Wish{Copies: 3},
			"3 copies need 3 machines, and 2 are given"},
		"no copies": {
			[]copies.Machine{primary("a", 1, 9), replica("b", 1, 9)}, copies.Wish{}, "0 copies make no sense"},
		"one machine twice": {
			[]copies.Machine{primary("a", 1, 9), primary("a", 1, 9)}, copies.Wish{Copies: 2}, "a is given twice"},
		"one immudb under two addresses, or a copied directory": {
			[]copies.Machine{primary("a", 1, 9), with(replica("b", 1, 9), func(m *copies.Machine) { m.Server = "disk of a" })},
			copies.Wish{Copies: 2}, "a and b are the same immudb"},
		"different logs": {
			[]copies.Machine{away("a"), replica("b", 1, 9), with(replica("c", 1, 9),
				func(m *copies.Machine) { m.Log = "of another bank" })}, copies.Wish{Copies: 2},
			"b and c have different logs (log and of another bank)"},
		"two primaries with epochs of the same number, and the third machine is away": {
			[]copies.Machine{goneOn(raised("here", primary("a", 2, 9))), goneOn(raised("there", primary("b", 2, 9))), away("c")},
			copies.Wish{Copies: 2}, "a and b have both raised epoch 2, and nothing tells which one took over last"},
		"the replica that is behind": {
			[]copies.Machine{away("a"), replica("b", 1, 6), replica("c", 1, 9)}, copies.Wish{Copies: 2, To: "b"},
			"b is behind: it has 6 records and c has 9, so 3 records would be lost, those after position 6"},
		"the replica that did not see the last takeover": {
			[]copies.Machine{away("a"), with(replica("b", 1, 9), func(m *copies.Machine) { m.Head = 5 }),
				with(replica("c", 2, 9), func(m *copies.Machine) { m.Head = 5 })}, copies.Wish{Copies: 2, To: "b"},
			"b is behind: it is at epoch 1 and transaction 9, and c at epoch 2"},
		"two of three are lost": {
			[]copies.Machine{away("a"), replica("b", 1, 9), away("c")}, copies.Wish{Copies: 2},
			"2 machines are needed that are known to have had everything that was acknowledged, and 1 answer (a: it does " +
				"not answer; c: it does not answer)"},
		"one of three is lost and another is empty": {
			[]copies.Machine{away("a"), replica("b", 1, 9), empty("c")}, copies.Wish{Copies: 2},
			"what comes after position 9 may be on others only, and would be lost. To lose that for good, say --force-loss"},
		"one of three is lost and another has a new disk": {
			[]copies.Machine{away("a"), knowing("a b c", replica("b", 1, 9)), with(knowing("a b c", replica("c", 1, 5)),
				func(m *copies.Machine) { m.Server = "new disk of c" })}, copies.Wish{Copies: 2},
			"and 1 answer (a: it does not answer; c: its disk is none of those known to have everything)"},
		"one of three is lost and the disk of another was put back to an earlier state": {
			[]copies.Machine{away("a"), knowing("a b c", replica("b", 1, 9)), knowing("a b c", replica("c", 1, 2))},
			copies.Wish{Copies: 2}, "c: it had transaction 3 before, so its disk was put back to an earlier state"},
		"no one has anything": {
			[]copies.Machine{empty("a"), empty("b")}, copies.Wish{Copies: 2}, "none of the machines that answer has a copy"},
		"a machine that is not there": {
			[]copies.Machine{away("a"), replica("b", 1, 9)}, copies.Wish{Copies: 2, To: "a"}, "a cannot become the primary"},
		"clocks apart": {
			[]copies.Machine{away("a"), with(replica("b", 1, 9), func(m *copies.Machine) { m.Clock = -2 * time.Minute }),
				replica("c", 1, 8)}, copies.Wish{Copies: 2}, "the clock of b is -2m0s from this machine's"},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := copies.Decide(test.seen, test.wish)
			if refusal := copies.Refusal(""); !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %+v and %v, want a refusal that says %q", plan, err, test.says)
			}
		})
	}
}

// TestALossIsAcceptedInWords: what --force-loss loses is in the plan.
func TestALossIsAcceptedInWords(t *testing.T) {
	plan, err := copies.Decide([]copies.Machine{away("a"), replica("b", 1, 6), replica("c", 1, 9)},
		copies.Wish{Copies: 2, To: "b", ForceLoss: true})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Primary != "b" || !strings.Contains(plan.Loss, "3 records would be lost") {
		t.Errorf("got %+v", plan)
	}
	if steps := strings.Join(plan.Steps(copies.Wish{Copies: 2}), "\n"); !strings.Contains(steps, "3 records") {
		t.Errorf("the steps do not say what is lost:\n%s", steps)
	}
}
