package copies_test

import (
	"slices"
	"strings"
	"testing"

	"corebank/eventsource/copies"
)

func ids(m copies.Members) (all []string) {
	for _, disk := range m.Disks {
		all = append(all, disk.ID)
	}
	return all
}

// newDisk is a machine whose disk was replaced.
func newDisk(m copies.Machine) copies.Machine {
	m.Server = "new disk of " + m.Address
	return m
}

// TestANewDiskBecomesAMember: only after the one whose place it has is none any more, and when its copy is complete.
func TestANewDiskBecomesAMember(t *testing.T) {
	a, b, c := knowing("a b c", primary("a", 1, 9)), knowing("a b c", replica("b", 1, 9)), newDisk(empty("c"))
	wish := copies.Wish{Copies: 2}
	plan, err := copies.Decide([]copies.Machine{a, b, c}, wish)
	if err != nil || !slices.Equal(plan.New, []string{"c"}) || len(plan.Held) > 0 {
		t.Fatalf("got %+v, %v: c gets a copy", plan, err)
	}
	a.Members = copies.Before([]copies.Machine{a, b, c}, a, 2)
	if got := ids(a.Members); !slices.Equal(got, []string{"disk of a", "disk of b"}) || a.Members.Quorum != 2 {
		t.Fatalf("before c gets a copy, the members are %v, of which %d are needed", got, a.Members.Quorum)
	}
	c = newDisk(replica("c", 1, 5))
	seen := []copies.Machine{a, b, c}
	if got := copies.After(seen, a, []string{"b"}, 2); !got.Equal(a.Members) {
		t.Errorf("with a copy that is not complete, c is a member: %v", got)
	}
	a.Members = copies.After(seen, a, []string{"b", "c"}, 2)
	if got := ids(a.Members); !slices.Equal(got, []string{"disk of a", "disk of b", "new disk of c"}) ||
		a.Members.Quorum != 2 || a.Members.Disks[2].From != 9 {
		t.Errorf("with a complete copy, the members are %+v", a.Members)
	}
	if lines := strings.Join(copies.Describe(seen), "\n"); strings.Contains(lines, "it does not count") !=
		!a.Members.Includes(c) {
		t.Errorf("what is said of c:\n%s", lines)
	}
}

// TestAPrimaryThatSeesTooFewMembersIsNotMadeWholeByNewDisks: the log may go on elsewhere, as no one knows, and new
// disks would let it commit here.
func TestAPrimaryThatSeesTooFewMembersIsNotMadeWholeByNewDisks(t *testing.T) {
	a := knowing("a b c", primary("a", 1, 9))
	seen := []copies.Machine{a, newDisk(empty("b")), newDisk(empty("c"))}
	plan, err := copies.Decide(seen, copies.Wish{Copies: 2})
	if err != nil || !plan.Keep || !plan.Waits || len(plan.Others) > 0 || !slices.Equal(plan.Held, []string{"b", "c"}) {
		t.Errorf("got %+v, %v: b and c are held", plan, err)
	}
	if steps := strings.Join(plan.Steps(copies.Wish{Copies: 2}), "\n"); !strings.Contains(steps, "b gets no copy: 2 "+
		"machines are needed") || !strings.Contains(steps, "say --force-loss") {
		t.Errorf("the steps do not say why:\n%s", steps)
	}
	plan, err = copies.Decide(seen, copies.Wish{Copies: 2, ForceLoss: true})
	if err != nil || !slices.Equal(plan.New, []string{"b", "c"}) || plan.Loss == "" {
		t.Errorf("by force: got %+v, %v", plan, err)
	}
	a.Members = copies.Before(seen, a, 2)
	if got := ids(a.Members); !slices.Equal(got, []string{"disk of a"}) || a.Members.Quorum != 1 {
		t.Errorf("after that the members are %+v", a.Members)
	}
}

// TestFewerCopiesNeedMoreMembers: the members needed rise before fewer copies are acknowledged, and fall only when each
// has everything.
func TestFewerCopiesNeedMoreMembers(t *testing.T) {
	seen := []copies.Machine{primary("a", 1, 9), replica("b", 1, 9), replica("c", 1, 9)}
	three := copies.Founders(seen, 3)
	if three.Quorum != 1 {
		t.Fatalf("with 3 copies, %d members are needed", three.Quorum)
	}
	seen[0].Members = three
	two := copies.Before(seen, seen[0], 2)
	if two.Quorum != 2 {
		t.Errorf("before 2 copies are acknowledged, %d members are needed", two.Quorum)
	}
	seen[0].Members = two
	if got := copies.After(seen, seen[0], []string{"b"}, 3); got.Quorum != 2 {
		t.Errorf("while c has not everything, %d members are needed", got.Quorum)
	}
	if got := copies.After(seen, seen[0], []string{"b", "c"}, 3); got.Quorum != 1 {
		t.Errorf("when all have everything, %d members are needed", got.Quorum)
	}
}

// TestTheMembersOfAnEarlierBuildsLog are those that have everything when that is first noted.
func TestTheMembersOfAnEarlierBuildsLog(t *testing.T) {
	seen := []copies.Machine{primary("a", 1, 9), replica("b", 1, 9), replica("c", 1, 4)}
	got := copies.After(seen, seen[0], []string{"b"}, 2)
	if !slices.Equal(ids(got), []string{"disk of a", "disk of b"}) || got.Quorum != 2 {
		t.Errorf("got %+v", got)
	}
}
