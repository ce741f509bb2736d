package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
)

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
