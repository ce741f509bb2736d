package contract_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// What is encoded without reflection is as json.Marshal writes it, whatever its
// texts are.
func TestEncodingIsThatOfJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(anyRecord), 0, 3).Draw(t, "records")
		if rapid.Bool().Draw(t, "none") {
			records = nil
		}
		commands := rapid.SliceOfN(rapid.Custom(anyCommandSent), 0, 3)
		outcomes := rapid.SliceOfN(rapid.Custom(anyOutcome), 0, 3)
		traced := rapid.SliceOfN(rapid.Custom(anyTraced), 0, 2)
		for _, value := range []interface{ Encode() ([]byte, error) }{
			anyRecord(t),
			contract.Records{Records: records, Head: rapid.Int64().Draw(t, "head"),
				Log: anyText.Draw(t, "log"), Takeover: anyText.Draw(t, "takeover"),
				Partition: rapid.IntRange(0, 64).Draw(t, "partition"), Traced: traced.Draw(t, "read")},
			contract.AppendRequest{Appends: []contract.Append{{Account: bank.AccountID(anyText.Draw(t, "account")),
				ExpectedVersion: 7, CheckKeys: rapid.Bool().Draw(t, "check keys"),
				TurnsBack: rapid.Bool().Draw(t, "turns back"), Records: records,
				With: []contract.Append{{Account: "<", Records: records}, {}}, Traced: traced.Draw(t, "appended")}, {}}},
			contract.ClearingBatch{Accounts: []bank.AccountID{bank.AccountID(anyText.Draw(t, "first"))},
				Batch: contract.CommandBatch{Commands: commands.Draw(t, "of several accounts"), Atomic: true}},
			contract.ClearingBatch{},
			contract.AppendRequest{Appends: []contract.Append{}}, contract.AppendRequest{},
			contract.CommandBatch{Commands: commands.Draw(t, "commands"),
				Atomic: rapid.Bool().Draw(t, "atomic"), DryRun: rapid.Bool().Draw(t, "dry run")},
			contract.CommandBatch{},
			contract.CommandReply{Outcomes: outcomes.Draw(t, "outcomes")}, contract.CommandReply{},
		} {
			want, wantErr := json.Marshal(value)
			got, err := value.Encode()
			if string(got) != string(want) || (err == nil) != (wantErr == nil) {
				t.Fatalf("encoded as %s (%v)\nwant       %s (%v)", got, err, want, wantErr)
			}
		}
	})
}

var anyText = rapid.OneOf(rapid.StringMatching(`[ -~]{0,12}`), rapid.StringMatching(`[a-z0-9-]{1,20}`), rapid.String())

// anyRecord has valid JSON for its data.
func anyRecord(t *rapid.T) contract.Record {
	data, err := json.Marshal(map[string]any{anyText.Draw(t, "name"): anyText.Draw(t, "value"),
		"n": rapid.Int64().Draw(t, "n"), "a": []any{anyText.Draw(t, "element"), nil}})
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "spaced") {
		data = append([]byte{' '}, data...)
	}
	var after *contract.PartitionPosition
	if rapid.Bool().Draw(t, "after another") {
		after = &contract.PartitionPosition{Partition: rapid.IntRange(1, 64).Draw(t, "of partition"),
			Position: rapid.Int64().Draw(t, "at position")}
	}
	return contract.Record{After: after, Position: rapid.Int64().Draw(t, "position"),
		Account: bank.AccountID(anyText.Draw(t, "account")), Version: rapid.Int64().Draw(t, "version"),
		Type: anyText.Draw(t, "type"), Schema: rapid.Int().Draw(t, "schema"),
		At:  time.UnixMicro(rapid.Int64Range(-1<<55, 1<<55).Draw(t, "at")).UTC(),
		Key: anyText.Draw(t, "key"), Caller: anyText.Draw(t, "caller"), RequestHash: anyText.Draw(t, "hash"),
		Role: anyText.Draw(t, "role"), More: rapid.SampledFrom([]int{0, 0, 7}).Draw(t, "more"), Data: data}
}

func anyCommandSent(t *rapid.T) contract.Command {
	return contract.Command{Type: anyText.Draw(t, "type"), Key: anyText.Draw(t, "key"), Caller: anyText.Draw(t, "caller"),
		Data: anyRecord(t).Data, Token: rapid.SampledFrom([]string{"", "a.b.c", "d.e.f", "<&>"}).Draw(t, "token"),
		Origin: rapid.SampledFrom([]contract.Origin{{}, {}, {Request: "r"}, {Trace: "00-1"}, {Trace: "00-1", Request: "r"},
			{Request: "<&>"}}).Draw(t, "origin")}
}

func anyTraced(t *rapid.T) contract.Traced {
	return contract.Traced{First: rapid.Int64().Draw(t, "first"), Last: rapid.Int64().Draw(t, "last"),
		Trace: anyText.Draw(t, "trace")}
}

func anyOutcome(t *rapid.T) contract.Outcome {
	o := contract.Outcome{Status: contract.Status(anyText.Draw(t, "status"))}
	if rapid.Bool().Draw(t, "with record") {
		record := anyRecord(t)
		o.Record = &record
		if rapid.Bool().Draw(t, "came back") {
			o.Return = &record
		}
	}
	if rapid.Bool().Draw(t, "with account") {
		o.Account = &bank.Account{ID: bank.AccountID(anyText.Draw(t, "id")), Name: anyText.Draw(t, "name"),
			Version: rapid.Int64().Draw(t, "version")}
	}
	if rapid.Bool().Draw(t, "refused") {
		o.Refusal, o.Reason = &bank.Refusal{}, anyText.Draw(t, "reason")
		o.Others = rapid.SampledFrom([]bank.Refusals{nil, {}, {{}}}).Draw(t, "others")
	}
	return o
}

// BenchmarkEncodeRecord writes a deposit as it is stored.
func BenchmarkEncodeRecord(b *testing.B) {
	r := contract.Record{Position: 42, Account: bank.NewAccountID("ada", "1"), Version: 2,
		At: time.UnixMicro(1_800_000_000_123_456).UTC(), Key: "key-1", Caller: "ada"}
	amount := bank.Money{Minor: 100, Currency: "EUR"}
	postings := []bank.Posting{{LedgerAccount: "customer/x", Amount: amount},
		{LedgerAccount: "cash/EUR", Amount: bank.Money{Minor: -100, Currency: "EUR"}}}
	deposit := bank.MoneyDeposited{Movement: bank.Movement{Amount: amount, Balance: amount, Postings: postings},
		Details: bank.Details{Reference: "invoice 7"}}
	if err := r.SetEvent(deposit); err != nil {
		b.Fatal(err)
	}
	for range b.N {
		if _, err := r.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}
