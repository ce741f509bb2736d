package bench

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// someAccounts are two accounts that were never opened.
func someAccounts() *loadAccounts {
	t := &loadAccounts{run: "test", accounts: make([]loadAccount, 2), byID: map[string]int{"acc_a": 0, "acc_b": 1}}
	t.accounts[0].id, t.accounts[1].id = "acc_a", "acc_b"
	return t
}

func TestViewsAreComparedWithWhatWasAcknowledged(t *testing.T) {
	accounts := someAccounts()
	accounts.record(nil, map[int]int64{0: 500})
	accounts.record(nil, map[int]int64{0: -200, 1: 200})
	accounts.record(errors.New("refused: INSUFFICIENT_FUNDS"), map[int]int64{0: -900})
	accounts.record(errUnknown, map[int]int64{1: -100})
	for _, test := range []struct {
		name  string
		shown map[int]int64
		ok    bool
	}{
		{"all is there", map[int]int64{0: 300, 1: 200}, true},
		{"what is in doubt happened", map[int]int64{0: 300, 1: 100}, true},
		{"a deposit is missing", map[int]int64{0: -200, 1: 200}, false},
		{"a deposit was made twice", map[int]int64{0: 800, 1: 200}, false},
		{"a refused withdrawal happened", map[int]int64{0: -600, 1: 200}, false},
		{"more is missing than is in doubt", map[int]int64{0: 300, 1: 0}, false},
		{"an account is missing", map[int]int64{0: 300}, false},
	} {
		if err := accounts.compare(test.shown); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestAnAnswerIsASuccessARefusalOrUnknown(t *testing.T) {
	for _, test := range []struct {
		text        string
		ok, inDoubt bool
		says        string
	}{
		{`{"data":{"done":{"transaction":{"id":"txn_1","version":7},"userErrors":[]}}}`, true, false, ""},
		{`{"data":{"done":{"transaction":null,"userErrors":[{"code":"FROZEN","message":"It is frozen."}]}}}`, false, false,
			"FROZEN"},
		{`{"errors":[{"message":"The outcome is not known."}],"data":null}`, false, true, "not known"},
		{`{"data":{"done":null}}`, false, true, ""},
		{`<html>`, false, true, "<html>"},
	} {
		answer, err := readMutated([]byte(test.text))
		if (err == nil) != test.ok || errors.Is(err, errUnknown) != test.inDoubt || err != nil &&
			!strings.Contains(err.Error(), test.says) {
			t.Errorf("%s is %v", test.text, err)
		}
		if test.ok && answer.Transaction.Version != 7 {
			t.Errorf("version %d, want 7", answer.Transaction.Version)
		}
	}
	for status, inDoubt := range map[string]bool{"REFUSED": false, "UNAVAILABLE": false, "NOT_TRIED": false,
		"UNKNOWN": true, "REPLAYED": true} {
		err := itemResult{status, []userError{{"CODE", "text"}}}.failed()
		if err == nil || errors.Is(err, errUnknown) != inDoubt {
			t.Errorf("an item that is %s: %v", status, err)
		}
	}
	if err := (itemResult{Status: "APPLIED"}).failed(); err != nil {
		t.Error(err)
	}
}

func TestRequestsHoldTheirVariables(t *testing.T) {
	accounts := someAccounts()
	var move, batch, read struct {
		Query     string
		Variables struct {
			ID, Key, To, After string
			Items              []struct {
				Deposit struct {
					AccountID, IdempotencyKey string
					Amount                    struct{ Value, Currency string }
				}
			}
		}
	}
	for body, into := range map[string]any{
		string(requestOf(transferMutation, variables{"id": "acc_a", "key": "k1", "to": "acc_b"})): &move,
		string(requestOf(batchMutation, accounts.batchOf([]int{1, 0}, 123_456))):                  &batch,
		string(requestOf(historyQuery, variables{"id": "acc_a", "after": `c"1`})):                 &read,
	} {
		if err := json.Unmarshal([]byte(body), into); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	if v := move.Variables; move.Query != transferMutation || v.ID != "acc_a" || v.Key != "k1" || v.To != "acc_b" {
		t.Errorf("a movement is %+v", move)
	}
	items := batch.Variables.Items
	if len(items) != 2 || items[0].Deposit.AccountID != "acc_b" || items[0].Deposit.Amount.Value != "1234.56" ||
		items[0].Deposit.IdempotencyKey == items[1].Deposit.IdempotencyKey || items[1].Deposit.IdempotencyKey == "" {
		t.Errorf("a batch is %+v", batch)
	}
	if read.Query != historyQuery || read.Variables.ID != "acc_a" || read.Variables.After != `c"1` {
		t.Errorf("a question is %+v", read)
	}
}

func TestAMixHasItsShares(t *testing.T) {
	counted := make(map[string]int)
	for number := range 100 {
		counted[chooseByWeight(mix, number)]++
	}
	if counted[depositMutation] != 70 || counted[withdrawMutation] != 20 || counted[transferMutation] != 10 {
		t.Errorf("of a hundred, %d deposits, %d withdrawals and %d transfers", counted[depositMutation],
			counted[withdrawMutation],
			counted[transferMutation])
	}
}

func TestADeliveryIsIdentifiedByItsNumber(t *testing.T) {
	f := new(fanOut)
	d := newDelivery(2)
	f.pending.Store(int64(17), d)
	next := `{"id":"1","type":"next","payload":{"data":{"transactions":` +
		`{"transaction":{"reference":"bench-17","type":"DEPOSIT"}}}}}`
	for _, text := range []string{next, strings.ReplaceAll(next, "17", "18"),
		strings.ReplaceAll(next, "bench-17", "salary"), strings.ReplaceAll(next, "17", "1x7")} {
		f.received([]byte(text))
	}
	if d.ready.Load() != 1 || !isNext([]byte(next)) || isNext([]byte(`{"type":"ping"}`)) {
		t.Errorf("%d deliveries, want 1", d.ready.Load())
	}
	f.received([]byte(next))
	f.received([]byte(next)) // once too often
	if err := d.await(t.Context()); err != nil || d.times[1].IsZero() {
		t.Errorf("both received it: %v", err)
	}
}
