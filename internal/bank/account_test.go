package bank_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"corebank/internal/bank"
)

func TestAnAccountIsTheFoldOfItsEvents(t *testing.T) {
	if nothing := accountAfter(); nothing.IsOpen() || !reflect.DeepEqual(nothing, bank.Account{ID: ada}) {
		t.Errorf("without events: %+v", nothing)
	}
	got := accountAfter(opened("EUR"), deposited(eur(5_00), eur(5_00)), withdrawn(eur(1_50), eur(3_50)))
	want := bank.Account{ID: ada, Owner: "Ada Lovelace", Currency: "EUR", Kind: bank.Current, Balance: eur(3_50),
		Version: 3, OpenedAt: at(1), ChangedAt: at(3), Spent: bank.Spent{Day: "2026-03-01", Amount: eur(1_50)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the account is\n%+v, want\n%+v", got, want)
	}
	if !got.IsOpen() || got.Available(at(3)) != eur(3_50) {
		t.Errorf("open %v, available %s", got.IsOpen(), got.Available(at(3)))
	}
}

func TestAClaimIsNoAccount(t *testing.T) {
	claim := accountAfter(bank.ExternalIDClaimed{ExternalID: "crm 7", Account: grace})
	if claim.IsOpen() || claim.Claimant != grace || claim.Version != 1 {
		t.Errorf("%+v", claim)
	}
}

// TestTwoFuturesOfAnAccountAreApart: a decision that comes to nothing, in a dry
// run or a lost race, leaves nothing in the account that it began from.
func TestTwoFuturesOfAnAccountAreApart(t *testing.T) {
	now := accountAfter(opened("EUR"), deposited(eur(9), eur(9)))
	for i := range 3 { // a list of three has room for a fourth
		under := sent(eur(1), eur(8))
		under.Transfer = bank.NewTransferID(ada, fmt.Sprint(i))
		now = now.Apply(under, at(3)).Apply(placed(eur(1), at(60)), at(3))
	}
	other := sent(eur(2), eur(7))
	other.Transfer = bank.NewTransferID(ada, "other")
	one := now.Apply(sent(eur(1), eur(8)), at(4)).Apply(placed(eur(1), at(60)), at(5))
	before := written(t, one)
	now.Apply(other, at(6)).Apply(placed(eur(2), at(70)), at(7))
	if after := written(t, one); after != before {
		t.Errorf("one future was\n%s, the other made it\n%s", before, after)
	}
}

func TestWhatTheBankDoesNotKnowIsAProgrammingError(t *testing.T) {
	for name, misuse := range map[string]func(){
		"deciding":  func() { accountAfter().Decide(nil, bank.Circumstances{}) },
		"checking":  func() { bank.Check(nil) },
		"folding":   func() { accountAfter().Apply(nil, at(1)) },
		"comparing": func() { bank.Conflicts(nil, bank.Deposit{}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			misuse()
		})
	}
}

var accountID = regexp.MustCompile(`^acc_[a-z2-7]{26}$`)

func TestAccountIDs(t *testing.T) {
	// An id that changed would orphan the account and let its key open another.
	const account, claim bank.AccountID = "acc_5ih27m6dq3hhjmwvirvlablrb4", "acc_bdmv7kb4vhl4xvvghsnyxrnmbq"
	if got := bank.NewAccountID("anonymous", "graphiql-demo-account"); got != account {
		t.Errorf("the id of a known caller and key became %s, it was %s", got, account)
	}
	if got := bank.NewClaimID("crm 7"); got != claim || !got.Valid() {
		t.Errorf("the id of a known claim became %s, it was %s", got, claim)
	}
	invalid := []bank.AccountID{"", "acc_", "42", "txn_" + ada[4:], ada[:29], ada + "a", " " + ada,
		"ACC_" + ada[4:], "acc_" + bank.AccountID(strings.ToUpper(string(ada[4:]))),
		"acc_" + ada[4:29] + "1", "acc_" + ada[4:16] + "-" + ada[17:]}
	for _, text := range invalid {
		if text.Valid() {
			t.Errorf("%q is valid", text)
		}
	}
}

func FuzzAccountIDsDifferWhereTheirMakersDo(f *testing.F) {
	f.Add("ada", "first", "ada", "second")
	f.Add("a", "b:c", "a:b", "c") // the same letters, divided elsewhere
	f.Add("", "1:ab", "1", ":ab")
	f.Add("1:a", "b", "1", "a:b")
	f.Add("ada", "first", "ada", "first")
	f.Fuzz(func(t *testing.T, caller, key, otherCaller, otherKey string) {
		id := bank.NewAccountID(caller, key)
		if !id.Valid() || !accountID.MatchString(string(id)) {
			t.Errorf("%q and %q make %q, which is not valid", caller, key, id)
		}
		same := caller == otherCaller && key == otherKey
		if other := bank.NewAccountID(otherCaller, otherKey); (id == other) != same {
			t.Errorf("%q, %q make %s and %q, %q make %s", caller, key, id, otherCaller, otherKey, other)
		}
	})
}

func FuzzAccountIDValid(f *testing.F) {
	f.Add(string(ada))
	f.Add("acc_")
	f.Add("acc_aaaaaaaaaaaaaaaaaaaaaaaaa1")
	f.Add("acc_aaaaaaaaaaaaa\x00aaaaaaaaaaaa")
	f.Add("acc_aaaaaaaaaaaaaaaaaaaaaaaaä")
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := bank.AccountID(text).Valid(), accountID.MatchString(text); got != want {
			t.Errorf("Valid of %q is %v, want %v", text, got, want)
		}
	})
}

// No two ids stand for the same bytes: they would share a stream.
func TestAnAccountIDIsTheOnlyOneOfItsBytes(t *testing.T) {
	id := bank.NewAccountID("ada", "first")
	if again := bank.AccountIDOf([16]byte(id.Bytes())); again != id {
		t.Errorf("%s becomes %s", id, again)
	}
	valid := 0
	for _, last := range "abcdefghijklmnopqrstuvwxyz234567" {
		if other := id[:len(id)-1] + bank.AccountID(last); other.Valid() {
			valid++
			if other != id && string(other.Bytes()) == string(id.Bytes()) {
				t.Errorf("%s and %s are both valid", other, id)
			}
		}
	}
	if valid != 8 {
		t.Errorf("%d last digits are valid, want 8", valid)
	}
}
