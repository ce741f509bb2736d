package graph

import (
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

func TestNobodyWaitsForLongerThanTenSeconds(t *testing.T) {
	d := newDesk(t)
	d.account = func(bank.AccountID) (view.Account, error) {
		return view.Account{Account: bank.Account{ID: ada, Currency: "EUR", Version: 3, OpenedAt: time.Unix(1, 0)}}, nil
	}
	for wait, taken := range map[string]bool{"0": true, "10000": true, "10001": false, "-1": false, "2147483647": false} {
		got := d.ask(`query { account(id: "`+string(ada)+`", minVersion: 3, waitMs: `+wait+`) { version } }`, "")
		refused := len(got.Errors) == 1 && strings.Contains(got.Errors[0].Message, "waitMs must be 0 to 10000")
		if refused == taken || (taken && got.Data["account"]["version"] != 3.0) {
			t.Errorf("a wait of %s ms: %v (%+v), taken: %t", wait, got.Data, got.Errors, taken)
		}
	}
}
