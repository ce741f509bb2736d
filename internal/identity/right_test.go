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
	ordinary := map[identity.Role]verdicts{identity.Customer: {allowed, hidden, hidden}, identity.Teller: all, identity.Auditor: never, identity.Admin: all, identity.System: never, "": never}
	desk := map[identity.Role]verdicts{identity.Customer: never, identity.Teller: all, identity.Auditor: never, identity.Admin: all, identity.System: never, "": never}
	inside := map[identity.Role]verdicts{identity.Customer: never, identity.Teller: never, identity.Auditor: never, identity.Admin: never, identity.System: all, "": never}
	table := map[string]map[identity.Role]verdicts{
		"OpenAccount": ordinary, "UpdateAccount": ordinary, "CloseAccount": ordinary, "Deposit": ordinary, "Withdraw": ordinary,
		"SendTransfer": ordinary, "PlaceHold": ordinary, "AdjustHold": ordinary, "CaptureHold": ordinary, "ReleaseHold": ordinary,
		"FreezeAccount": desk, "UnfreezeAccount": desk, "SetLimits": desk, "Reverse": desk,
		"ReceiveTransfer": inside, "CompleteTransfer": inside, "ReturnTransfer": inside, "ExpireHold": inside,
		"PrintMoney": {identity.Customer: never, identity.Teller: never, identity.Auditor: never, identity.Admin: never, identity.System: never, "": never},
	}
	for command, roles := range table {
		for role, want := range roles {
			ada := identity.Principal{Subject: "ada", Roles: []identity.Role{role}}
			if got := (verdicts{ada.May(command, "ada"), ada.May(command, "grace"), ada.May(command, "")}); got != want {
				t.Errorf("%s by %q: %v, want %v", command, role, got, want)
			}
			nobody := identity.Principal{Roles: []identity.Role{role}}
			if got := nobody.May(command, ""); got != forbidden {
				t.Errorf("%s by nobody as %q: %v", command, role, got)
			}
		}
	}
	// A command that nobody has listed is given by nobody.
	for _, right := range identity.Rights() {
		if table[right.Command] == nil {
			t.Errorf("nobody has said who may give %s", right.Command)
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
		if nobody := (identity.Principal{Roles: []identity.Role{role}}); nobody.Sees("") || nobody.SeesAll() {
			t.Errorf("nobody sees something as %q", role)
		}
	}
}

func TestRolesOfATokenThatMeanNothingHere(t *testing.T) {
	if got := identity.Known([]string{"system", "root", "teller", "customer", "TELLER"}); len(got) != 2 || got[0] != identity.Customer || got[1] != identity.Teller {
		t.Errorf("%v", got)
	}
}
