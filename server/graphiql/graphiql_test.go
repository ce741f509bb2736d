package graphiql

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"corebank/server/asset"
)

// get asks the page for a path, with header fields given in pairs.
func get(t *testing.T, h http.Handler, target string, fields ...string) *http.Response {
	t.Helper()
	return do(t, h, http.MethodGet, target, fields...)
}

func do(t *testing.T, h http.Handler, method, target string, fields ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("read the body: %v", err)
	}
	return string(b)
}

// references finds what index.html makes a browser fetch.
func references(t *testing.T, h http.Handler) []string {
	t.Helper()
	found := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(body(t, get(t, h, "/")), -1)
	var refs []string
	for _, m := range found {
		refs = append(refs, m[1])
	}
	return refs
}

func TestEveryFileIsServedWithItsType(t *testing.T) {
	h := Handler(Options{})
	paths := []string{"/", "/config.json", "/tabs.json", "/LICENSES.txt"}
	for _, name := range assetNames() {
		if name != "index.html" && name != "LICENSES.txt" {
			paths = append(paths, "/assets/"+name)
		}
	}
	if len(paths) < 10 {
		t.Fatalf("found %d files: the assets are not embedded", len(paths))
	}
	for _, p := range paths {
		r := get(t, h, p)
		want := asset.ContentType(p)
		if p == "/" {
			want = "text/html; charset=utf-8"
		}
		if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || got != want || want == "" {
			t.Errorf("%s: status %d, type %q, want 200 and %q", p, r.StatusCode, got, want)
		}
		if body(t, r) == "" {
			t.Errorf("%s: is empty", p)
		}
	}
}

func TestIndexFetchesOnlyWhatIsHere(t *testing.T) {
	h := Handler(Options{})
	refs := references(t, h)
	if len(refs) != 3 {
		t.Errorf("index.html refers to %q, want the icon, the styles and the script", refs)
	}
	for _, ref := range refs {
		if strings.Contains(ref, "//") {
			t.Errorf("index.html refers to another host: %s", ref)
			continue
		}
		if r := get(t, h, "/"+ref); r.StatusCode != http.StatusOK {
			t.Errorf("index.html refers to %s: status %d", ref, r.StatusCode)
		}
	}
}

// Scripts import each other, and the style sheet its font, by relative names.
func TestAssetsFetchOnlyWhatIsHere(t *testing.T) {
	h := Handler(Options{})
	names := map[string]bool{}
	for _, name := range assetNames() {
		names[name] = true
	}
	hashed := regexp.MustCompile(`^-[A-Z0-9]{8}\.(?:js|css|ttf)\b`)
	seen := 0
	for name := range names {
		if ext := path.Ext(name); ext != ".js" && ext != ".css" {
			continue
		}
		text := body(t, get(t, h, "/assets/"+name))
		for before, after := range around(text, "-") {
			if tail := hashed.FindString(after); tail != "" {
				seen++
				if ref := before[strings.LastIndexAny(before, `"'(/`)+1:] + tail; !names[ref] {
					t.Errorf("%s refers to %s, which is not there", name, ref)
				}
			}
		}
		for before, after := range around(text, "http") {
			if loads(before) && (strings.HasPrefix(after, "http://") || strings.HasPrefix(after, "https://")) {
				t.Errorf("%s loads from another host: %s%s", name, before, after)
			}
		}
	}
	if seen < 10 {
		t.Errorf("found %d references between assets: the pattern no longer fits their names", seen)
	}
}

// around yields the text just before and from each place where word stands.
func around(text, word string) iter.Seq2[string, string] {
	return func(yield func(before, after string) bool) {
		for at := 0; ; at += len(word) {
			i := strings.Index(text[at:], word)
			if i < 0 {
				return
			}
			at += i
			if !yield(text[max(0, at-40):at], text[at:min(len(text), at+40)]) {
				return
			}
		}
	}
}

// loads reports whether code with this end fetches the address that follows it.
func loads(before string) bool {
	before = strings.TrimRight(before, "\"'`(")
	for _, word := range []string{"import", "from", "importScripts", "fetch", "url", "Worker", "WebSocket"} {
		if strings.HasSuffix(before, word) {
			return true
		}
	}
	return false
}

func TestPolicyAllowsNoInlineScriptAndNoOtherHost(t *testing.T) {
	h := Handler(Options{})
	index := body(t, get(t, h, "/"))
	if regexp.MustCompile(`<script[^>]*>[^<]|<style| on\w+=| style=`).MatchString(index) {
		t.Errorf("index.html holds inline script or style:\n%s", index)
	}
	r := get(t, h, "/")
	got := r.Header.Get("Content-Security-Policy")
	want := "default-src 'none'; script-src 'self'; worker-src 'self'; " +
		"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	if got != want || Policy != want {
		t.Errorf("policy\n got %s\nwant %s", got, want)
	}
	if got := r.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options is %q", got)
	}
}

func TestGzipIsSentOnlyToThoseWhoTakeIt(t *testing.T) {
	h := Handler(Options{})
	script := "/" + references(t, h)[2]
	plain := body(t, get(t, h, script))
	for accept, wantGzip := range map[string]bool{
		"":                        false,
		"identity":                false,
		"gzip":                    true,
		"deflate, GZIP;q=0.5, br": true,
		"gzip;q=0":                false,
		"gzip; q=0.000":           false,
		"gzip;q=x":                false,
		"*":                       true,
		"*;q=0":                   false,
		"gzip;q=0, *":             false,
		"*;q=0, gzip":             true,
		"x-gzip-not":              false,
	} {
		r := get(t, h, script, "Accept-Encoding", accept)
		text := body(t, r)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != wantGzip {
			t.Errorf("Accept-Encoding %q: gzip is %v, want %v", accept, got, wantGzip)
		} else if got {
			text = unpack(t, text)
		}
		if text != plain {
			t.Errorf("Accept-Encoding %q gives another text", accept)
		}
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", accept)
		}
	}
}

func unpack(t *testing.T, packed string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatalf("not gzip: %v", err)
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, r); err != nil {
		t.Fatalf("broken gzip: %v", err)
	}
	return b.String()
}

func TestBrowserKeepsAssetsAndAsksAgainForThePage(t *testing.T) {
	h := Handler(Options{})
	script := "/" + references(t, h)[2]
	for p, want := range map[string]string{
		"/": asset.Revalidate, "/tabs.json": asset.Revalidate, "/config.json": asset.Revalidate, script: asset.Immutable,
	} {
		r := get(t, h, p)
		if got := r.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", p, got, want)
		}
		tag := r.Header.Get("Etag")
		again := get(t, h, p, "If-None-Match", `"other", `+tag)
		if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
			t.Errorf("%s with %s: status %d, want 304 and no body", p, tag, again.StatusCode)
		}
		if other := get(t, h, p, "If-None-Match", `"other"`); other.StatusCode != http.StatusOK {
			t.Errorf("%s with another tag: status %d, want 200", p, other.StatusCode)
		}
	}
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	h := Handler(Options{})
	for _, p := range []string{
		"/graphql", "/index.html", "/assets/", "/assets", "/assets/index.html",
		"/assets/nothing.js", "/assets/LICENSES.txt.gz", "/assets/../doc.go", "/favicon.ico",
	} {
		if r := get(t, h, p); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", p, r.StatusCode)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r := do(t, h, method, "/")
		if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, r.StatusCode, r.Header.Get("Allow"))
		}
	}
}

func TestHeadGivesTheHeadersAlone(t *testing.T) {
	h := Handler(Options{})
	for _, coding := range []string{"gzip", "identity"} {
		want := get(t, h, "/", "Accept-Encoding", coding).Header
		r := do(t, h, http.MethodHead, "/", "Accept-Encoding", coding)
		if r.StatusCode != http.StatusOK || body(t, r) != "" {
			t.Errorf("HEAD with %s: status %d, want 200 and no body", coding, r.StatusCode)
		}
		for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Length", "Etag"} {
			if r.Header.Get(name) != want.Get(name) {
				t.Errorf("HEAD with %s: %s is %q, with GET %q", coding, name, r.Header.Get(name), want.Get(name))
			}
		}
	}
}

func TestConfigGivesThePageItsEndpoints(t *testing.T) {
	for _, c := range []struct {
		name string
		opts Options
		want config
	}{
		{"defaults", Options{}, config{"/graphql", "/graphql", ""}},
		{"one endpoint", Options{Endpoint: "/api"}, config{"/api", "/api", ""}},
		{"two endpoints", Options{Endpoint: "/api", SubscriptionEndpoint: "/live"}, config{"/api", "/live", ""}},
		{"a link to the console", Options{Console: "/console"}, config{"/graphql", "/graphql", "/console"}},
	} {
		var got config
		text := body(t, get(t, Handler(c.opts), "/config.json"))
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != c.want {
			t.Errorf("%s: %s (%v), want %+v", c.name, text, err, c.want)
		}
	}
}

func TestLicencesNameWhatIsBundled(t *testing.T) {
	text := body(t, get(t, Handler(Options{}), "/LICENSES.txt"))
	for _, name := range []string{
		"graphiql 5.", "graphql-ws ", "monaco-editor ", "react-dom ", "@graphiql/plugin-explorer ",
	} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("LICENSES.txt does not name %s", name)
		}
	}
}
