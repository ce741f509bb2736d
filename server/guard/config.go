package guard

import (
	"context"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"corebank/graph/input"
)

// Config configures a guard. Its zero value is for development: the default
// limits, no rates, introspection and suggestions.
type Config struct {
	Limits Limits
	Rates  Rates
	// Production reveals less: no introspection, no suggestions, no GraphiQL.
	Production bool
	// Introspection allows introspection in production.
	Introspection bool
	// Trusted are the documents that clients may request by their hash.
	Trusted *Documents
	// TrustedOnly refuses all other documents.
	TrustedOnly bool
	// Hosts are the names, without ports, that the Host header may have besides the
	// names of this machine; nil allows any.
	Hosts []string
	// Loopback allows only this machine's own names, and Hosts.
	Loopback bool
	// Origins are the origins whose pages may use the API besides this gateway's own.
	Origins []string
	// SignsIn reports that a request without a caller can read the schema only.
	SignsIn bool
	// Refused, unless it is nil, counts a request that is refused before its operation is known, by the code.
	Refused func(code string)
	// Caller names the caller of a request; if nil, all requests have the same.
	Caller func(context.Context) string
}

// Bounds of the caches of documents.
const (
	documentsKept  = 1000
	documentsBytes = 4 << 20 // of their texts; parsed, they are about ten times as large
	automaticKept  = 1000
	automaticBytes = 4 << 20
)

// Guard enforces the limits of one gateway.
type Guard struct {
	config     Config
	limits     Limits
	principals *buckets
	addresses  *buckets
	parsed     *cache[*ast.QueryDocument]
	automatic  extension.AutomaticPersistedQuery
	costs      fieldCosts
	bodies     *budget
	schema     *schemaAnswers
}

// New returns a guard.
func New(config Config) *Guard {
	limits := config.Limits.orDefault()
	if config.Caller == nil {
		config.Caller = func(context.Context) string { return "" }
	}
	if config.Refused == nil {
		config.Refused = func(string) {}
	}
	return &Guard{
		config: config, limits: limits,
		principals: newBuckets(config.Rates.PerPrincipal, burstSeconds*config.Rates.PerPrincipal),
		addresses:  newBuckets(config.Rates.PerAddress, burstSeconds*config.Rates.PerAddress),
		bodies:     newBudget(limits.Bodies, limits.BodiesEach), schema: newSchemaAnswers(),
		parsed: newCache(documentsKept, documentsBytes,
			func(text string, _ *ast.QueryDocument) int { return len(text) }),
		automatic: extension.AutomaticPersistedQuery{Cache: newCache(automaticKept, automaticBytes,
			func(hash, text string) int { return len(hash) + len(text) })},
	}
}

// Protect makes a GraphQL server pass every operation through the guard. Call
// it before other extensions are added, so that the guard runs first.
func (g *Guard) Protect(srv *handler.Server) {
	srv.Use(&operations{Guard: g})
	srv.SetQueryCache(g.parsed)
	srv.SetParserTokenLimit(g.limits.Tokens)
	if g.introspection() {
		srv.Use(extension.Introspection{})
	}
	srv.SetDisableSuggestion(g.config.Production)
	srv.SetValidationRulesFn(g.rules)
}

func (g *Guard) introspection() bool { return !g.config.Production || g.config.Introspection }

// rules are the validation rules of documents. In production, their errors do
// not suggest names of the schema; SetDisableSuggestion takes care of two more
// rules.
func (g *Guard) rules() *rules.Rules {
	all := input.Rules()
	if !g.config.Production {
		return all
	}
	for loud, quiet := range map[string]core.Rule{
		rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		all.RemoveRule(loud)
		all.AddRule(quiet.Name, quiet.RuleFunc)
	}
	return all
}
