package bank

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestTheCurrencyTable(t *testing.T) {
	// ISO's amendments add and remove codes. When you change a count, keep the
	// decimals of a removed currency: accounts in it must still be written with
	// them.
	want := map[int]int{0: 17, 2: 139, 3: 7, 4: 2}
	got := make(map[int]int)
	listed := make(map[Currency]int)
	notCapital := func(r rune) bool { return r < 'A' || r > 'Z' }
	for exponent, codes := range currencies {
		got[exponent] = len(codes)
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
			if found, ok := code.Exponent(); !ok || found != exponent {
				t.Errorf("%s is listed with %d decimals and found with %d, %v", code, exponent, found, ok)
			}
		}
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
		"XXX", "XTS", "XAU", "XAG", "XDR", "DEM", "HRK", "BGN", "ANG", "BTC"} {
		if decimals, ok := code.Exponent(); ok {
			t.Errorf("%q is a currency with %d decimals", code, decimals)
		}
	}
}
