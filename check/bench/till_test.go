package bench

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// someTill has two accounts that nobody opened.
func someTill() *till {
	t := &till{run: "test", accounts: make([]tillAccount, 2), byID: map[string]int{"acc_a": 0, "acc_b": 1}}
	t.accounts[0].id, t.accounts[1].id = "acc_a", "acc_b"
	return t
}

func TestViewsAreHeldAgainstWhatWasAcknowledged(t *testing.T) {
	till := someTill()
	till.settle(nil, map[int]int64{0: 500})
	till.settle(nil, map[int]int64{0: -200, 1: 200})
	till.settle(errors.New("refused: INSUFFICIENT_FUNDS"), map[int]int64{0: -900})
	till.settle(errDoubt, map[int]int64{1: -100})
	for _, test := range []struct {
		says  string
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
		if err := till.compare(test.shown); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.says, err)
		}
	}
}

func TestAnAnswerIsAnAcknowledgementARefusalOrADoubt(t *testing.T) {
	for _, test := range []struct {
		text        string
		ok, inDoubt bool
		says        string
	}{
		{`{"data":{"done":{"transaction":{"id":"txn_1","version":7},"userErrors":[]}}}`, true, false, ""},
		{`{"data":{"done":{"transaction":null,"userErrors":[{"code":"FROZEN","message":"It is frozen."}]}}}`, false, false, "FROZEN"},
		{`{"errors":[{"message":"The outcome is not known."}],"data":null}`, false, true, "not known"},
		{`{"data":{"done":null}}`, false, true, ""},
		{`<html>`, false, true, "<html>"},
	} {
		answer, err := readMutated([]byte(test.text))
		if (err == nil) != test.ok || errors.Is(err, errDoubt) != test.inDoubt || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s is %v", test.text, err)
		}
		if test.ok && answer.Transaction.Version != 7 {
			t.Errorf("version %d, want 7", answer.Transaction.Version)
		}
	}
	for status, inDoubt := range map[string]bool{"REFUSED": false, "UNAVAILABLE": false, "NOT_TRIED": false, "UNKNOWN": true, "REPLAYED": true} {
		err := itemResult{status, []userError{{"CODE", "text"}}}.failed()
		if err == nil || errors.Is(err, errDoubt) != inDoubt {
			t.Errorf("an item that is %s: %v", status, err)
		}
	}
	if err := (itemResult{Status: "APPLIED"}).failed(); err != nil {
		t.Error(err)
	}
}

// What is written by hand is what the encoder would write.
func TestRequestsAreSound(t *testing.T) {
	till := someTill()
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
		string(moveRequest(transferText, "acc_a", "k1", "to", "acc_b")): &move,
		string(till.batchRequest([]int{1, 0}, 123_456)):                 &batch,
		string(idRequest(historyText, "acc_a", `c"1`)):                  &read,
	} {
		if err := json.Unmarshal([]byte(body), into); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	if v := move.Variables; move.Query != transferText || v.ID != "acc_a" || v.Key != "k1" || v.To != "acc_b" {
		t.Errorf("a movement is %+v", move)
	}
	items := batch.Variables.Items
	if len(items) != 2 || items[0].Deposit.AccountID != "acc_b" || items[0].Deposit.Amount.Value != "1234.56" ||
		items[0].Deposit.IdempotencyKey == items[1].Deposit.IdempotencyKey || items[1].Deposit.IdempotencyKey == "" {
		t.Errorf("a batch is %+v", batch)
	}
	if read.Query != historyText || read.Variables.ID != "acc_a" || read.Variables.After != `c"1` {
		t.Errorf("a question is %+v", read)
	}
}

func TestAMixHasItsShares(t *testing.T) {
	counted := make(map[string]int)
	for number := range 100 {
		counted[chooseShare(mix, number)]++
	}
	if counted[depositText] != 70 || counted[withdrawText] != 20 || counted[transferText] != 10 {
		t.Errorf("of a hundred, %d deposits, %d withdrawals and %d transfers", counted[depositText], counted[withdrawText], counted[transferText])
	}
}

func TestADeliveryIsKnownByItsNumber(t *testing.T) {
	f := &fanOut{under: make(map[int64]*delivery)}
	d := newDelivery(2)
	f.put(17, d)
	next := `{"id":"1","type":"next","payload":{"data":{"transactions":{"transaction":{"reference":"bench-17","type":"DEPOSIT"}}}}}`
	for _, text := range []string{next, strings.ReplaceAll(next, "17", "18"), strings.ReplaceAll(next, "bench-17", "salary"), strings.ReplaceAll(next, "17", "1x7")} {
		f.arrived([]byte(text))
	}
	if d.ready.Load() != 1 || !isNext([]byte(next)) || isNext([]byte(`{"type":"ping"}`)) {
		t.Errorf("%d deliveries, want 1", d.ready.Load())
	}
	f.arrived([]byte(next))
	f.arrived([]byte(next)) // once too often
	if err := d.await(t.Context()); err != nil || d.times[1].IsZero() {
		t.Errorf("both were told: %v", err)
	}
	if f.forget(17); len(f.under) != 0 {
		t.Error("it is not forgotten")
	}
}
