package graphiql

import (
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"regexp"
	"strings"
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
	// DemoAccountID is put into the variables of the examples in place of
	// DemoAccountPlaceholder: the id of the account that the first example
	// opens. Empty leaves the placeholder, and the examples are then refused
	// until a person fills in an id.
	DemoAccountID string
}

// config is what the page reads from config.json.
type config struct {
	Endpoint             string `json:"endpoint"`
	SubscriptionEndpoint string `json:"subscriptionEndpoint"`
}

// Handler serves the page at "/" and what it loads below it. The page refers to
// its parts by relative paths, so that it also works below a prefix that ends
// in a slash, with http.StripPrefix. Any other path is 404, any method but GET
// and HEAD is 405.
func Handler(opts Options) http.Handler {
	endpoint := cmp.Or(opts.Endpoint, "/graphql")
	files := embeddedFiles()
	files["/config.json"] = dynamicFile(config{
		Endpoint:             endpoint,
		SubscriptionEndpoint: cmp.Or(opts.SubscriptionEndpoint, endpoint),
	})
	files["/tabs.json"] = dynamicFile(tabsFor(opts.DemoAccountID))

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSecurityHeaders(w.Header(), r.Host)
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
		f.serve(w, r)
	})
}

// embeddedFiles maps each URL path to its embedded file.
func embeddedFiles() map[string]file {
	files := make(map[string]file)
	for _, name := range assetNames() {
		switch name {
		case "index.html":
			files["/"] = embeddedFile(name, revalidate)
		case "LICENSES.txt":
			files["/LICENSES.txt"] = embeddedFile(name, revalidate)
		default:
			files[path.Join("/assets", name)] = embeddedFile(name, immutable)
		}
	}
	return files
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
// setting for a nonce. data: images stand in Monaco's style sheet.
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// plainHost matches a host that can stand in a policy: a name or an IPv4
// address with an optional port. An IPv6 address cannot.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)

// policyFor adds the websocket on the page's own host, because older browsers
// do not count ws: as 'self'.
func policyFor(host string) string {
	if !plainHost.MatchString(host) {
		return policy
	}
	return strings.Replace(policy, "connect-src 'self'", "connect-src 'self' ws://"+host+" wss://"+host, 1)
}

func setSecurityHeaders(h http.Header, host string) {
	h.Set("Content-Security-Policy", policyFor(host))
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
