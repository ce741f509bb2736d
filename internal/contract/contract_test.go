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

// examples has one event of each type, with every field set and with texts
// that JSON may write in more than one way.
func examples() []bank.Event {
	return []bank.Event{
		bank.AccountOpened{Owner: "Ada \"<Ä>\" & Söhne ✓ 😀", Currency: "EUR"},
		bank.MoneyDeposited{Amount: eur(5_00), Balance: eur(9223372036854775807), Reference: "invoice 7/\\",
			Memo: "<b>&amp;\u2028✓</b>", Postings: []bank.Posting{
				{LedgerAccount: bank.CustomerLedger(ada), Amount: eur(5_00)},
				{LedgerAccount: bank.CashLedger("EUR"), Amount: eur(-5_00)},
			}},
		bank.MoneyWithdrawn{Amount: eur(1), Balance: eur(0), Reference: "rent", Memo: "päivää", Postings: []bank.Posting{
			{LedgerAccount: bank.CustomerLedger(ada), Amount: eur(-1)},
			{LedgerAccount: bank.CashLedger("EUR"), Amount: eur(1)},
		}},
	}
}
