package main_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"corebank/internal/identity/issuer"
	"corebank/localbank/datadir"
)

// TestATokenAndNothingElse: the bank does not run, and a shell can take what is
// printed as it is.
func TestATokenAndNothingElse(t *testing.T) {
	data := t.TempDir()
	none := corebank(t, nil, "token", "--data", data)
	if none.code != 1 || none.stdout != "" || !strings.Contains(none.stderr, "corebank up --data "+data) {
		t.Errorf("without a bank: %+v", none)
	}
	if _, err := issuer.Open(data); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		arguments     []string
		subject, role string
		lasts         int64
	}{
		{nil, "teller", "teller", 24 * 3600},
		{[]string{"--role", "customer", "--subject", "ada", "--ttl", "1h"}, "ada", "customer", 3600},
	} {
		got := corebank(t, nil, append([]string{"token", "--data", data}, test.arguments...)...)
		parts := strings.Split(strings.TrimSuffix(got.stdout, "\n"), ".")
		if got.code != 0 || got.stderr != "" || len(parts) != 3 || strings.ContainsAny(strings.Join(parts, ""), " \n") {
			t.Fatalf("%v: %+v", test.arguments, got)
		}
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			Sub      string
			Roles    []string
			Iat, Exp int64
		}
		if err := json.Unmarshal(text, &claims); err != nil || claims.Sub != test.subject || len(claims.Roles) != 1 ||
			claims.Roles[0] != test.role || claims.Exp-claims.Iat != test.lasts {
			t.Errorf("%v: %s, %v", test.arguments, text, err)
		}
	}
	for name, arguments := range map[string][]string{"--role": {"--role", "king"}, "--ttl": {"--ttl", "0s"},
		"--subject": {"--subject", "a\nb"}} {
		if got := corebank(t, nil, append([]string{"token", "--data", data}, arguments...)...); got.code != 2 ||
			got.stdout != "" || !strings.Contains(got.stderr, name) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestALinkInsteadOfAToken: for the bank that ran last on the directory.
func TestALinkInsteadOfAToken(t *testing.T) {
	data := t.TempDir()
	if none := corebank(t, nil, "token", "--link", "--data", data); none.code != 1 || none.stdout != "" ||
		!strings.Contains(none.stderr, "no bank has run") {
		t.Errorf("without a bank: %+v", none)
	}
	dir := datadir.Dir{Path: data}
	running := datadir.Running{Gateway: "http://127.0.0.1:8080"}
	if err := errors.Join(dir.Sessions().Clear(), dir.WriteRunning(running)); err != nil {
		t.Fatal(err)
	}
	got := corebank(t, nil, "token", "--link", "--role", "auditor", "--data", data)
	code, linked := strings.CutPrefix(strings.TrimSpace(got.stdout), "http://127.0.0.1:8080/console/#/sign-in/")
	if got.code != 0 || !linked {
		t.Fatalf("%+v", got)
	}
	key, err := dir.Sessions().Redeem(code)
	if err != nil {
		t.Fatal(err)
	}
	if token, err := dir.Sessions().Token(key); err != nil || strings.Count(token, ".") != 2 {
		t.Errorf("%q, %v", token, err)
	}
}
