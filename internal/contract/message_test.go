package contract_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"corebank/internal/contract"
)

// A batch comes back from its message as it was, whether it was packed or not.
func TestAMessageCarriesItsBatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batch := contract.Batch{ID: anyText.Draw(t, "id"), Previous: 1, First: 2, Last: 3,
			Takeover: anyText.Draw(t, "takeover"), Traced: rapid.SliceOfN(rapid.Custom(anyTraced), 0, 2).Draw(t, "traced"),
			Records: rapid.SliceOfN(rapid.Custom(anyRecord), 0, 20).Draw(t, "records")}
		message, err := batch.Message()
		want, wantErr := json.Marshal(batch)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("encoded with %v, want %v", err, wantErr)
		}
		if err != nil {
			return // no JSON can carry it
		}
		if packed := bytes.Contains(message, []byte(`,"zstd":"`)); !packed && string(message) != string(want) {
			t.Fatalf("encoded as %s\nwant       %s", message, want)
		}
		got, err := contract.ReadMessage(message)
		if err != nil {
			t.Fatalf("%v in %s", err, message)
		}
		if again, err := json.Marshal(got); err != nil || string(again) != string(want) {
			t.Fatalf("came back as %s (%v)\nwant         %s", again, err, want)
		}
	})
}

// A short message is readable JSON, a long one is packed, and Dapr finds the id
// in both, by which the broker recognises a repeated message.
func TestAMessageIsReadableOrShort(t *testing.T) {
	for _, count := range []int{0, 1, 3, 200} {
		batch := contract.Batch{ID: "1-200", First: 1, Last: int64(count)}
		for i := range count {
			batch.Records = append(batch.Records, contract.Record{
				Position: int64(i + 1), Account: "acc_oj6g4v7nokx5jmvsgtlk7h44my", Key: fmt.Sprint("key ", i),
				RequestHash: "0123456789abcdef0123456789abcdef",
				Data:        json.RawMessage(`{"amount":{"minor":1250,"currency":"EUR"}}`)})
		}
		message, err := batch.Message()
		if err != nil {
			t.Fatal(err)
		}
		if unpacked, err := json.Marshal(batch); count > 100 && (err != nil || len(message) > len(unpacked)/5) {
			t.Errorf("%d records take %d bytes of %d (%v)", count, len(message), len(unpacked), err)
		}
		if count < 10 && bytes.Contains(message, []byte("zstd")) {
			t.Errorf("%d records are packed: %s", count, message)
		}
		var seen struct{ ID string }
		if err := json.Unmarshal(message, &seen); err != nil || seen.ID != batch.ID {
			t.Errorf("the id of %s is %q (%v)", message, seen.ID, err)
		}
	}
}

func TestAMessageThatLiesIsRefused(t *testing.T) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := func(records string) string {
		return base64.StdEncoding.EncodeToString(w.EncodeAll([]byte(records), nil))
	}
	for name, data := range map[string]string{
		"packed and not":           `{"first":1,"last":1,"records":[],"zstd":"` + packed("[]") + `"}`,
		"packed by no packer":      `{"first":1,"last":1,"zstd":"AAAA"}`,
		"not base64":               `{"first":1,"last":1,"zstd":"%%%%"}`,
		"no records within":        `{"first":1,"last":1,"zstd":"` + packed("{}") + `"}`,
		"half a list within":       `{"first":1,"last":1,"zstd":"` + packed(`[{"position":1}`) + `"}`,
		"cut off":                  `{"first":1,"last":1,"zstd":"` + packed("[]")[:8] + `"}`,
		"many megabytes of spaces": `{"first":1,"last":1,"zstd":"` + packed("["+strings.Repeat(" ", 64<<20)+"]") + `"}`,
		"no object":                `[]`,
		"nothing":                  ``,
	} {
		if batch, err := contract.ReadMessage([]byte(data)); err == nil {
			t.Errorf("%s: %+v", name, batch)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte(`{"id":"1-1","first":1,"last":1,"records":[{"position":1}]}`))
	f.Add([]byte(`{"id":"1-1","first":1,"last":1,"zstd":"KLUv/QQAEQAAW10="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		batch, err := contract.ReadMessage(data)
		if err != nil || batch.Check() != nil {
			return
		}
		message, err := batch.Message()
		if err != nil {
			t.Skip(err) // a record with a year that JSON cannot write
		}
		if _, err := contract.ReadMessage(message); err != nil {
			t.Fatalf("%s cannot be read again: %v", message, err)
		}
	})
}
