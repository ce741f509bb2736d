package bank_test

import (
	"regexp"
	"strings"
	"testing"

	"corebank/internal/bank"
)

func TestOpeningAnAccount(t *testing.T) {
	tell(t, map[string]story{
		"the account begins empty": {
			when: bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"},
			then: bank.AccountOpened{Owner: "Ada Lovelace", Currency: "EUR"},
		},
		"a name of 140 characters, however many bytes": {
			when: bank.OpenAccount{Owner: strings.Repeat("ä", 140), Currency: "JPY"},
			then: bank.AccountOpened{Owner: strings.Repeat("ä", 140), Currency: "JPY"},
		},
		"nobody": {
			when: bank.OpenAccount{Currency: "EUR"},
			or:   invalidInput("owner"),
		},
		"a name of 141 characters": {
			when: bank.OpenAccount{Owner: strings.Repeat("a", 141), Currency: "EUR"},
			or:   invalidInput("owner"),
		},
		"a name over two lines": {
			when: bank.OpenAccount{Owner: "Ada\nLovelace", Currency: "EUR"},
			or:   invalidInput("owner"),
		},
		"a name with a control character beyond ASCII": {
			when: bank.OpenAccount{Owner: "Ada\u0085Lovelace", Currency: "EUR"},
			or:   invalidInput("owner"),
		},
		"a name that is not UTF-8": {
			when: bank.OpenAccount{Owner: "Ad\xe4", Currency: "EUR"},
			or:   invalidInput("owner"),
		},
		"gold is no currency": {
			when: bank.OpenAccount{Owner: "Ada Lovelace", Currency: "XAU"},
			or:   bank.Refusal{Code: bank.CurrencyUnknown, Field: "currency"},
		},
		"an account that is open": {
			given: []bank.Event{opened("EUR")},
			when:  bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"},
			or:    bank.Refusal{Code: bank.AccountAlreadyOpen, Field: "idempotencyKey"},
		},
	})
}

func TestAnAccountIsTheFoldOfItsEvents(t *testing.T) {
	if nothing := accountAfter(); nothing.IsOpen() || nothing != (bank.Account{ID: ada}) {
		t.Errorf("without events: %+v", nothing)
	}
	got := accountAfter(opened("EUR"), deposited(eur(5_00), eur(5_00)), withdrawn(eur(1_50), eur(3_50)))
	want := bank.Account{ID: ada, Owner: "Ada Lovelace", Currency: "EUR", Balance: eur(3_50),
		Version: 3, OpenedAt: at(1), ChangedAt: at(3)}
	if got != want {
		t.Errorf("the account is\n%+v, want\n%+v", got, want)
	}
	if !got.IsOpen() || got.Available() != eur(3_50) {
		t.Errorf("open %v, available %s", got.IsOpen(), got.Available())
	}
}

func TestWhatTheBankDoesNotKnowIsAProgrammingError(t *testing.T) {
	for name, misuse := range map[string]func(){
		"deciding":   func() { accountAfter().Decide(nil) },
		"checking":   func() { bank.Check(nil) },
		"folding":    func() { accountAfter().Apply(nil, at(1)) },
		"comparing":  func() { bank.Differences(nil, bank.Deposit{}) },
		"inspecting": func() { _ = bank.CheckEvent(nil) },
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

func TestEventsSayAllThatTheyMust(t *testing.T) {
	sound := map[string]bank.Event{
		"opened":    opened("EUR"),
		"deposited": deposited(eur(1), eur(1)),
		"emptied":   withdrawn(eur(1), eur(0)),
		"a currency that is no longer active": deposited(
			bank.Money{Minor: 1, Currency: "DEM"}, bank.Money{Minor: 1, Currency: "DEM"}),
	}
	for name, e := range sound {
		if err := bank.CheckEvent(e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, e := range map[string]bank.Event{
		"an opening of nothing":   bank.AccountOpened{},
		"an opening by nobody":    bank.AccountOpened{Currency: "EUR"},
		"an opening in nothing":   bank.AccountOpened{Owner: "Ada Lovelace"},
		"a deposit of nothing":    bank.MoneyDeposited{},
		"a deposit of zero":       deposited(eur(0), eur(1)),
		"a negative deposit":      deposited(eur(-1), eur(1)),
		"a deposit in nothing":    deposited(bank.Money{Minor: 1}, bank.Money{Minor: 1}),
		"a deposit to no balance": bank.MoneyDeposited{Amount: eur(1)},
		"dollars made of euros":   deposited(eur(1), usd(1)),
		"a withdrawal of nothing": bank.MoneyWithdrawn{},
		"an overdraft":            withdrawn(eur(1), eur(-1)),
	} {
		if bank.CheckEvent(e) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

var accountID = regexp.MustCompile(`^acc_[a-z2-7]{26}$`)

func TestAccountIDs(t *testing.T) {
	// An id that changed would orphan the account and let its key open another.
	if got, want := bank.NewAccountID("anonymous", "graphiql-demo-account"), bank.AccountID("acc_5ih27m6dq3hhjmwvirvlablrb4"); got != want {
		t.Errorf("the id of a known caller and key became %s, it was %s", got, want)
	}
	for _, text := range []bank.AccountID{"", "acc_", "42", "txn_" + ada[4:], ada[:29], ada + "a", "ACC_" + ada[4:],
		"acc_" + bank.AccountID(strings.ToUpper(string(ada[4:]))), "acc_" + ada[4:29] + "1", "acc_" + ada[4:16] + "-" + ada[17:], " " + ada} {
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
