package console

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"

	"corebank/server/asset"
)

//go:embed page
var page embed.FS

// Options says where the page finds the bank.
type Options struct {
	// Endpoint is the path of GraphQL on the page's own origin, over HTTP and
	// as a websocket; by default "/graphql". Another origin does not work: the
	// policy of the page forbids it.
	Endpoint string
	// GraphiQL is the path of GraphiQL, to link to; empty for no link.
	GraphiQL string
	// Token, when set, gives the bearer token that the page starts with; "" for
	// none. A page with a token is not kept by the browser.
	Token func(*http.Request) string
}

// TokenMeta names the meta element that hands the page its token.
const TokenMeta = "corebank-token"

// policy has no inline script, no inline style and no foreign source. The
// websocket on the page's own host counts as 'self'.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Policy is the content security policy that the page works under.
func Policy() string { return policy }

// Handler serves the page at "/" and what it loads below it; mount it below a
// prefix that ends in a slash, with http.StripPrefix. Any other path is 404,
// any method but GET and HEAD is 405.
func Handler(opts Options) http.Handler {
	opts.Endpoint = cmp.Or(opts.Endpoint, "/graphql")
	files, base := modules()
	index := func(token string) []byte { return render(opts, base, token) }
	files["/"] = asset.New(index(""), "index.html", asset.Revalidate)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSecurityHeaders(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this page takes GET and HEAD only", http.StatusMethodNotAllowed)
			return
		}
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.URL.Path == "/" && opts.Token != nil {
			if token := opts.Token(r); token != "" {
				f = asset.New(index(token), "index.html", asset.NoStore)
			}
		}
		f.Serve(w, r)
	})
}

// modules are the scripts, styles and pictures by their URL paths. They lie in
// a folder that is named by a hash of all of them: together they never change
// under their names, and refer to each other by relative ones.
func modules() (files map[string]asset.File, base string) {
	files = make(map[string]asset.File)
	names := pageNames()
	sum := sha256.New()
	for _, name := range names {
		sum.Write([]byte(name))
		sum.Write(mustRead(name))
	}
	base = "assets-" + hex.EncodeToString(sum.Sum(nil)[:8])
	for _, name := range names {
		if name != "index.html" {
			files["/"+base+"/"+name] = asset.New(mustRead(name), name, asset.Immutable)
		}
	}
	return files, base
}

// render fills in the page.
func render(opts Options, base, token string) []byte {
	var scripts []string
	for _, name := range pageNames() {
		if path.Ext(name) == ".js" {
			scripts = append(scripts, name)
		}
	}
	var b bytes.Buffer
	tmpl := template.Must(template.New("index").Parse(string(mustRead("index.html"))))
	err := tmpl.Execute(&b, map[string]any{"Base": base, "Scripts": scripts, "Endpoint": opts.Endpoint,
		"GraphiQL": opts.GraphiQL, "Token": token, "TokenMeta": TokenMeta})
	if err != nil {
		panic("console: " + err.Error()) // the template is embedded, and a test renders it
	}
	return b.Bytes()
}

func pageNames() []string {
	entries, err := page.ReadDir("page")
	if err != nil {
		panic("console: " + err.Error()) // the folder is embedded
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func mustRead(name string) []byte {
	b, err := page.ReadFile("page/" + name)
	if err != nil {
		panic("console: " + err.Error()) // the name comes from pageNames
	}
	return b
}

func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", Policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}
