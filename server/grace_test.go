package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
	"corebank/server"
)

// endsIn is a gateway whose callers' tokens have ended so long ago; the verifier
// takes them, because of the grace.
func endsIn(t *testing.T, after time.Duration) *httptest.Server {
	t.Helper()
	verify := func(context.Context, string) (identity.Principal, error) {
		who := identitytest.Person("ada", identity.Teller)
		who.Expires = time.Now().Add(after)
		return who, nil
	}
	gateway := httptest.NewServer(server.Handler(
		server.Parts{Subscriptions: server.NewSubscriptionHub(&history{}), Verify: verify},
		func(context.Context) contract.Readiness { return contract.Readiness{Ready: true} }))
	t.Cleanup(gateway.Close)
	return gateway
}

// TestOneGraceForAll: a stream of events and a websocket end when a request would
// no longer be taken: a grace after the end of their token, and not before.
func TestOneGraceForAll(t *testing.T) {
	const left = 300 * time.Millisecond
	gateway := endsIn(t, left-identity.Grace)
	for name, wait := range map[string]func() error{
		"server-sent events": func() error {
			request, err := http.NewRequest(http.MethodPost, gateway.URL+"/graphql",
				strings.NewReader(`{"query": "subscription { transactions { cursor } }"}`))
			if err != nil {
				return err
			}
			request.Header.Set("Authorization", "Bearer x")
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Accept", "text/event-stream")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			_, err = io.ReadAll(response.Body)
			return err
		},
		"a websocket": func() error {
			dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
			conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(gateway.URL, "http")+"/graphql", nil)
			if err != nil {
				return err
			}
			defer conn.Close()
			if err := conn.WriteJSON(map[string]any{"type": "connection_init",
				"payload": map[string]any{"authorization": "Bearer x"}}); err != nil {
				return err
			}
			for {
				if _, _, err := conn.ReadMessage(); websocket.IsCloseError(err, 4403) {
					return nil
				} else if err != nil {
					return err
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			if err := wait(); err != nil {
				t.Fatal(err)
			}
			if lasted := time.Since(began); lasted < left/2 || lasted > left+3*time.Second {
				t.Errorf("it lasted %v of the %v that were left", lasted, left)
			}
		})
	}
}

// TestTwoTokens are refused for being two, and not as one that is wrong.
func TestTwoTokens(t *testing.T) {
	gateway := endsIn(t, time.Hour)
	for name, test := range map[string]struct {
		headers []string
		status  int
		code    string
	}{
		"two headers":      {[]string{"Bearer a", "Bearer a"}, http.StatusBadRequest, "BAD_REQUEST"},
		"joined by commas": {[]string{"Bearer a, Bearer b"}, http.StatusUnauthorized, "UNAUTHENTICATED"},
		"two in one":       {[]string{"Bearer a b"}, http.StatusUnauthorized, "UNAUTHENTICATED"},
	} {
		request, err := http.NewRequest(http.MethodPost, gateway.URL+"/graphql",
			strings.NewReader(`{"query": "{ __typename }"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header["Authorization"] = test.headers
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status ||
			!strings.Contains(string(text), test.code) || !strings.Contains(string(text), "send one") {
			t.Errorf("%s: %s %s", name, response.Status, text)
		}
	}
}
