package contract_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// anyPart makes the parts of commands: texts that JSON may write in more than
// one way, times as the gateway reads them.
var anyPart = rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
	reflect.TypeFor[string](): rapid.OneOf(rapid.Just(""), rapid.String(),
		rapid.SampledFrom([]string{"<&>\u2028\\\"", "ä", "\x00"})).AsAny(),
	reflect.TypeFor[time.Time](): rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "no time") {
			return time.Time{}
		}
		return time.UnixMicro(rapid.Int64Range(0, 1<<51).Draw(t, "time")).UTC()
	}).AsAny(),
	reflect.TypeFor[map[string]string](): rapid.MapOfN(rapid.String(), rapid.String(), 1, 3).AsAny(),
}}

// made makes commands of one type.
func made[C bank.Command]() *rapid.Generator[bank.Command] {
	return rapid.Map(rapid.MakeCustom[C](anyPart), func(c C) bank.Command { return c })
}

var makers = []*rapid.Generator[bank.Command]{
	made[bank.OpenAccount](), made[bank.UpdateAccount](), made[bank.CloseAccount](),
	made[bank.FreezeAccount](), made[bank.UnfreezeAccount](), made[bank.SetLimits](),
	made[bank.Deposit](), made[bank.Withdraw](), made[bank.Reverse](),
	made[bank.PlaceHold](), made[bank.CaptureHold](), made[bank.ReleaseHold](), made[bank.AdjustHold](),
	made[bank.ExpireHold](), made[bank.SendTransfer](), made[bank.ReceiveTransfer](),
	made[bank.CompleteTransfer](), made[bank.ReturnTransfer](), made[bank.PostTransaction](), made[bank.PostLeg](),
}

var anyCommand = rapid.OneOf(makers...)

// TestEveryCommandIsMade: the properties below are about all of them.
func TestEveryCommandIsMade(t *testing.T) {
	seen := make(map[reflect.Type]bool)
	for _, maker := range makers {
		seen[reflect.TypeOf(maker.Example(1))] = true
	}
	for name, command := range contract.CommandTypes() {
		if !seen[command] || command.Name() != name {
			t.Errorf("%s is %s, made: %v", name, command, seen[command])
		}
	}
	if len(seen) != len(contract.CommandTypes()) {
		t.Errorf("%d commands are made, %d have a name", len(seen), len(contract.CommandTypes()))
	}
}

// TestMetadataThatIsToGoArrives, and not as metadata that is to stay.
func TestMetadataThatIsToGoArrives(t *testing.T) {
	var none map[string]string
	for _, gone := range []*map[string]string{&none, {}} {
		sent, err := contract.EncodeCommand("ada", "key", bank.UpdateAccount{Metadata: gone})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := sent.Decode(); err != nil || got.(bank.UpdateAccount).Metadata == nil {
			t.Errorf("sent %s, arrived %+v, %v", sent.Data, got, err)
		}
	}
}

func TestCommandsArriveAsTheyWereSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		command := anyCommand.Draw(t, "command")
		sent, err := contract.EncodeCommand("ada", "key", command)
		if err != nil {
			t.Fatal(err)
		}
		arrived := onTheWire(t, contract.CommandBatch{Commands: []contract.Command{sent}}).Commands[0]
		got, err := arrived.Decode()
		if err != nil || !reflect.DeepEqual(got, command) {
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

// TestTokensTravelOnce: commands of several callers share a call, and each
// keeps its own proof.
func TestTokensTravelOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.SliceOfN(rapid.SampledFrom([]string{"", "token-of-ada", "token-of-grace"}), 1, 9).Draw(t, "tokens")
		batch, distinct := contract.CommandBatch{DryRun: true, Atomic: true}, make(map[string]bool)
		for _, token := range tokens {
			batch.Commands = append(batch.Commands,
				contract.Command{Type: "Deposit", Key: "k", Data: []byte(`{}`), Token: token})
			distinct[token] = true
		}
		text, err := json.Marshal(batch)
		if err != nil {
			t.Fatal(err)
		}
		for token := range distinct {
			if n := strings.Count(string(text), token); token != "" && n != 1 {
				t.Fatalf("%s is there %d times: %s", token, n, text)
			}
		}
		if arrived := onTheWire(t, batch); !reflect.DeepEqual(arrived, batch) {
			t.Fatalf("sent %+v, arrived %+v", batch, arrived)
		}
	})
}

// TestTokensThatAreNotThere: no caller gets another one's token by a mistake in
// a batch.
func TestTokensThatAreNotThere(t *testing.T) {
	for _, indices := range []string{`[2]`, `[-1]`, `[1,1]`} {
		text := `{"commands":[{"type":"Deposit","key":"k","caller":"ada","data":{}}],` +
			`"tokens":["t"],"tokenOf":` + indices + `}`
		var batch contract.CommandBatch
		if err := contract.Decode([]byte(text), &batch); err == nil {
			t.Errorf("%s: %+v", indices, batch)
		}
	}
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
		if (first.Hash() == second.Hash()) != reflect.DeepEqual(a, b) {
			t.Fatalf("%+v and %+v have the hashes %s and %s", a, b, first.Hash(), second.Hash())
		}
	})
}

// TestHashesNeverChange: they are in the log, for anybody to check.
func TestHashesNeverChange(t *testing.T) {
	for want, command := range map[string]bank.Command{
		"ad6b4ea441de7d630d8f513f147faeca": bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"},
		"42a4ca6d2ac5c29b049bfbdfce2fad50": bank.Deposit{Amount: eur(5_00),
			Details: bank.Details{Reference: "invoice 7", Memo: "<päivää>"}},
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
		"a condition to it":  {"Deposit", `{` + amount + `,"notAfter":"2026-01-01"}`, `unknown field "notAfter"`},
		"fields of another":  {"OpenAccount", `{` + amount + `}`, `unknown field "amount"`},
		"no data":            {"Withdraw", ``, "ends too early"},
		"two of them":        {"Withdraw", `{` + amount + `}{` + amount + `}`, "malformed JSON"},
		"a fraction of cent": {"Deposit", `{"amount":{"minor":0.5,"currency":"EUR"}}`, "cannot be read as"},
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
	record := stored(t, 2, events()[1])
	account := bank.Account{ID: ada, Owner: "Ada", Currency: "EUR", Balance: eur(5),
		Version: 2, OpenedAt: decidedAt, ChangedAt: decidedAt}
	_, short := account.Decide(bank.Withdraw{Amount: eur(7)}, bank.Circumstances{})
	reply := contract.CommandReply{Outcomes: []contract.Outcome{
		{Status: contract.Applied, Record: &record, Account: &account},
		{Status: contract.Refused, Refusal: short},
		{Status: contract.Refused, Refusal: bank.RefuseAmount("amount.value", "JPY", "is too small")}, // zero decimals
		{Status: contract.Refused, Refusal: bank.RefuseConflict([]string{"amount", "memo"})},
		{Status: contract.Refused, Refusal: short, Others: bank.Refusals{bank.RefuseTaken(ada), bank.RefuseUnknownAccount()}},
		{Status: contract.NotTried},
		{Status: contract.Unknown, Reason: "the append's outcome is not known"},
	}}
	if arrived := onTheWire(t, reply); !reflect.DeepEqual(arrived, reply) {
		t.Errorf("sent\n%+v, arrived\n%+v", reply, arrived)
	}
}

// TestTheLargestEventFits: what the bank accepts, the log has to take.
func TestTheLargestEventFits(t *testing.T) {
	tested := make(map[reflect.Type]bool)
	for _, event := range largestEvents() {
		r := stored(t, 1<<62, event)
		r.Position, r.Key, r.Caller = 1<<62, widest(bank.MaxKeyLength), widest(bank.MaxOwnerLength)
		text, err := json.Marshal(r)
		if err != nil || len(text) > contract.MaxRecordBytes {
			t.Errorf("%T takes %d bytes of %d, %v", event, len(text), contract.MaxRecordBytes, err)
		}
		tested[reflect.TypeOf(event)] = true
	}
	for event := range contract.ShapesToday() {
		if !tested[event] {
			t.Errorf("largestEvents has no %s", event)
		}
	}
}

// widest takes six bytes in JSON for each character.
func widest(n int) string { return strings.Repeat("\u2028", n) }

// largestEvents have the longest texts that are accepted, in each.
func largestEvents() []bank.Event {
	owner, name, externalID := widest(bank.MaxOwnerLength), widest(bank.MaxNameLength), widest(bank.MaxExternalIDLength)
	d := bank.Details{Reference: widest(bank.MaxReferenceLength), Memo: widest(bank.MaxMemoLength), ExternalID: externalID}
	metadata := make(map[string]string)
	for i := range bank.MaxMetadata {
		key := widest(9) + string(rune('a'+i))
		metadata[key] = widest(bank.MaxMetadataLength/bank.MaxMetadata - 10)
	}
	most, reason := eur(1<<63-1), widest(bank.MaxReasonLength)
	in := moved(1<<63-1, 1<<63-1, bank.SettlementLedger("EUR"))
	out := moved(-(1<<63 - 1), -(1<<63 - 1), bank.SettlementLedger("EUR"))
	why := bank.Rejection{Code: bank.AmountExceedsRemaining, Message: reason}
	back := &bank.TransferReversal{Transfer: trip, Version: 1 << 62, Remaining: most, Reason: reason}
	legs := slices.Repeat([]bank.PostedLeg{{Account: grace, Version: 1 << 62, Credit: true, Amount: most,
		Reference: "0123456789ab", Memo: "0123456789ab"}}, bank.MaxLegs)
	return []bank.Event{
		bank.AccountOpened{Owner: owner, Currency: "EUR", Name: name, Kind: bank.Business,
			ExternalID: externalID, Metadata: metadata},
		bank.AccountUpdated{Changed: []string{"name", "metadata"}, Name: name, Metadata: metadata},
		bank.AccountFrozen{Debits: true, Credits: true, Reason: reason, By: owner},
		bank.AccountUnfrozen{Reason: reason}, bank.AccountClosed{Reason: reason},
		bank.LimitsSet{Limits: bank.Limits{Overdraft: most, PerTransaction: &most, PerDay: &most}},
		bank.ExternalIDClaimed{ExternalID: externalID, Account: ada},
		bank.MoneyDeposited{Movement: in, Details: d, EffectiveAt: effective},
		bank.MoneyWithdrawn{Movement: out, Details: d, EffectiveAt: effective},
		bank.HoldPlaced{Amount: most, ExpiresAt: effective, Defaulted: true, Details: d},
		bank.HoldCaptured{Movement: out, Hold: 1 << 62, Remaining: most, Released: most, Details: d},
		bank.HoldAdjusted{Hold: 1 << 62, Changed: []string{"expiresAt", "amount"},
			Amount: most, Remaining: most, ExpiresAt: effective},
		bank.HoldReleased{Hold: 1 << 62, Amount: most, Reason: reason}, bank.HoldExpired{Hold: 1 << 62, Amount: most},
		bank.TransferSent{Movement: out, Transfer: trip, To: grace, Details: d, EffectiveAt: effective, Reverses: back},
		bank.TransferReceived{Movement: in, Transfer: trip, From: grace, Details: d, EffectiveAt: effective, Reverses: trip},
		bank.TransferRejected{Transfer: trip, From: grace, Amount: most, Rejection: why},
		bank.TransferCompleted{Transfer: trip, To: grace, Amount: most},
		bank.TransferReturned{Movement: in, Transfer: trip, To: grace, Rejection: why},
		bank.TransactionReversed{Movement: in, Transaction: 1 << 62, Credit: true, Remaining: most, Reason: reason},
		bank.LegPosted{Movement: in, Credit: true, Journal: split, Number: bank.MaxLegs, Of: bank.MaxLegs,
			Details: bank.Details{Reference: d.Reference, Memo: d.Memo}, Legs: legs},
		bank.LegPosted{Movement: in, Credit: true, Journal: split, Number: bank.MaxLegs, Of: bank.MaxLegs, Legs: legs,
			Reverses: &bank.LegReversal{Journal: undone, Version: 1 << 62, Reason: reason, Asked: 1 << 62}},
	}
}
