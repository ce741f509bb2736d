package graph

import (
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

func TestAWaitIsAtMostTenSeconds(t *testing.T) {
	d := newDesk(t)
	d.account = func(bank.AccountID) (view.Account, error) {
		return view.Account{Account: bank.Account{ID: ada, Currency: "EUR", Version: 3, OpenedAt: time.Unix(1, 0)}}, nil
	}
	ask := func(wait string) answer {
		return d.ask(`query { account(id: "`+string(ada)+`", minVersion: 3, waitMs: `+wait+`) { version } }`, "")
	}
	for _, wait := range []string{"0", "10000"} {
		ask(wait).answers(`{"account": {"version": 3}}`)
	}
	for _, wait := range []string{"10001", "-1", "2147483647"} {
		if _, message := ask(wait).fails(badUserInput); !strings.Contains(message, "waitMs must be 0 to 10000") {
			t.Errorf("a wait of %s ms: %s", wait, message)
		}
	}
}
