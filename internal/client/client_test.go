package client_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"corebank/internal/client"
)

// TestABankThatIsAwayIsAskedAgain for as long as it says that this helps.
func TestABankThatIsAwayIsAskedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		error string
		asked int
	}{
		"away":    {`"message": "Not now.", "extensions": {"code": "UNAVAILABLE", "retryable": true}`, 2},
		"refused": {`"message": "No.", "extensions": {"code": "BAD_USER_INPUT", "retryable": false}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked == 1 {
					fmt.Fprintf(w, `{"data": null, "errors": [{%s}]}`, test.error)
					return
				}
				fmt.Fprint(w, `{"data": {"caller": {"subject": "ada"}}}`)
			}))
			defer bank.Close()
			var reply struct{ Caller struct{ Subject string } }
			var progress bytes.Buffer
			err := client.Client{URL: bank.URL, Progress: &progress}.Query(t.Context(), `{ caller { subject } }`, nil, &reply)
			if asked != test.asked || (err == nil) != (asked == 2) || (reply.Caller.Subject == "ada") != (asked == 2) {
				t.Errorf("asked %d times: %+v, %v", asked, reply, err)
			}
			if strings.Contains(progress.String(), "Asking again for 30s") != (asked == 2) {
				t.Errorf("it says %q", progress.String())
			}
		})
	}
}
