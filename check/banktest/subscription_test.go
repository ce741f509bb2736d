package banktest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// TestAnAccountIsWatched: Ada's phone shows her balance. It is right from the
// start and after every change of the account, whether money moves or not.
func TestAnAccountIsWatched(t *testing.T) { banktest.Tell(t, anAccountIsWatched) }

func anAccountIsWatched(t *testing.T, b *banktest.Bank) {
	ada := b.Open("ada")
	b.Deposit(ada, "5.00", "EUR", "first")
	b.Settle()
	phone := b.Dial()
	type update struct {
		Data struct {
			AccountUpdated struct {
				Version int
				Name    string
				Balance struct{ Current banktest.Money }
			}
		}
	}
	phone.Ask("a", `subscription($id: ID!) { accountUpdated(id: $id) { version name balance { current { value } } } }`,
		map[string]any{"id": ada})
	// until returns what the phone shows at a version.
	until := func(version int) update {
		for last := 0; ; {
			var now update
			if kind, _ := phone.Next(&now); kind != "next" {
				t.Fatalf("the phone receives %s", kind)
			}
			v := now.Data.AccountUpdated.Version
			if v <= last || v > version {
				t.Fatalf("version %d after %d, of %d", v, last, version)
			}
			if last = v; v == version {
				return now
			}
		}
	}
	if now := until(2).Data.AccountUpdated; now.Balance.Current.Value != "5.00" {
		t.Errorf("at first it shows %+v", now)
	}
	for i := range 20 {
		b.Deposit(ada, "1.00", "EUR", fmt.Sprint(i))
	}
	if now := until(22).Data.AccountUpdated; now.Balance.Current.Value != "25.00" {
		t.Errorf("after twenty deposits it shows %+v", now)
	}
	b.Must("updateAccount", map[string]any{"accountId": ada, "name": "Holidays", "idempotencyKey": "name"})
	if now := until(23).Data.AccountUpdated; now.Name != "Holidays" {
		t.Errorf("after a new name it shows %+v", now)
	}
}

// TestATransferIsWatched to its end, whichever that is.
func TestATransferIsWatched(t *testing.T) { banktest.Tell(t, aTransferIsWatched) }

func aTransferIsWatched(t *testing.T, b *banktest.Bank) {
	ada, bob, gone := b.Open("ada"), b.Open("bob"), b.Open("gone")
	b.Deposit(ada, "10.00", "EUR", "wages")
	b.Must("closeAccount", map[string]any{"accountId": gone, "idempotencyKey": "close"})
	phone := b.Dial()
	for to, end := range map[string]string{bob: "COMPLETED", gone: "RETURNED"} {
		var sent struct {
			Transfer struct{ Transfer struct{ ID string } }
		}
		b.Get(`mutation($input: TransferInput!) { transfer(input: $input) { transfer { id } } }`,
			map[string]any{"input": map[string]any{
				"fromAccountId": ada, "toAccountId": to, "amount": banktest.EUR("1.00"), "idempotencyKey": "to " + end}}, &sent)
		b.Settle()
		var statuses []string
		phone.Ask(end, `subscription($id: ID!) { transferUpdated(id: $id) { status } }`,
			map[string]any{"id": sent.Transfer.Transfer.ID})
		for {
			var now struct {
				Data struct{ TransferUpdated struct{ Status string } }
			}
			kind, _ := phone.Next(&now)
			if kind == "complete" {
				break
			}
			if kind != "next" {
				t.Fatalf("the phone receives %s", kind)
			}
			statuses = append(statuses, now.Data.TransferUpdated.Status)
		}
		if got := strings.Join(statuses, " "); got != end && got != "PENDING "+end {
			t.Errorf("the transfer was shown as %s, want that it ends %s", got, end)
		}
	}
}

func TestWhatIsNotThereIsNotWatched(t *testing.T) {
	b := banktest.Start(t)
	phone := b.Dial()
	for _, query := range []string{`subscription { accountUpdated(id: "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa") { id } }`,
		`subscription { accountUpdated(id: "") { id } }`,
		`subscription { transferUpdated(id: "trf_aaaaaaaaaaaaaaaaaaaaaaaaaa") { id } }`,
		`subscription { transferUpdated(id: "x") { id } }`} {
		var payload json.RawMessage
		phone.Ask("1", query, nil)
		if kind, _ := phone.Next(&payload); kind != "error" || !strings.Contains(string(payload), `"NOT_FOUND"`) {
			t.Errorf("%s is answered with %s %s", query, kind, payload)
		}
	}
	for _, seconds := range []string{"0", "-1", "301"} {
		var payload json.RawMessage
		phone.Ask("1", `subscription { transactionFeed(heartbeatSeconds: `+seconds+`) { cursor } }`, nil)
		if kind, _ := phone.Next(&payload); kind != "error" || !strings.Contains(string(payload), "1 to 300") {
			t.Errorf("%s seconds: %s %s", seconds, kind, payload)
		}
	}
}

// TestAFeedWithHeartbeats: a client of a quiet account resumes from the heartbeat
// and receives everything after it, once.
func TestAFeedWithHeartbeats(t *testing.T) { banktest.Tell(t, aFeedWithHeartbeats) }

func aFeedWithHeartbeats(t *testing.T, b *banktest.Bank) {
	ada, bob := b.Open("ada"), b.Open("bob")
	b.Deposit(ada, "1.00", "EUR", "1")
	b.Deposit(bob, "1.00", "EUR", "2")
	b.Settle()
	const query = `subscription($id: ID!, $after: String) { transactionFeed(accountId: $id, after: $after,
		heartbeatSeconds: 1) { cursor position transaction { version } } }`
	phone := b.Dial()
	phone.Ask("1", query, map[string]any{"id": ada, "after": banktest.FromStart})
	phone.Hears(`{transactionFeed: {transaction: {version: 2}}}`)
	var beat struct {
		Data struct {
			TransactionFeed struct {
				Cursor, Position string
				Transaction      *struct{ Version int }
			}
		}
	}
	if phone.Next(&beat); beat.Data.TransactionFeed.Transaction != nil || beat.Data.TransactionFeed.Position != "4" {
		t.Fatalf("want a heartbeat at the head, which is 4: %+v", beat)
	}
	phone.Close()
	b.Deposit(bob, "1.00", "EUR", "3")
	b.Deposit(ada, "1.00", "EUR", "4")
	again := b.Dial()
	again.Ask("1", query, map[string]any{"id": ada, "after": beat.Data.TransactionFeed.Cursor})
	again.Hears(`{transactionFeed: {transaction: {version: 3}}}`)
}
