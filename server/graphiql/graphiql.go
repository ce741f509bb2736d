package graphiql

import (
	"cmp"
	"encoding/json"
	"net/http"

	"corebank/server/asset"
)

// Options are the addresses that the page uses.
type Options struct {
	// Endpoint is the path of queries and mutations on the page's own origin,
	// by default "/graphql". The page's policy forbids another origin.
	Endpoint string
	// SubscriptionEndpoint is the path of the websocket, by default Endpoint.
	// The page derives the scheme and the host from its own location.
	SubscriptionEndpoint string
	// Console is the path of the console, to link to; empty for no link.
	Console string
	// DemoAccountID is the id of the account that the first example opens, and
	// DemoPayeeID that of the account of DemoPayeeKey. They replace the placeholders
	// in the variables of the examples. If DemoAccountID is empty, the placeholders
	// stay, and the examples are refused until a person fills in ids.
	DemoAccountID, DemoPayeeID string
}

// config is the content of config.json.
type config struct {
	Endpoint             string `json:"endpoint"`
	SubscriptionEndpoint string `json:"subscriptionEndpoint"`
	Console              string `json:"console,omitempty"`
}

// Handler serves the page at "/" and what it loads below it. The page refers to
// its parts by relative paths, so that it also works below a prefix that ends
// in a slash, with http.StripPrefix.
func Handler(opts Options) http.Handler {
	endpoint := cmp.Or(opts.Endpoint, "/graphql")
	files := embeddedFiles()
	files["/config.json"] = dynamicFile(config{
		Endpoint:             endpoint,
		SubscriptionEndpoint: cmp.Or(opts.SubscriptionEndpoint, endpoint),
		Console:              opts.Console,
	})
	files["/tabs.json"] = dynamicFile(tabsFor(opts.DemoAccountID, opts.DemoPayeeID))
	return asset.Page{Files: files, Policy: Policy}
}

// tabsFor returns the examples with the accounts' ids filled in.
func tabsFor(accountID, payeeID string) []Tab {
	tabs := Tabs()
	if accountID == "" {
		return tabs
	}
	for i := range tabs {
		tabs[i] = tabs[i].WithAccounts(accountID, payeeID)
	}
	return tabs
}

// Policy is the content security policy of the page: no inline script and no
// foreign source.
//
// Styles are the exception: Monaco, the editor, writes its theme into style
// elements and the position of each line into style attributes, and has no
// setting for a nonce. Monaco's style sheet contains data: images. Its workers
// are files of ours, so that worker-src needs no blob:. The websocket on the
// page's own host counts as 'self'.
const Policy = "default-src 'none'; script-src 'self'; worker-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("graphiql: " + err.Error()) // strings always marshal
	}
	return b
}
