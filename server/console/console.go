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

// Options are the addresses that the page uses.
type Options struct {
	// Endpoint is the path of GraphQL on the page's own origin, over HTTP and
	// as a websocket; by default "/graphql". The page's policy forbids another
	// origin.
	Endpoint string
	// GraphiQL is the path of GraphiQL, to link to; empty for no link.
	GraphiQL string
}

// Policy is the content security policy of the page: no inline script, no
// inline style and no foreign source. The websocket on the page's own host
// counts as 'self'.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Handler serves the page at "/" and what it loads below it; mount it below a
// prefix that ends in a slash, with http.StripPrefix.
func Handler(opts Options) http.Handler {
	opts.Endpoint = cmp.Or(opts.Endpoint, "/graphql")
	files, base := modules()
	files["/"] = asset.New(render(opts, base), "index.html", asset.Revalidate)
	return asset.Page{Files: files, Policy: Policy}
}

// modules returns the scripts, styles and images by URL path. Their folder is
// named by a hash of all of them, so that browsers may keep them forever. They
// refer to each other by relative paths.
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

// render fills in the page's template.
func render(opts Options, base string) []byte {
	var scripts []string
	for _, name := range pageNames() {
		if path.Ext(name) == ".js" {
			scripts = append(scripts, name)
		}
	}
	var b bytes.Buffer
	tmpl := template.Must(template.New("index").Parse(string(mustRead("index.html"))))
	err := tmpl.Execute(&b, map[string]any{"Base": base, "Scripts": scripts, "Endpoint": opts.Endpoint,
		"GraphiQL": opts.GraphiQL})
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
