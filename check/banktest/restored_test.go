package banktest_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"corebank/check/banktest"
)

// onLogs runs a story on a log with one partition and on one with three.
func onLogs(t *testing.T, story func(t *testing.T, disks *banktest.Disks)) {
	for _, partitions := range []int{1, 3} {
		t.Run(fmt.Sprintf("partitions=%d", partitions), func(t *testing.T) {
			story(t, banktest.NewDisks(t, partitions))
		})
	}
}

const accountNow = `query($id: ID!) {
	account(id: $id) { version balance { current { value } } history(first: 100) { nodes { id amount { value } } } }
	systemStatus { head projected lag }
}`

// answers asks for an account until the bank answers from its views, and returns its balance and how many
// transactions it has. Until then, every answer must say that the views cannot be read now.
func answers(t *testing.T, b *banktest.Bank, id string) (balance string, transactions int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		answer := b.Do(accountNow, map[string]any{"id": id})
		if len(answer.Errors) > 0 {
			for _, e := range answer.Errors {
				if e.Extensions["code"] != "UNAVAILABLE" || e.Extensions["retryable"] != true || time.Now().After(deadline) {
					t.Fatalf("%+v", answer.Errors)
				}
			}
			continue
		}
		var got struct {
			Account *struct {
				Version int
				Balance struct{ Current banktest.Money }
				History struct{ Nodes []struct{ ID string } }
			}
			SystemStatus struct{ Head, Projected, Lag int64 }
		}
		answer.Decode(&got)
		if s := got.SystemStatus; s.Projected+s.Lag != s.Head {
			t.Fatalf("the views are at %d, with a lag of %d, and the log at %d", s.Projected, s.Lag, s.Head)
		}
		if got.Account == nil {
			return "", 0
		}
		return got.Account.Balance.Current.Value, len(got.Account.History.Nodes)
	}
}

// givenARestoredLog is the story of an operator who restores a copy of the log that lacks a deposit of 7.00.
func givenARestoredLog(t *testing.T, disks *banktest.Disks) (b *banktest.Bank, id string) {
	t.Helper()
	b = banktest.StartOnDisks(t, disks)
	id = b.Open("a")
	b.Deposit(id, "100.00", "EUR", "d1")
	b.Settle()
	b.Stop()
	restore := disks.LogCopy()

	b = banktest.StartOnDisks(t, disks)
	b.Deposit(id, "7.00", "EUR", "d2")
	b.Settle()
	if balance, _ := answers(t, b, id); balance != "107.00" {
		t.Fatalf("before: %s", balance)
	}
	b.Stop()
	restore()
	return banktest.StartOnDisks(t, disks), id
}

func TestViewsThatAreNewerThanTheLogAreBuiltAgain(t *testing.T) {
	onLogs(t, func(t *testing.T, disks *banktest.Disks) {
		b, id := givenARestoredLog(t, disks)
		if balance, lines := answers(t, b, id); balance != "100.00" || lines != 1 {
			t.Fatalf("the views show %s and %d transactions, the log has 100.00 and 1", balance, lines)
		}
		for i, want := range []string{"101.00", "102.00"} {
			posted := b.Deposit(id, "1.00", "EUR", fmt.Sprint("later", i))
			if value, _ := b.Balance(id, posted.Account.Version); value != want {
				t.Fatalf("after deposit %d: %s, want %s", i, value, want)
			}
		}
		b.Settle()
		if balance, lines := answers(t, b, id); balance != "102.00" || lines != 3 {
			t.Fatalf("the views show %s and %d transactions, want 102.00 and 3", balance, lines)
		}
	})
}

// The log may have grown past the views before they are compared with it.
func TestViewsOfAnotherPastAreBuiltAgain(t *testing.T) {
	onLogs(t, func(t *testing.T, disks *banktest.Disks) {
		b := banktest.StartOnDisks(t, disks)
		id := b.Open("a")
		b.Settle()
		restore := disks.LogCopy()
		b.Deposit(id, "100.00", "EUR", "d1")
		b.Settle()
		b.Stop()
		restore()
		without := *disks // a projector that was away, with the same log
		b = banktest.StartOnDisks(t, without.WithViewsOf(banktest.NewDisks(t, 1)))
		for i := range 5 {
			b.Deposit(id, "3.00", "EUR", fmt.Sprint("d", i))
		}
		b.Settle()
		b.Stop()
		b = banktest.StartOnDisks(t, disks)
		if balance, lines := answers(t, b, id); balance != "15.00" || lines != 5 {
			t.Errorf("the views show %s and %d transactions, the log has 15.00 and 5", balance, lines)
		}
	})
}

// A bank with an empty log shows nothing of another one that used the same store of views.
func TestASecondBankDoesNotShowTheFirstOnes(t *testing.T) {
	onLogs(t, func(t *testing.T, disks *banktest.Disks) {
		b := banktest.StartOnDisks(t, disks)
		id := b.Open("a")
		b.Deposit(id, "100.00", "EUR", "d1")
		b.Settle()
		b.Stop()
		b = banktest.StartOnDisks(t, banktest.NewDisks(t, 1).WithViewsOf(disks))
		if balance, lines := answers(t, b, id); balance != "" || lines != 0 {
			t.Errorf("it shows %s and %d transactions of an account that it does not have", balance, lines)
		}
	})
}

// Who can write the actors' store cannot give an account money, not even with a fitting checksum as earlier builds
// wrote it.
func TestAForgedSnapshotMovesNoMoney(t *testing.T) {
	forged := func(text []byte) []byte {
		var sealed struct {
			HMAC string         `json:"hmac,omitempty"`
			Sum  string         `json:"sha256,omitempty"`
			Data map[string]any `json:"data"`
		}
		if err := json.Unmarshal(text, &sealed); err != nil {
			t.Fatal(err)
		}
		sealed.Data["state"].(map[string]any)["balance"] = map[string]any{"minor": 999_999_999_999, "currency": "EUR"}
		data, err := json.Marshal(sealed.Data)
		if err != nil {
			t.Fatal(err)
		}
		sealed.Sum = fmt.Sprintf("%x", sha256.Sum256(data))
		text, err = json.Marshal(sealed)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	disks := banktest.NewDisks(t, 1)
	b := banktest.StartOnDisks(t, disks)
	id := b.Open("a")
	for i := range 250 { // past a snapshot
		b.Deposit(id, "1.00", "EUR", fmt.Sprint("d", i))
	}
	b.Settle()
	b.Stop()
	if !disks.EditSnapshot(id, forged) {
		t.Fatal("no snapshot was stored")
	}
	b = banktest.StartOnDisks(t, disks)
	refused := b.Withdraw(id, "5000000.00", "EUR", "w1")
	if len(refused.UserErrors) != 1 || refused.UserErrors[0].Code != "INSUFFICIENT_FUNDS" {
		t.Errorf("5,000,000.00 from 250.00: %+v", refused.UserErrors)
	}
	if posted := b.Withdraw(id, "250.00", "EUR", "w2"); len(posted.UserErrors) != 0 {
		t.Errorf("what is there: %+v", posted.UserErrors)
	}
}
