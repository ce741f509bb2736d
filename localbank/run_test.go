package localbank

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"corebank/localbank/ports"
)

func TestOnlyAFreeLoopbackAddressIsListenedOn(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, test := range map[string]struct{ address, want string }{
		"no port":              {"127.0.0.1", "want host:port"},
		"every interface":      {":8080", "an issuer on this machine"},
		"another interface":    {"192.0.2.1:8080", "an issuer on this machine"},
		"a name":               {"bank.example:8080", "an issuer on this machine"},
		"a port that is taken": {taken.Addr().String(), "--listen 127.0.0.1:0"},
		"a port that is none":  {"127.0.0.1:99999", "--listen 127.0.0.1:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := listen(test.address)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "--listen") {
				t.Fatalf("got %v, want an error that says %q", err, test.want)
			}
		})
	}
	first, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// The port is held until the API can have it.
	held := ports.New()
	address := held.Hold(first)
	if _, err := listen(address); err == nil || ports.Of(address) == "0" {
		t.Errorf("%s was not held: %v", address, err)
	}
	if err := held.Free(address); err != nil {
		t.Fatal(err)
	}
	second, err := listen(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRequestsAreAnsweredWhileTheBankStarts: they would hang otherwise.
func TestRequestsAreAnsweredWhileTheBankStarts(t *testing.T) {
	lis, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	held := ports.New()
	address := held.Hold(lis)
	answerStarting(lis)
	for path, want := range map[string]string{"/readyz": `{"ready":false,"reason":"the bank is starting"}`,
		"/graphql": `"code":"UNAVAILABLE","retryable":true`} {
		answer, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s %s, %v", path, answer.Status, text, err)
		}
	}
	if err := held.Free(address); err != nil {
		t.Fatal(err)
	}
	gateway, err := listen(address)
	if err != nil {
		t.Fatalf("the gateway does not get its port: %v", err)
	}
	gateway.Close()
}

// TestReadingIsEnough: an app that answers queries and refuses commands has
// started.
func TestReadingIsEnough(t *testing.T) {
	for body, serves := range map[string]bool{`{"ready":false,"reason":"the disk is full","readOnly":true}`: true,
		`{"ready":false,"reason":"no connection"}`: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, body)
		}))
		defer server.Close()
		if err := isReady(strings.TrimPrefix(server.URL, "http://"))(t.Context()); (err == nil) != serves {
			t.Errorf("%s: %v", body, err)
		}
	}
}
