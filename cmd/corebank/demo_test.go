package main_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const demoAccounts = `{ accounts(first: 50) { nodes {
	id owner name kind status version balance { current { value currency } held { value } }
} } systemStatus { head } }`

// TestADemoIsFilledOnce: a bank that is started again with --demo has the same
// accounts and balances, and nothing new in its log.
func TestADemoIsFilledOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank")
	}
	data := filepath.Join(t.TempDir(), "bank")
	first := up(t, data, coldStart, "--demo")
	first.Do(`{ accountByExternalId(externalId: "demo-alan") { owner status balance { current { value } } } }`, nil).
		Answers(`{accountByExternalId: {owner: Alan Turing, status: FROZEN, balance: {current: {value: "8600.00"}}}}`)
	var before, after json.RawMessage
	first.Get(demoAccounts, nil, &before)
	first.stop()
	const demo = "  Demo      12 people and 4 companies, with 21 accounts"
	if text := first.output.String(); !strings.Contains(text, demo+"\n") {
		t.Errorf("the bank says\n%s", text)
	}

	second := up(t, data, warmStart, "--demo")
	second.Get(demoAccounts, nil, &after)
	if difference := cmp.Diff(string(before), string(after)); difference != "" {
		t.Errorf("filled again, the bank differs:\n%s", difference)
	}
	if found := corebank(t, nil, "audit", "--data", data); found.code != 0 {
		t.Errorf("the audit of the demo: %+v", found)
	}
	second.stop()
	if text := second.output.String(); !strings.Contains(text, demo+", as before\n") {
		t.Errorf("started again, the bank says\n%s", text)
	}
}
