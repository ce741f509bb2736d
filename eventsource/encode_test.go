package eventsource_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/eventsource"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// A record is stored as json.Marshal writes it, whatever its texts are.
func TestRecordsAreStoredAsJSON(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[ -~]{0,12}`), rapid.StringMatching(`[a-z0-9-]{1,20}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		data, err := json.Marshal(map[string]any{text.Draw(t, "name"): text.Draw(t, "value"), "n": rapid.Int64().Draw(t, "n"), "a": []any{text.Draw(t, "element"), nil}})
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "spaced") {
			data = append([]byte{' '}, data...)
		}
		r := contract.Record{Position: rapid.Int64().Draw(t, "position"), Account: bank.AccountID(text.Draw(t, "account")),
			Version: rapid.Int64().Draw(t, "version"), Type: text.Draw(t, "type"), Schema: rapid.Int().Draw(t, "schema"),
			At:  time.UnixMicro(rapid.Int64Range(-1<<55, 1<<55).Draw(t, "at")).UTC(),
			Key: text.Draw(t, "key"), Caller: text.Draw(t, "caller"), RequestHash: text.Draw(t, "hash"), Data: data}
		want, err := json.Marshal(r)
		got, gotErr := eventsource.EncodeRecord(r)
		if string(got) != string(want) || (err == nil) != (gotErr == nil) {
			t.Fatalf("stored as %s (%v)\nwant      %s (%v)", got, gotErr, want, err)
		}
	})
}

// BenchmarkEncodeRecord writes a deposit as it is stored.
func BenchmarkEncodeRecord(b *testing.B) {
	r := payments(1, 1)[0]
	for range b.N {
		if _, err := eventsource.EncodeRecord(r); err != nil {
			b.Fatal(err)
		}
	}
}
