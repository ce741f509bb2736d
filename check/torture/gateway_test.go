package torture

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// A capture may be done, and the event source die before the hold of the answer is read from the log. A client that
// takes this for "nothing happened" sends it again, and tells of the replay as if that had been the first attempt.
func TestAnAnswerWithoutAPartTellsWhatHappened(t *testing.T) {
	const away = `"message": "away", "extensions": {"code": "UNAVAILABLE"}`
	done := `"payload": {"account": {"id": "acc", "version": 7, "balance": {"current": {"value": "5.00"}}},
		"transaction": {"version": 7, "balanceAfter": {"value": "5.00"}}, "userErrors": []}`
	for name, test := range map[string]struct {
		answer string
		want   laws.Answer
	}{
		"a part is missing": {`{"data": {` + done + `}, "errors": [{` + away + `, "path": ["payload", "hold"]}]}`,
			laws.Answer{Status: contract.Applied, Version: 7, Balance: 500}},
		"a refusal without its account": {`{"data": {"payload": {"userErrors": [{"code": "HOLD_ENDED"}]}},
			"errors": [{` + away + `, "path": ["payload", "account"]}]}`,
			laws.Answer{Status: contract.Refused, Code: bank.HoldEnded}},
		"a part takes the payload with it": {`{"data": {"payload": null},
			"errors": [{` + away + `, "path": ["payload", "x"]}]}`,
			laws.Answer{Status: contract.Unknown}},
		"nothing happened": {`{"data": {"payload": null}, "errors": [{` + away + `, "path": ["payload"]}]}`,
			laws.Answer{Status: contract.Unavailable}},
		"the bank is starting": {`{"errors": [{` + away + `}]}`, laws.Answer{Status: contract.Unavailable}},
		"no one knows": {`{"data": {"payload": null}, "errors": [{"extensions": {"code": "UNKNOWN_OUTCOME"}}]}`,
			laws.Answer{Status: contract.Unknown}},
		"an empty answer": {`{"data": {"payload": null}}`, laws.Answer{Status: contract.Unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(test.answer))
			}))
			defer api.Close()
			g := newGateway([]string{api.URL}, "", 1, func() time.Duration { return 0 })
			got := g.ask(t.Context(), "ada", laws.NewRequest("acc", "capture", bank.CaptureHold{Hold: 5}))[0]
			if got.Status != test.want.Status || got.Version != test.want.Version || got.Balance != test.want.Balance ||
				got.Code != test.want.Code {
				t.Errorf("it is taken for %s", got)
			}
		})
	}
}
