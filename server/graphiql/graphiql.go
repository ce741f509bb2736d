package graphiql

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/http"

	"corebank/server/asset"
)

// Options says where the page finds the bank.
type Options struct {
	// Endpoint is the path of queries and mutations on the page's own origin,
	// by default "/graphql". Another origin does not work: the policy of the
	// page forbids it.
	Endpoint string
	// SubscriptionEndpoint is the path of the websocket, by default Endpoint.
	// The page derives the scheme and the host from its own location.
	SubscriptionEndpoint string
	// Console is the path of the console, to link to; empty for no link.
	Console string
	// Token, when set, gives the bearer token that the page starts with: it
	// stands in the headers editor and is sent with every request. The page
	// never stores it, and a page with a token is not kept by the browser.
	Token func(*http.Request) string
	// DemoAccountID is put into the variables of the examples in place of
	// DemoAccountPlaceholder: the id of the account that the first example
	// opens. Empty leaves the placeholder, and the examples are then refused
	// until a person fills in an id.
	DemoAccountID string
}

// TokenMeta names the meta element that hands the page its token.
const TokenMeta = "corebank-token"

// config is what the page reads from config.json.
type config struct {
	Endpoint             string `json:"endpoint"`
	SubscriptionEndpoint string `json:"subscriptionEndpoint"`
	Console              string `json:"console,omitempty"`
}

// Handler serves the page at "/" and what it loads below it. The page refers to
// its parts by relative paths, so that it also works below a prefix that ends
// in a slash, with http.StripPrefix. Any other path is 404, any method but GET
// and HEAD is 405.
func Handler(opts Options) http.Handler {
	endpoint := cmp.Or(opts.Endpoint, "/graphql")
	files := embeddedFiles()
	index := embeddedIndex()
	files["/config.json"] = dynamicFile(config{
		Endpoint:             endpoint,
		SubscriptionEndpoint: cmp.Or(opts.SubscriptionEndpoint, endpoint),
		Console:              opts.Console,
	})
	files["/tabs.json"] = dynamicFile(tabsFor(opts.DemoAccountID))

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
		if token := tokenOf(opts, r); token != "" && r.URL.Path == "/" {
			f = asset.New(signedIn(index, token), "index.html", asset.NoStore)
		}
		f.Serve(w, r)
	})
}

func tokenOf(opts Options, r *http.Request) string {
	if opts.Token == nil {
		return ""
	}
	return opts.Token(r)
}

// signedIn is the page with the token that it starts with.
func signedIn(index []byte, token string) []byte {
	meta := fmt.Sprintf("<meta name=%q content=\"%s\">\n  </head>", TokenMeta, html.EscapeString(token))
	return bytes.Replace(index, []byte("</head>"), []byte(meta), 1)
}

// tabsFor gives the examples with the account's id filled in.
func tabsFor(accountID string) []Tab {
	tabs := Tabs()
	if accountID == "" {
		return tabs
	}
	for i := range tabs {
		tabs[i] = tabs[i].WithAccount(accountID)
	}
	return tabs
}

// policy has no inline script and no foreign source.
//
// Styles are the exception: Monaco, the editor, writes its theme into style
// elements and the position of each line into style attributes, and has no
// setting for a nonce. data: images stand in Monaco's style sheet. Its workers
// are files of ours, so that worker-src needs no blob:. The websocket on the
// page's own host counts as 'self'.
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Policy is the content security policy that the page works under.
func Policy() string { return policy }

func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", Policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("graphiql: " + err.Error()) // strings always marshal
	}
	return b
}
