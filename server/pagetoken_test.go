package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
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
		{"127.0.0.1:5000", "127.0.0.1:8080", true},
		{"[::1]:5000", "localhost:8080", true},
		{"127.0.0.1:5000", "[::1]:8080", true},
		{"127.0.0.1:5000", "localhost", true},
		{"127.0.0.1:5000", "evil.example", false},
		{"127.0.0.1:5000", "evil.example:8080", false},
		{"127.0.0.1:5000", "127.0.0.1.evil.example", false},
		{"127.0.0.1:5000", "", false},
		{"192.0.2.1:5000", "127.0.0.1:8080", false},
		{"192.0.2.1:5000", "bank.example", false},
		{"", "localhost", false},
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
		caller, err := verifier.Verify(t.Context(), token)
		want := identity.Principal{Subject: pageSubject, Roles: []identity.Role{identity.Teller}}
		if err != nil || caller.Subject != want.Subject || !slices.Equal(caller.Roles, want.Roles) {
			t.Errorf("%+v, %v; want %+v", caller, err, want)
		}
		page := httptest.NewRecorder()
		ready := func(context.Context) contract.Readiness { return contract.Readiness{} }
		Handler(Parts{PageToken: pageToken(local)}, ready).ServeHTTP(page, request)
		if cached := page.Header().Get("Cache-Control"); cached != "no-store" {
			t.Errorf("the page has Cache-Control %q", cached)
		}
		if !strings.Contains(page.Body.String(), `<meta name="corebank-token" content="ey`) {
			t.Errorf("the page has no token: %.300s", page.Body)
		}
	}
}

// TestKeysThatAreNotKnown: the answer is no judgement on the token, which may be
// sent again, and hides the cause.
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
	body := answer.Body.String()
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(body, `"UNAVAILABLE"`) {
		t.Errorf("%d %s, want 503 and UNAVAILABLE", answer.Code, body)
	}
	if strings.Contains(body, "refused") {
		t.Errorf("the cause is shown: %s", body)
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
