package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/identity/issuer"
)

// browsers: what another user of the machine gets of the pages is nothing, and
// the gateway itself could not sign a token.
func (b *besieged) browsers(t *testing.T) {
	for _, path := range []string{"/", "/console/", "/config.json", "/tabs.json"} {
		for _, header := range []string{"", "X-Forwarded-For", "Via", "Forwarded"} {
			if status, body := b.page(t, http.MethodGet, path, "", map[string]string{header: "127.0.0.1"}); status !=
				http.StatusOK || strings.Contains(body, "eyJ") {
				t.Errorf("%s with %q: %d %.300s", path, header, status, body)
			}
		}
	}
	if strings.Contains(b.output.String(), "eyJ") {
		t.Errorf("up prints a token:\n%s", b.output)
	}
	pid := b.parts()[contract.AppServer]
	if seen := commandLine(pid) + environmentOf(t, pid); strings.Contains(seen, filepath.Join(issuer.Folder, "key.pem")) {
		t.Errorf("the gateway knows where the key of the issuer is: %s", seen)
	}
	link := signInLink.FindString(b.output.String())
	code := `{"code":"` + link[strings.LastIndex(link, "/")+1:] + `"}`
	own := map[string]string{"Content-Type": "application/json", "Origin": b.URL}
	for what, change := range map[string][2]string{
		"another origin": {"Origin", "http://127.0.0.1:1"}, "no origin": {"Origin", ""},
		"a proxy": {"X-Forwarded-For", "127.0.0.1"}, "a quiet proxy": {"Origin", "https://bank.example"},
	} {
		headers := map[string]string{"Content-Type": own["Content-Type"], "Origin": own["Origin"]}
		headers[change[0]] = change[1]
		if status, body := b.page(t, http.MethodPost, "/session", code, headers); status != http.StatusForbidden ||
			strings.Contains(body, "eyJ") {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}
	for _, guess := range []string{`{"code":""}`, `{"code":"A"}`, `{"session":""}`, `{"session":"../identity/key.pem"}`} {
		if status, body := b.page(t, http.MethodPost, "/session", guess, own); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", guess, status, body)
		}
	}
	var first struct{ Token string }
	status, body := b.page(t, http.MethodPost, "/session", code, own)
	if err := json.Unmarshal([]byte(body), &first); err != nil || status != http.StatusOK || first.Token == "" {
		t.Fatalf("the browser: %d %s, %v", status, body, err)
	}
	if status, body := b.page(t, http.MethodPost, "/session", code, own); status != http.StatusForbidden {
		t.Errorf("a second browser: %d %s", status, body)
	}
}

func (b *besieged) page(t *testing.T, method, path, body string, headers map[string]string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(within(t, stopTime), method, b.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		if name != "" && value != "" {
			request.Header.Set(name, value)
		}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
