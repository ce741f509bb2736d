package graphiql

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed tabs
var tabFiles embed.FS

// DemoAccountPlaceholder is a placeholder in the variables of the examples. It
// stands for the id of the account that the first example opens: owner "Ada Lovelace", currency EUR,
// idempotency key "graphiql-demo-account".
const DemoAccountPlaceholder = "DEMO_ACCOUNT_ID"

// A Tab is one example on the page.
type Tab struct {
	Name      string `json:"name"`      // of the operation, and the tab's title
	Query     string `json:"query"`     // a document with that one operation
	Variables string `json:"variables"` // a JSON object
}

// Tabs returns the examples in the order of their story: each works after those
// before it. The page shows the same files. The variables contain
// DemoAccountPlaceholder; see WithAccount.
func Tabs() []Tab {
	queries, err := fs.Glob(tabFiles, "tabs/*.graphql")
	if err != nil {
		panic("graphiql: " + err.Error()) // the pattern is well formed
	}
	tabs := make([]Tab, len(queries))
	for i, query := range queries {
		tabs[i] = readTab(strings.TrimSuffix(query, ".graphql"))
	}
	return tabs
}

// WithAccount fills in the id of the account of the examples.
func (t Tab) WithAccount(id string) Tab {
	placeholder := string(mustJSON(DemoAccountPlaceholder))
	t.Variables = strings.ReplaceAll(t.Variables, placeholder, string(mustJSON(id)))
	return t
}

// readTab reads the two files of one example. They are named by their position
// in the story and the operation: "tabs/01_OpenAccount".
func readTab(stem string) Tab {
	_, name, _ := strings.Cut(stem, "_")
	return Tab{
		Name:      name,
		Query:     mustRead(stem + ".graphql"),
		Variables: mustRead(stem + ".json"),
	}
}

func mustRead(name string) string {
	b, err := tabFiles.ReadFile(name)
	if err != nil {
		panic("graphiql: " + err.Error()) // a test reads every pair
	}
	return strings.TrimSpace(string(b))
}
