package contract_test

import (
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

var ada = bank.NewAccountID("ada", "first")

func eur(cents int64) bank.Money { return bank.Money{Minor: cents, Currency: "EUR"} }

// decidedAt is in UTC and whole microseconds, as every record's time.
var decidedAt = time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.UTC)

// stored is a record of Ada's account around an event.
func stored(t testing.TB, version int64, e bank.Event) contract.Record {
	t.Helper()
	r := contract.Record{Position: 40 + version, Account: ada, Version: version, At: decidedAt,
		Key: "key <1> & \"ä\"", Caller: "ada", RequestHash: strings.Repeat("0123456789abcdef", 2)}
	if err := r.SetEvent(e); err != nil {
		t.Fatal(err)
	}
	return r
}
