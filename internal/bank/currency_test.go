package bank

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheCurrencyTable(t *testing.T) {
	// ISO's amendments add and remove codes. A code that leaves goes to retired:
	// accounts in it must still be written with its decimals. So no sum of the two
	// tables ever falls.
	want := map[int]int{0: 17 + 1, 2: 139 + 13, 3: 7, 4: 2}
	got := make(map[int]int)
	listed := make(map[Currency]int)
	notCapital := func(r rune) bool { return r < 'A' || r > 'Z' }
	check := func(exponent int, codes []Currency, active bool) {
		got[exponent] += len(codes)
		if !slices.IsSorted(codes) {
			t.Errorf("the currencies with %d decimals are not sorted", exponent)
		}
		for _, code := range codes {
			if len(code) != 3 || strings.ContainsFunc(string(code), notCapital) {
				t.Errorf("%q is not three capitals", code)
			}
			if earlier, again := listed[code]; again {
				t.Errorf("%s is listed with %d and with %d decimals", code, earlier, exponent)
			}
			listed[code] = exponent
			if found, ok := code.Exponent(); !ok || found != exponent || code.Active() != active {
				t.Errorf("%s is listed with %d decimals and found with %d, %v", code, exponent, found, ok)
			}
		}
	}
	for exponent, codes := range currencies {
		check(exponent, codes, true)
	}
	for exponent, codes := range retired {
		check(exponent, codes, false)
	}
	if !maps.Equal(got, want) {
		t.Errorf("currencies by decimals: %v, want %v", got, want)
	}
}

func TestCurrencies(t *testing.T) {
	// Those that are often got wrong, and one of each kind.
	for code, decimals := range map[Currency]int{
		"EUR": 2, "USD": 2, "HUF": 2, "IDR": 2, "MGA": 2, "MRU": 2, "TWD": 2, "CHE": 2, "XCG": 2, "ZWG": 2,
		"JPY": 0, "ISK": 0, "KRW": 0, "VND": 0, "UYI": 0, "XOF": 0,
		"KWD": 3, "TND": 3, "IQD": 3, "CLF": 4, "UYW": 4,
	} {
		if got, ok := code.Exponent(); !ok || got != decimals {
			t.Errorf("%s has %d decimals (%v), want %d", code, got, ok, decimals)
		}
	}
	for _, code := range []Currency{"", "E", "EU", "EURO", "eur", "Eur", "€€€", "\x00\x00\x00", "978",
		"XXX", "XTS", "XAU", "XAG", "XDR", "DEM", "BTC"} {
		if decimals, ok := code.Exponent(); ok {
			t.Errorf("%q is a currency with %d decimals", code, decimals)
		}
	}
}

// TestARetiredCurrency: an account that has one lives on; no other is opened.
func TestARetiredCurrency(t *testing.T) {
	kuna := func(minor int64) Money { return Money{Minor: minor, Currency: "HRK"} }
	in := Circumstances{Now: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), Caller: "ada"}
	a := Account{ID: NewAccountID("ada", "kuna")}
	if _, refusal := a.Decide(OpenAccount{Owner: "ada", Currency: "HRK"}, in); refusal == nil ||
		refusal.Code != CurrencyUnknown {
		t.Errorf("a new account in HRK is answered with %v", refusal)
	}
	a = a.Apply(AccountOpened{Owner: "ada", Currency: "HRK", Kind: Current}, in.Now)
	for _, c := range []Command{Deposit{Amount: kuna(1234)}, PlaceHold{Amount: kuna(100)},
		ReleaseHold{Hold: 3}, SetLimits{Limits{Overdraft: kuna(500)}},
		SendTransfer{To: NewAccountID("bob", "kuna"), Amount: kuna(34)}, Withdraw{Amount: kuna(1200)}} {
		event, refusal := a.Decide(c, in)
		if refusal != nil {
			t.Fatalf("%+v in HRK is refused: %s", c, refusal.Message)
		}
		a = a.Apply(event, in.Now)
	}
	if got := a.Available(in.Now).String(); got != "5.00 HRK" {
		t.Errorf("%s are available", got)
	}
	if refusal := Check(OpenAccount{Owner: "ada", Currency: "HRK"}); refusal != nil {
		t.Errorf("the opening cannot be sent again: %s", refusal.Message)
	}
}
