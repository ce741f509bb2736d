package server

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
	"corebank/internal/identity/session"
	"corebank/server/guard"
)

// signInDesk is a gateway on this machine with sessions.
type signInDesk struct {
	t       *testing.T
	store   session.Store
	people  *identitytest.Issuer
	handler http.Handler
}

func newSignInDesk(t *testing.T) *signInDesk {
	t.Helper()
	d := &signInDesk{t: t, store: session.Store{Dir: filepath.Join(t.TempDir(), "sessions")},
		people: identitytest.NewIssuer(t)}
	if err := d.store.Clear(); err != nil {
		t.Fatal(err)
	}
	d.handler = Handler(Parts{Sessions: &d.store, Verify: d.people.Verifier().Verify,
		Guard: guard.Config{Loopback: true}},
		func(context.Context) contract.Readiness { return contract.Readiness{} })
	return d
}

func (d *signInDesk) offer(token string) string {
	d.t.Helper()
	code, err := d.store.Offer(token)
	if err != nil {
		d.t.Fatal(err)
	}
	return code
}

// ownPage are the headers that a browser sends for a page of the gateway.
func ownPage() map[string]string {
	return map[string]string{"Content-Type": "application/json", "Origin": "http://127.0.0.1:8080",
		"Sec-Fetch-Site": "same-origin"}
}

func (d *signInDesk) send(method, body, remote, host string, headers map[string]string) (int, map[string]string) {
	d.t.Helper()
	request := httptest.NewRequest(method, sessionPath, strings.NewReader(body))
	request.RemoteAddr, request.Host = remote, host
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	d.handler.ServeHTTP(answer, request)
	var said map[string]string
	_ = json.Unmarshal(answer.Body.Bytes(), &said) // refusals of the guard have another form
	return answer.Code, said
}

// own sends from a page of the gateway.
func (d *signInDesk) own(method, body string) (int, map[string]string) {
	d.t.Helper()
	return d.send(method, body, "127.0.0.1:5000", "127.0.0.1:8080", ownPage())
}

// TestACodeBecomesASession: which has the offered token until it ends.
func TestACodeBecomesASession(t *testing.T) {
	d := newSignInDesk(t)
	token := d.people.TokenFor("teller", identity.Teller)
	code := d.offer(token)
	status, got := d.own(http.MethodPost, `{"code":"`+code+`"}`)
	if status != http.StatusOK || got["token"] != token || got["session"] == "" {
		t.Fatalf("%d %v", status, got)
	}
	resume := `{"session":"` + got["session"] + `"}`
	if status, again := d.own(http.MethodPost, `{"code":"`+code+`"}`); status != http.StatusForbidden ||
		!strings.Contains(again["error"], "corebank token --link") || again["token"] != "" {
		t.Errorf("the code a second time: %d %v", status, again)
	}
	if status, again := d.own(http.MethodPost, resume); status != http.StatusOK || again["token"] != token {
		t.Errorf("the session: %d %v", status, again)
	}
	if status, _ := d.own(http.MethodDelete, resume); status != http.StatusOK {
		t.Errorf("signing out: %d", status)
	}
	if status, again := d.own(http.MethodPost, resume); status != http.StatusForbidden {
		t.Errorf("the session after signing out: %d %v", status, again)
	}
	if status, _ := d.own(http.MethodPost, `{"code":"`+d.offer("no token")+`"}`); status != http.StatusForbidden {
		t.Errorf("a token that is not accepted: %d", status)
	}
}

// TestOnlyAPageOfThisGatewaySignsIn: no proxy, no page of another origin, no other
// machine and no other name, even with the code, which stays good.
func TestOnlyAPageOfThisGatewaySignsIn(t *testing.T) {
	d := newSignInDesk(t)
	code := d.offer(d.people.TokenFor("teller", identity.Teller))
	body := `{"code":"` + code + `"}`
	const here, name = "127.0.0.1:5000", "127.0.0.1:8080"
	with := func(header, value string) map[string]string {
		headers := ownPage()
		headers[header] = value
		return headers
	}
	without := func(header string) map[string]string {
		headers := ownPage()
		delete(headers, header)
		return headers
	}
	for what, test := range map[string]struct {
		remote, host string
		headers      map[string]string
	}{
		"another machine":          {"192.0.2.1:5000", name, ownPage()},
		"another name":             {here, "evil.example:8080", with("Origin", "http://evil.example:8080")},
		"a page of another origin": {here, name, with("Origin", "https://evil.example")},
		"a page of another port":   {here, name, with("Origin", "http://127.0.0.1:9999")},
		"a page over https":        {here, name, with("Origin", "https://127.0.0.1:8080")},
		"a sandboxed page":         {here, name, with("Origin", "null")},
		"a program":                {here, name, without("Origin")},
		"a form":                   {here, name, with("Content-Type", "text/plain")},
		"a proxy that says for":    {here, name, with("X-Forwarded-For", "127.0.0.1")},
		"a proxy that says host":   {here, name, with("X-Forwarded-Host", "bank.example")},
		"a proxy that says via":    {here, name, with("Via", "1.1 proxy")},
		"a proxy that says so":     {here, name, with("Forwarded", "for=127.0.0.1")},
		"a proxy with a real ip":   {here, name, with("X-Real-IP", "192.0.2.1")},
		"a proxy that says naught": {here, name, with("Origin", "https://bank.example")},
	} {
		if status, got := d.send(http.MethodPost, body, test.remote, test.host, test.headers); status < 400 ||
			got["token"] != "" {
			t.Errorf("%s: %d %v", what, status, got)
		}
	}
	if status, _ := d.own(http.MethodPost, body); status != http.StatusOK {
		t.Errorf("the page itself, after all of them: %d", status)
	}
}

// TestNoPageCarriesAToken, however it is requested.
func TestNoPageCarriesAToken(t *testing.T) {
	d := newSignInDesk(t)
	d.offer(d.people.TokenFor("teller", identity.Teller))
	for _, path := range []string{"/", "/console/", "/config.json", "/tabs.json", sessionPath} {
		for _, headers := range []map[string]string{nil, ownPage(), {"X-Forwarded-For": "192.0.2.1"}, {"Via": "1.1 x"}} {
			request := httptest.NewRequest(http.MethodGet, path, nil)
			request.RemoteAddr, request.Host = "127.0.0.1:5000", "127.0.0.1:8080"
			for name, value := range maps.All(headers) {
				request.Header.Set(name, value)
			}
			answer := httptest.NewRecorder()
			d.handler.ServeHTTP(answer, request)
			if strings.Contains(answer.Body.String(), "eyJ") || strings.Contains(answer.Body.String(), "corebank-token") {
				t.Errorf("%s has a token: %s", path, answer.Body)
			}
		}
	}
}
