package identity_test

import (
	"testing"

	"corebank/internal/contract"
	"corebank/internal/identity"
)

// TestWhoMayGiveWhat is the whole table: by command, what each role may do to
// its own account (o), to that of others (x), and to none (n).
func TestWhoMayGiveWhat(t *testing.T) {
	const (
		allowed, hidden, forbidden = identity.Allowed, identity.Hidden, identity.Forbidden
	)
	type verdicts struct{ own, others, none identity.Verdict }
	all, never := verdicts{allowed, allowed, allowed}, verdicts{forbidden, forbidden, forbidden}
	own := verdicts{allowed, hidden, hidden}
	by := func(customer, teller, auditor, admin, system verdicts) map[identity.Role]verdicts {
		return map[identity.Role]verdicts{identity.Customer: customer, identity.Teller: teller,
			identity.Auditor: auditor, identity.Admin: admin, identity.System: system, "": never}
	}
	ordinary := by(own, all, never, all, never)
	desk := by(never, all, never, all, never)
	inside := by(never, never, never, never, all)
	table := map[string]map[identity.Role]verdicts{
		"OpenAccount": ordinary, "UpdateAccount": ordinary, "CloseAccount": ordinary,
		"Deposit": ordinary, "Withdraw": ordinary, "SendTransfer": ordinary,
		"PlaceHold": ordinary, "AdjustHold": ordinary, "CaptureHold": ordinary, "ReleaseHold": ordinary,
		"FreezeAccount": desk, "UnfreezeAccount": desk, "SetLimits": desk, "Reverse": desk,
		"ReceiveTransfer": inside, "CompleteTransfer": inside, "ReturnTransfer": inside, "ExpireHold": inside,
		"PostTransaction": ordinary, "PostLeg": inside,
		"PrintMoney": by(never, never, never, never, never),
	}
	for command, roles := range table {
		for role, want := range roles {
			ada := identity.Principal{Subject: "ada", Roles: []identity.Role{role}}
			if got := (verdicts{ada.May(command, "ada"), ada.May(command, "grace"), ada.May(command, "")}); got != want {
				t.Errorf("%s by %q: %v, want %v", command, role, got, want)
			}
			anonymous := identity.Principal{Roles: []identity.Role{role}}
			if got := anonymous.May(command, ""); got != forbidden {
				t.Errorf("%s by an anonymous %q: %v", command, role, got)
			}
		}
	}
	// A command that is in no row of the table has no rights.
	for _, right := range identity.Rights() {
		if table[right.Command] == nil {
			t.Errorf("this test has no row for %s", right.Command)
		}
		if _, err := (contract.Command{Type: right.Command, Data: []byte(`{}`)}).Decode(); err != nil {
			t.Errorf("a right to something that is no command: %v", err)
		}
	}
}

func TestWhoSeesWhat(t *testing.T) {
	for role, want := range map[identity.Role][2]bool{identity.Customer: {true, false}, identity.Teller: {true, true},
		identity.Auditor: {true, true}, identity.Admin: {true, true}, "": {false, false}} {
		ada := identity.Principal{Subject: "ada", Roles: []identity.Role{role}}
		if got := [2]bool{ada.Sees("ada"), ada.Sees("grace")}; got != want {
			t.Errorf("%q sees its own and others': %v, want %v", role, got, want)
		}
		if anonymous := (identity.Principal{Roles: []identity.Role{role}}); anonymous.Sees("") || anonymous.SeesAll() {
			t.Errorf("an anonymous %q sees something", role)
		}
	}
}

func TestRolesOfATokenThatMeanNothingHere(t *testing.T) {
	got := identity.Known([]string{"system", "root", "teller", "customer", "TELLER"})
	if len(got) != 2 || got[0] != identity.Customer || got[1] != identity.Teller {
		t.Errorf("%v", got)
	}
}
