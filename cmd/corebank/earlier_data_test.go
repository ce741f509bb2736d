package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corebank/check/banktest"
)

// earlierAnswers asks for everything that an earlier build recorded: the
// history, the events as the log has them, and the trial balance. It leaves
// out what depends on the day of the test, such as holds that expire.
const earlierAnswers = `{
	accounts(first: 6) { nodes {
		id owner kind name externalId status balance { current { value } }
		limits { overdraft { value } debitPerDay { value } }
		history(first: 20) { nodes { type amount { value } balanceAfter { value } reference } }
		events(first: 30) { nodes { version type idempotencyKey caller data } }
	} }
	trialBalance { totals { kind sum { value currency } } }
}`

// The data directory in testdata was written by an earlier build (commit
// 18942e3): every kind of event, views, snapshots, key index and topic. This
// build goes on from it and answers the same.
func TestABankOfAnEarlierBuildGoesOn(t *testing.T) {
	data := filepath.Join(t.TempDir(), "bank")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join("testdata", "earlier-bank.tar.gz")
	if out, err := exec.Command("tar", "-xzf", archive, "-C", data).CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", archive, err, out)
	}
	recorded, err := os.ReadFile(filepath.Join("testdata", "earlier-bank.json"))
	if err != nil {
		t.Fatal(err)
	}
	bank := up(t, data, coldStart)

	sameAsRecorded(t, bank.Do(earlierAnswers, nil).Data, recorded)

	ada := accountOf(t, recorded, "ada")
	salary := map[string]any{"accountId": ada, "amount": banktest.EUR("1000.00"),
		"reference": "salary", "idempotencyKey": "key-006"}
	bank.Mutate("deposit", salary).Answers(`{replayed: true, transaction: {version: 3}}`)
	salary["reference"] = "bonus"
	bank.Mutate("deposit", salary).Answers(`{transaction: null, userErrors: [{fields: [reference]}]}`)
	if paid := bank.Deposit(ada, "1.00", "EUR", "after"); paid.Transaction == nil ||
		paid.Transaction.BalanceAfter.Value != "825.00" {
		t.Errorf("a deposit after the upgrade: %+v", paid)
	}
	if found := corebank(t, nil, "audit", "--data", data); found.code != 0 {
		t.Errorf("the audit after the upgrade: %+v", found)
	}

	rebuilt := corebank(t, nil, "rebuild", "--data", data)
	if rebuilt.code != 0 {
		t.Fatalf("rebuild after the upgrade: %+v", rebuilt)
	}
	if value, _ := bank.Balance(ada, 0); value != "825.00" {
		t.Errorf("the balance in rebuilt views is %s", value)
	}
	bank.stop()
}

// sameAsRecorded compares two GraphQL answers by value. An account may have
// more events than were recorded: the bank ends holds whose time has come.
func sameAsRecorded(t *testing.T, answered, recorded []byte) {
	t.Helper()
	got, want := decodeEarlier(t, answered), decodeEarlier(t, recorded)
	for i := range min(len(got.Accounts.Nodes), len(want.Accounts.Nodes)) {
		older := len(want.Accounts.Nodes[i].Events.Nodes)
		all := got.Accounts.Nodes[i].Events.Nodes
		got.Accounts.Nodes[i].Events.Nodes = all[max(0, len(all)-older):]
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Fatalf("the answer differs from that of the earlier build (-earlier +now):\n%s", difference)
	}
}

// earlierAnswer is an answer to earlierAnswers.
type earlierAnswer struct {
	Accounts struct {
		Nodes []struct {
			ID, Owner, Kind, Name, ExternalID, Status string
			Balance, Limits, History                  any
			Events                                    struct{ Nodes []any }
		}
	}
	TrialBalance any
}

func decodeEarlier(t *testing.T, text []byte) (answer earlierAnswer) {
	t.Helper()
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// accountOf is the id of an owner's account in the recorded answer.
func accountOf(t *testing.T, recorded []byte, owner string) string {
	t.Helper()
	for _, account := range decodeEarlier(t, recorded).Accounts.Nodes {
		if account.Owner == owner {
			return account.ID
		}
	}
	t.Fatalf("%s has no account in the recorded answer", owner)
	return ""
}
