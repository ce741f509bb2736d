package contract_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

var anyCommand = rapid.Custom(func(t *rapid.T) bank.Command {
	text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.SampledFrom([]string{"<&>\u2028\\\"", "ä", "\x00"}))
	amount := bank.Money{Minor: rapid.Int64().Draw(t, "minor"), Currency: bank.Currency(text.Draw(t, "currency"))}
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		return bank.OpenAccount{Owner: text.Draw(t, "owner"), Currency: amount.Currency}
	case 1:
		return bank.Deposit{Amount: amount, Reference: text.Draw(t, "reference"), Memo: text.Draw(t, "memo")}
	default:
		return bank.Withdraw{Amount: amount, Reference: text.Draw(t, "reference"), Memo: text.Draw(t, "memo")}
	}
})

func TestCommandsArriveAsTheyWereSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		command := anyCommand.Draw(t, "command")
		sent, err := contract.EncodeCommand("ada", "key", command)
		if err != nil {
			t.Fatal(err)
		}
		arrived := onTheWire(t, contract.CommandBatch{Commands: []contract.Command{sent}}).Commands[0]
		got, err := arrived.Decode()
		if err != nil || got != command {
			t.Fatalf("sent %+v, arrived %+v, %v", command, got, err)
		}
		if arrived.Key != "key" || arrived.Caller != "ada" || arrived.Hash() != sent.Hash() {
			t.Fatalf("sent %+v, arrived %+v", sent, arrived)
		}
	})
}

// onTheWire is a message after it crossed a process boundary.
func onTheWire[T any](t interface{ Fatal(...any) }, message T) (arrived T) {
	text, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &arrived); err != nil {
		t.Fatal(err)
	}
	return arrived
}

func TestEqualRequestsHaveEqualHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyCommand.Draw(t, "a")
		b := rapid.OneOf(rapid.Just(a), anyCommand).Draw(t, "b")
		first, err := contract.EncodeCommand("ada", "first", a)
		if err != nil {
			t.Fatal(err)
		}
		second, err := contract.EncodeCommand("grace", "second", b)
		if err != nil {
			t.Fatal(err)
		}
		if (first.Hash() == second.Hash()) != (a == b) {
			t.Fatalf("%+v and %+v have the hashes %s and %s", a, b, first.Hash(), second.Hash())
		}
	})
}

// TestHashesNeverChange: they are in the log, for anybody to check.
func TestHashesNeverChange(t *testing.T) {
	for want, command := range map[string]bank.Command{
		"ad6b4ea441de7d630d8f513f147faeca": bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"},
		"42a4ca6d2ac5c29b049bfbdfce2fad50": bank.Deposit{Amount: eur(5_00), Reference: "invoice 7", Memo: "<päivää>"},
		"1a18f05e9b827742860f3fc838eb4794": bank.Withdraw{Amount: eur(5_00)},
	} {
		sent, err := contract.EncodeCommand("ada", "key", command)
		if err != nil || sent.Hash() != want {
			t.Errorf("%+v has the hash %s, %v; it was %s", command, sent.Hash(), err, want)
		}
	}
}

func TestCommandsThatAreNotUnderstood(t *testing.T) {
	if sent, err := contract.EncodeCommand("ada", "key", nil); err == nil {
		t.Errorf("no command is sent as %+v", sent)
	}
	const amount = `"amount":{"minor":1,"currency":"EUR"}`
	for name, test := range map[string]struct{ kind, data, reason string }{
		"another command":    {"Transfer", `{}`, `unknown command type "Transfer"`},
		"no command":         {"", `{}`, "unknown command type"},
		"a condition to it":  {"Deposit", `{` + amount + `,"notAfter":"2026-01-01"}`, `unknown object member name "notAfter"`},
		"fields of another":  {"OpenAccount", `{` + amount + `}`, `unknown object member name "amount"`},
		"no data":            {"Withdraw", ``, "EOF"},
		"two of them":        {"Withdraw", `{` + amount + `}{` + amount + `}`, "after top-level value"},
		"a fraction of cent": {"Deposit", `{"amount":{"minor":0.5,"currency":"EUR"}}`, "unmarshal JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := contract.Command{Type: test.kind, Data: []byte(test.data)}.Decode()
			if err == nil || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("%+v, error %v, want %q", got, err, test.reason)
			}
		})
	}
}

func TestOutcomesArriveAsTheyWereSent(t *testing.T) {
	record := stored(t, 2, examples()[1])
	account := bank.Account{ID: ada, Owner: "Ada", Currency: "EUR", Balance: eur(5), Version: 2, OpenedAt: decidedAt, ChangedAt: decidedAt}
	_, short := account.Decide(bank.Withdraw{Amount: eur(7)})
	reply := contract.CommandReply{Outcomes: []contract.Outcome{
		{Status: contract.Applied, Record: &record, Account: &account},
		{Status: contract.Refused, Refusal: short},
		{Status: contract.Refused, Refusal: bank.RefuseAmount("amount.value", "JPY", "is too small")}, // no decimals is a number of decimals
		{Status: contract.Refused, Refusal: bank.RefuseConflict([]string{"amount", "memo"})},
		{Status: contract.Unknown, Reason: "the append's outcome is not known"},
	}}
	if arrived := onTheWire(t, reply); !reflect.DeepEqual(arrived, reply) {
		t.Errorf("sent\n%+v, arrived\n%+v", reply, arrived)
	}
}

// TestTheLargestEventFits: what the bank accepts, the log has to take.
func TestTheLargestEventFits(t *testing.T) {
	widest := func(n int) string { return strings.Repeat("\u2028", n) } // six bytes in JSON
	account := bank.Account{ID: ada, Currency: "EUR", Balance: eur(0), Version: 1}
	deposit, refusal := account.Decide(bank.Deposit{Amount: eur(9223372036854775807),
		Reference: widest(bank.MaxReferenceLength), Memo: widest(bank.MaxMemoLength)})
	if refusal != nil {
		t.Fatalf("%+v", refusal)
	}
	for _, event := range []bank.Event{deposit, bank.AccountOpened{Owner: widest(bank.MaxOwnerLength), Currency: "EUR"}} {
		r := stored(t, 1<<62, event)
		r.Position, r.Key, r.Caller = 1<<62, widest(bank.MaxKeyLength), widest(bank.MaxOwnerLength)
		text, err := json.Marshal(r)
		if err != nil || len(text) > contract.MaxRecordBytes {
			t.Errorf("%T takes %d bytes of %d, %v", event, len(text), contract.MaxRecordBytes, err)
		}
	}
}
