package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
)

// TestOnlyThisMachineGetsAPageWithAToken: neither a visitor from elsewhere, nor
// a page of another name that leads here.
func TestOnlyThisMachineGetsAPageWithAToken(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	local, err := issuer.New("http://127.0.0.1:1", key)
	if err != nil {
		t.Fatal(err)
	}
	verifier := oidc.New(oidc.Config{Issuer: local.Name, Audience: issuer.Audience}, oidc.NewKeys(local.Keys, nil))
	for _, test := range []struct {
		remote, host string
		given        bool
	}{
		{"127.0.0.1:5000", "127.0.0.1:8080", true}, {"[::1]:5000", "localhost:8080", true}, {"127.0.0.1:5000", "[::1]:8080", true}, {"127.0.0.1:5000", "localhost", true},
		{"127.0.0.1:5000", "evil.example", false}, {"127.0.0.1:5000", "evil.example:8080", false}, {"127.0.0.1:5000", "127.0.0.1.evil.example", false},
		{"127.0.0.1:5000", "", false}, {"192.0.2.1:5000", "127.0.0.1:8080", false}, {"192.0.2.1:5000", "bank.example", false}, {"", "localhost", false},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.RemoteAddr, request.Host = test.remote, test.host
		request.Header.Set("X-Forwarded-For", "127.0.0.1")
		token := pageToken(local)(request)
		if (token != "") != test.given {
			t.Errorf("from %q to %q: %q", test.remote, test.host, token)
		}
		if pageToken(nil)(request) != "" {
			t.Error("a token of no issuer")
		}
		if !test.given {
			continue
		}
		if who, err := verifier.Verify(t.Context(), token); err != nil || who.Subject != pageSubject || len(who.Roles) != 1 || !who.Is(identity.Teller) {
			t.Errorf("%+v, %v", who, err)
		}
		page := httptest.NewRecorder()
		Handler(Parts{PageToken: pageToken(local)}, func(context.Context) contract.Readiness { return contract.Readiness{} }).ServeHTTP(page, request)
		if body, _ := io.ReadAll(page.Body); page.Header().Get("Cache-Control") != "no-store" || !strings.Contains(string(body), `<meta name="corebank-token" content="ey`) {
			t.Errorf("the page is %v, %.300s", page.Header(), body)
		}
	}
}

// TestKeysThatAreNotKnown: nothing is said of the token, and it may be tried
// again.
func TestKeysThatAreNotKnown(t *testing.T) {
	keys := oidc.NewKeys(func(context.Context) ([]byte, error) { return nil, errors.New("connection refused") }, nil)
	verifier := oidc.New(oidc.Config{Issuer: "i", Audience: "a"}, keys)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ __typename }"}`))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+signed(t, key))
	answer := httptest.NewRecorder()
	Handler(Parts{Verify: verifier.Verify}, nil).ServeHTTP(answer, request)
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), `"UNAVAILABLE"`) || strings.Contains(answer.Body.String(), "refused") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

func signed(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	made, err := issuer.New("i", key)
	if err != nil {
		t.Fatal(err)
	}
	token, err := made.Token("ada", identity.Customer, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
