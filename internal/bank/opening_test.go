package bank_test

import (
	"fmt"
	"strings"
	"testing"

	"corebank/internal/bank"
)

func TestOpeningAnAccount(t *testing.T) {
	full := bank.AccountOpened{Owner: "Ada Lovelace", Currency: "KWD", Name: "holidays", Kind: bank.Savings,
		ExternalID: "crm 7", Metadata: map[string]string{"branch": "London"}}
	tell(t, map[string]story{
		"the account begins empty": {
			when: bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"},
			then: bank.AccountOpened{Owner: "Ada Lovelace", Currency: "EUR", Kind: bank.Current},
		},
		"with all that can be said": {
			when: bank.OpenAccount{Owner: "Ada Lovelace", Currency: "KWD", Name: "holidays", Kind: bank.Savings,
				ExternalID: "crm 7", Metadata: map[string]string{"branch": "London"}},
			then: full,
		},
		"no metadata is none": {
			when: bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR", Kind: bank.Business, Metadata: map[string]string{}},
			then: bank.AccountOpened{Owner: "Ada Lovelace", Currency: "EUR", Kind: bank.Business},
		},
		"after money that could not arrive": {
			given: []bank.Event{rejected(bank.AccountNotFound)},
			when:  bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"},
			then:  opened("EUR"),
		},
		"a name of 140 characters, however many bytes": {
			when: bank.OpenAccount{Owner: strings.Repeat("ä", 140), Currency: "JPY"},
			then: bank.AccountOpened{Owner: strings.Repeat("ä", 140), Currency: "JPY", Kind: bank.Current},
		},
		"no owner": {
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
		"a kind that does not exist": {
			when: bank.OpenAccount{Owner: "Ada", Currency: "EUR", Kind: "GOLD"},
			or:   invalidInput("kind"),
		},
		"an account name and an external id that are too long, in an unknown currency": {
			when: bank.OpenAccount{Owner: "Ada", Currency: "EURO",
				Name: strings.Repeat("n", 141), ExternalID: strings.Repeat("x", 141)},
			or:   invalidInput("name"),
			also: []bank.Code{bank.InputInvalid, bank.CurrencyUnknown},
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
		"an account that was closed": {
			given: []bank.Event{opened("EUR"), bank.AccountClosed{}},
			when:  bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"},
			or:    bank.Refusal{Code: bank.AccountAlreadyOpen, Field: "idempotencyKey"},
		},
	})
}

func TestMetadataIsBounded(t *testing.T) {
	many := func(n, key, value int) map[string]string {
		m := make(map[string]string)
		for i := range n {
			m[fmt.Sprintf("%02d%s", i, strings.Repeat("ä", key-2))] = strings.Repeat("✓", value)
		}
		return m
	}
	for name, test := range map[string]struct {
		metadata map[string]string
		field    string // "" for none
	}{
		"twenty entries":             {many(20, 25, 50), ""},
		"the longest key and value":  {many(1, 64, 500), ""},
		"no value":                   {map[string]string{"key": ""}, ""},
		"twenty-one entries":         {many(21, 2, 1), "metadata"},
		"too much in all":            {many(20, 25, 51), "metadata"},
		"a key that is too long":     {many(1, 65, 1), "metadata.key"},
		"no key":                     {map[string]string{"": "value"}, "metadata.key"},
		"a value that is too long":   {many(1, 2, 501), "metadata.value"},
		"a value over two lines":     {map[string]string{"key": "a\nb"}, "metadata.value"},
		"a key that is not UTF-8":    {map[string]string{"\xff": "value"}, "metadata.key"},
		"a control character in one": {map[string]string{"a\x00": "value"}, "metadata.key"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []bank.Command{bank.OpenAccount{Owner: "Ada", Currency: "EUR", Metadata: test.metadata},
				bank.UpdateAccount{Metadata: &test.metadata}} {
				refusal := bank.Check(c)
				if (refusal == nil) != (test.field == "") ||
					refusal != nil && (refusal.Code != bank.InputInvalid || refusal.Field != test.field) {
					t.Errorf("%T: %+v, want %q", c, refusal, test.field)
				}
			}
		})
	}
}

// TestWhatACallerKeepsIsNotTheAccounts: maps and pointers are copied.
func TestWhatACallerKeepsIsNotTheAccounts(t *testing.T) {
	metadata, limit := map[string]string{"branch": "London"}, eur(5)
	account := bank.Account{ID: ada}
	for _, c := range []bank.Command{bank.OpenAccount{Owner: "Ada", Currency: "EUR", Metadata: metadata},
		bank.SetLimits{Limits: bank.Limits{PerTransaction: &limit, PerDay: &limit}}} {
		event, refusal := account.Decide(c, bank.Circumstances{Now: at(1)})
		if refusal != nil {
			t.Fatalf("%+v", refusal)
		}
		account = account.Apply(event, at(1))
	}
	metadata["branch"], limit.Minor = "Paris", 6
	if account.Metadata["branch"] != "London" ||
		*account.Limits.PerTransaction != eur(5) || *account.Limits.PerDay != eur(5) {
		t.Errorf("it is now %v, %s and %s", account.Metadata, account.Limits.PerTransaction, account.Limits.PerDay)
	}
}

func TestUpdatingAnAccount(t *testing.T) {
	name, none, long := "rent", "", strings.Repeat("n", 141)
	some, empty := map[string]string{"branch": "Paris"}, map[string]string{}
	before := bank.AccountOpened{Owner: "Ada Lovelace", Currency: "EUR", Kind: bank.Current, Name: "old",
		Metadata: map[string]string{"branch": "London"}}
	tell(t, map[string]story{
		"the name alone": {
			given: []bank.Event{before},
			when:  bank.UpdateAccount{Name: &name},
			then:  bank.AccountUpdated{Changed: []string{"name"}, Name: "rent", Metadata: before.Metadata},
		},
		"the metadata alone": {
			given: []bank.Event{before},
			when:  bank.UpdateAccount{Metadata: &some},
			then:  bank.AccountUpdated{Changed: []string{"metadata"}, Name: "old", Metadata: some},
		},
		"both away": {
			given: []bank.Event{before},
			when:  bank.UpdateAccount{Name: &none, Metadata: &empty},
			then:  bank.AccountUpdated{Changed: []string{"name", "metadata"}},
		},
		"nothing": {
			given: []bank.Event{before},
			when:  bank.UpdateAccount{},
			or:    invalidInput("input"),
		},
		"a name that is too long": {
			given: []bank.Event{before},
			when:  bank.UpdateAccount{Name: &long},
			or:    invalidInput("name"),
		},
		"of no account": {when: bank.UpdateAccount{Name: &name}, or: notFound},
		"when closed": {
			given: []bank.Event{before, bank.AccountClosed{}},
			when:  bank.UpdateAccount{Name: &name},
			or:    closed(2),
		},
	})
	after := accountAfter(before, bank.AccountUpdated{Changed: []string{"name"}, Name: "rent", Metadata: some})
	if after.Name != "rent" || after.Metadata["branch"] != "Paris" || after.Owner != "Ada Lovelace" {
		t.Errorf("%+v", after)
	}
}

func TestClosingAnAccount(t *testing.T) {
	notEmpty := func(balance, held, transit int64) bank.Refusal {
		return bank.Refusal{Code: bank.AccountNotEmpty, Field: "accountId",
			Balance: amount(balance), Held: amount(held), InTransit: amount(transit)}
	}
	tell(t, map[string]story{
		"an empty account": {
			given: []bank.Event{opened("EUR")},
			when:  bank.CloseAccount{Reason: "moved away"},
			then:  bank.AccountClosed{Reason: "moved away"},
		},
		"a frozen one, with an overdraft that is not used": {
			given: []bank.Event{opened("EUR"), overdraft(5), frozenDebits},
			when:  bank.CloseAccount{},
			then:  bank.AccountClosed{},
		},
		"when the last hold has expired": {
			given: []bank.Event{opened("EUR"), overdraft(5), placed(eur(5), at(4))},
			when:  bank.CloseAccount{},
			then:  bank.AccountClosed{},
		},
		"with a cent": {given: paidIn(eur(1)), when: bank.CloseAccount{}, or: notEmpty(1, 0, 0)},
		"with a debt": {
			given: []bank.Event{opened("EUR"), overdraft(5), withdrawn(eur(1), eur(-1))},
			when:  bank.CloseAccount{},
			or:    notEmpty(-1, 0, 0),
		},
		"with a hold": {
			given: []bank.Event{opened("EUR"), overdraft(5), placed(eur(5), at(5))},
			when:  bank.CloseAccount{},
			or:    notEmpty(0, 5, 0),
		},
		"with a transfer": {
			given: then(paidIn(eur(1)), sent(eur(1), eur(0))),
			when:  bank.CloseAccount{},
			or:    notEmpty(0, 0, 1),
		},
		"twice": {
			given: []bank.Event{opened("EUR"), bank.AccountClosed{}},
			when:  bank.CloseAccount{},
			or:    closed(2),
		},
		"no account": {when: bank.CloseAccount{}, or: notFound},
		"for long reasons": {
			given: []bank.Event{opened("EUR")},
			when:  bank.CloseAccount{Reason: strings.Repeat("r", 301)},
			or:    invalidInput("reason"),
		},
	})
}

func TestNothingMovesOnAClosedAccount(t *testing.T) {
	account := accountAfter(opened("EUR"), overdraft(5), bank.AccountClosed{})
	if !account.IsOpen() || !account.IsClosed() || account.Available(at(4)) != eur(0) {
		t.Errorf("open %v, closed %v, available %s", account.IsOpen(), account.IsClosed(), account.Available(at(4)))
	}
	name := "n"
	for _, c := range []bank.Command{
		bank.Deposit{Amount: eur(1)}, bank.Withdraw{Amount: eur(1)}, bank.SendTransfer{To: grace, Amount: eur(1)},
		bank.PlaceHold{Amount: eur(1)}, bank.CaptureHold{Hold: 1}, bank.ReleaseHold{Hold: 1},
		bank.Reverse{Transaction: 1, Reason: "r"}, bank.SetLimits{},
		bank.FreezeAccount{Debits: true, Reason: "r"}, bank.UnfreezeAccount{},
		bank.UpdateAccount{Name: &name}, bank.CloseAccount{},
	} {
		_, broken := judged(t, account, c, bank.Circumstances{Now: at(4)})
		if len(broken) != 1 || broken[0].Code != bank.ClosedAccount {
			t.Errorf("%T: %v", c, codes(broken))
		}
	}
}
