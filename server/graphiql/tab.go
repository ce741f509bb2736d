package graphiql

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed tabs
var tabFiles embed.FS

// DemoKey is the idempotency key with which the first example opens the account of
// all examples: owner "Ada Lovelace", currency EUR.
const DemoKey = "graphiql-demo-account"

// DemoPayeeKey is that of an account which only a bank has that was filled with
// "corebank up --demo". The examples pay it.
const DemoPayeeKey = "demo-charles"

// The placeholders in the variables of the examples stand for the ids of these
// accounts.
const (
	DemoAccountPlaceholder = "DEMO_ACCOUNT_ID"
	DemoPayeePlaceholder   = "DEMO_PAYEE_ID"
)

// A Tab is one example on the page.
type Tab struct {
	Name      string `json:"name"`      // of the operation, and the tab's title
	Query     string `json:"query"`     // a document with that one operation
	Variables string `json:"variables"` // a JSON object
}

// Tabs returns the examples in the order of their story: each works after those
// before it. The page shows the same files. The variables contain
// placeholders; see WithAccounts.
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

// WithAccounts fills in the ids of the account of the examples and of the one that
// is paid.
func (t Tab) WithAccounts(id, payee string) Tab {
	quoted := func(text string) string { return string(mustJSON(text)) }
	t.Variables = strings.NewReplacer(quoted(DemoAccountPlaceholder), quoted(id),
		quoted(DemoPayeePlaceholder), quoted(payee)).Replace(t.Variables)
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
