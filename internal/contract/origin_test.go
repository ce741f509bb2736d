package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"corebank/internal/contract"
)

// earlierMessage are messages as apps of earlier builds know them.
type earlierMessage struct {
	Commands []contract.Command `json:"commands"`
	Tokens   []string           `json:"tokens"`
	TokenOf  []int              `json:"tokenOf"`
	Appends  []struct {
		Account string `json:"account"`
	} `json:"appends"`
	Head int64 `json:"head"`
	Last int64 `json:"last"`
}

// TestAppsOfEarlierBuildsTakeWhatIsTraced, and what no one traces is as it was.
func TestAppsOfEarlierBuildsTakeWhatIsTraced(t *testing.T) {
	origin := contract.Origin{Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Request: "r-1"}
	traced := []contract.Traced{{First: 1, Last: 2, Trace: origin.Trace}}
	command := contract.Command{Type: "Deposit", Key: "k", Caller: "ada", Data: json.RawMessage(`{}`), Token: "t"}
	with := command
	with.Origin = origin
	for what, pair := range map[string][2]any{
		"commands": {contract.CommandBatch{Commands: []contract.Command{command}},
			contract.CommandBatch{Commands: []contract.Command{with}}},
		"an append": {contract.AppendRequest{Appends: []contract.Append{{Account: "a", Records: []contract.Record{}}}},
			contract.AppendRequest{Appends: []contract.Append{{Account: "a", Records: []contract.Record{}, Traced: traced}}}},
		"a page": {contract.Records{Records: []contract.Record{}, Head: 7},
			contract.Records{Records: []contract.Record{}, Head: 7, Traced: traced}},
		"a message": {contract.Batch{Last: 7}, contract.Batch{Last: 7, Traced: traced}},
	} {
		var texts [2]string
		var got [2]earlierMessage
		for i, value := range pair {
			text, err := written(value)
			if err != nil {
				t.Fatal(err)
			}
			if err := contract.Decode(text, &got[i]); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			texts[i] = string(text)
		}
		if strings.Contains(texts[0], "trace") || strings.Contains(texts[0], "origin") || texts[0] == texts[1] {
			t.Errorf("%s without a trace are %s, and with one %s", what, texts[0], texts[1])
		}
		if one, other := asJSON(t, got[0]), asJSON(t, got[1]); one != other {
			t.Errorf("%s: an earlier build reads %s, and %s", what, one, other)
		}
	}
}

// written is a value as it is sent.
func written(value any) ([]byte, error) {
	if batch, is := value.(contract.Batch); is {
		return batch.Message()
	}
	return contract.Encode(value)
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestOriginsTravelOnce, each with its commands, and a wrong one stops nothing.
func TestOriginsTravelOnce(t *testing.T) {
	one, two := contract.Origin{Request: "1"}, contract.Origin{Request: "2", Trace: "00-a"}
	var batch contract.CommandBatch
	for _, origin := range []contract.Origin{one, one, {}, two, one} {
		batch.Commands = append(batch.Commands, contract.Command{Type: "T", Data: json.RawMessage(`{}`), Origin: origin})
	}
	text, err := batch.Encode()
	if err != nil || strings.Count(string(text), `"request":"1"`) != 1 {
		t.Fatalf("%s, %v", text, err)
	}
	got := onTheWire(t, batch)
	for i, c := range batch.Commands {
		if got.Commands[i].Origin != c.Origin {
			t.Errorf("command %d comes of %+v, want %+v", i, got.Commands[i].Origin, c.Origin)
		}
	}
	for _, wrong := range []string{`[7]`, `[-1]`, `[1,1,1]`, `[]`} {
		var odd contract.CommandBatch
		text := `{"commands":[{"type":"T","key":"","caller":"","data":{}}],` +
			`"origins":[{"request":"x"}],"originOf":` + wrong + `}`
		if err := contract.Decode([]byte(text), &odd); err != nil || len(odd.Commands) != 1 {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// TestErrorsRepeatNothingThatWasSent, because they are logged.
func TestErrorsRepeatNothingThatWasSent(t *testing.T) {
	for _, text := range []string{`{"head":"secret"}`, `{"head":{"secret":1}}`, `{"log":["secret"]}`, `{"log":"secret`,
		`secret`, `{"head":1}secret`, `{"records":[{"data":{"metadata":{"secret":1,"secret":2}}}]}`,
		`{"records":[{"at":"secret"}]}`, "{\"log\":\"secret\xff\"}"} {
		var records contract.Records
		err := contract.Decode([]byte(text), &records)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s is answered with: %v", text, err)
		}
	}
}
