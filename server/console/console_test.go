package console_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"corebank/server/asset"
	"corebank/server/console"
)

func do(t *testing.T, h http.Handler, method, target string, fields ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func get(t *testing.T, h http.Handler, target string, fields ...string) (*http.Response, string) {
	t.Helper()
	return do(t, h, http.MethodGet, target, fields...)
}

// base is the folder of the page's assets, read from the page.
func base(t *testing.T, h http.Handler) string {
	t.Helper()
	_, index := get(t, h, "/")
	found := regexp.MustCompile(`src="(assets-[0-9a-f]{16})/main\.js"`).FindStringSubmatch(index)
	if found == nil {
		t.Fatalf("the page loads no main.js:\n%s", index)
	}
	return "/" + found[1] + "/"
}

func TestEveryFileOfThePageIsServed(t *testing.T) {
	h := console.Handler(console.Options{})
	folder := base(t, h)
	names, err := filepath.Glob("page/*")
	if err != nil || len(names) < 20 {
		t.Fatalf("found %d files of the page: %v", len(names), err)
	}
	for _, name := range names {
		name = filepath.Base(name)
		if name == "index.html" {
			continue
		}
		want, err := os.ReadFile(filepath.Join("page", name))
		if err != nil {
			t.Fatal(err)
		}
		r, body := get(t, h, folder+name)
		if r.StatusCode != http.StatusOK || body != string(want) {
			t.Errorf("%s: status %d, %d of %d bytes", name, r.StatusCode, len(body), len(want))
		}
		media := asset.ContentType(name)
		if got := r.Header.Get("Content-Type"); media == "" || got != media {
			t.Errorf("%s: Content-Type %q, want %q", name, got, media)
		}
		if got := r.Header.Get("Cache-Control"); got != asset.Immutable {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
	}
}

// TestThePageRefersOnlyToItself: the page and its scripts load only embedded files.
func TestThePageRefersOnlyToItself(t *testing.T) {
	h := console.Handler(console.Options{GraphiQL: "/"})
	_, index := get(t, h, "/")
	seen := 0
	for _, m := range regexp.MustCompile(`<(?:link|script|img)[^>]* (?:src|href)="([^"]+)"`).FindAllStringSubmatch(index,
		-1) {
		seen++
		if r, _ := get(t, h, "/"+m[1]); r.StatusCode != http.StatusOK {
			t.Errorf("the page refers to %s: status %d", m[1], r.StatusCode)
		}
	}
	folder := base(t, h)
	scripts, err := filepath.Glob("page/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		_, text := get(t, h, folder+filepath.Base(script))
		for _, m := range regexp.MustCompile(`(?m)^import .*from '([^']+)';$`).FindAllStringSubmatch(text, -1) {
			seen++
			name, relative := strings.CutPrefix(m[1], "./")
			if r, _ := get(t, h, folder+name); !relative || r.StatusCode != http.StatusOK {
				t.Errorf("%s imports %s, which is not there", script, m[1])
			}
		}
		for _, forbidden := range []string{"localStorage", "sessionStorage", "innerHTML", "eval(", "parseFloat",
			"document.cookie"} {
			session := forbidden == "localStorage" && filepath.Base(script) == "session.js" // keeps the key of a session
			if strings.Contains(text, forbidden) && !session {
				t.Errorf("%s uses %s", script, forbidden)
			}
		}
	}
	if seen < 60 {
		t.Errorf("found %d references: the patterns no longer fit", seen)
	}
}

func TestNothingIsInlineAndThePolicySaysSo(t *testing.T) {
	h := console.Handler(console.Options{})
	r, index := get(t, h, "/")
	if regexp.MustCompile(`<script[^>]*>[^<]|<style| on\w+=| style=|javascript:`).MatchString(index) {
		t.Errorf("the page holds inline script or style:\n%s", index)
	}
	want := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	if got := r.Header.Get("Content-Security-Policy"); got != want || console.Policy != want {
		t.Errorf("policy\n got %s\nwant %s", got, want)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestABrowserAsksAgainForThePageAlone(t *testing.T) {
	h := console.Handler(console.Options{})
	r, _ := get(t, h, "/")
	if got := r.Header.Get("Cache-Control"); got != asset.Revalidate {
		t.Errorf("Cache-Control %q", got)
	}
	again, body := get(t, h, "/", "If-None-Match", r.Header.Get("Etag"))
	if again.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("status %d with %d bytes, want 304 and none", again.StatusCode, len(body))
	}
	packed, body := get(t, h, base(t, h)+"main.js", "Accept-Encoding", "gzip")
	if packed.Header.Get("Content-Encoding") != "gzip" || strings.Contains(body, "import") {
		t.Error("main.js is not compressed for a client that accepts it")
	}
	head, body := do(t, h, http.MethodHead, "/")
	if head.StatusCode != http.StatusOK || body != "" || head.Header.Get("Etag") != r.Header.Get("Etag") {
		t.Errorf("HEAD: status %d, %d bytes", head.StatusCode, len(body))
	}
}

func TestThePageNamesItsAddresses(t *testing.T) {
	_, index := get(t, console.Handler(console.Options{Endpoint: "/api", GraphiQL: "/try"}), "/")
	for _, want := range []string{`content="/api"`, `<a href="/try">`} {
		if !strings.Contains(index, want) {
			t.Errorf("the page lacks %s\n%s", want, index)
		}
	}
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	h := console.Handler(console.Options{})
	for _, p := range []string{"/index.html", "/main.js", "/page/main.js", base(t, h), base(t, h) + "index.html",
		base(t, h) + "../doc.go", "/assets-0000000000000000/main.js"} {
		if r, _ := get(t, h, p); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", p, r.StatusCode)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		r, _ := do(t, h, method, "/")
		if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, r.StatusCode, r.Header.Get("Allow"))
		}
	}
}
