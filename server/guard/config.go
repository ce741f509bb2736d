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

// Config says how strict a guard is. Its zero value is for development: the
// default limits, no rates, introspection and suggestions.
type Config struct {
	Limits Limits
	Rates  Rates
	// Production tells strangers less: no introspection, no suggestions, no
	// GraphiQL.
	Production bool
	// Introspection allows introspection in production.
	Introspection bool
	// Trusted are documents that may be asked for by their hash.
	Trusted *Documents
	// TrustedOnly refuses all others.
	TrustedOnly bool
	// Hosts are the names, without ports, that the Host header may have besides
	// those of this machine; nil allows any.
	Hosts []string
	// Loopback allows this machine's own names only, and Hosts.
	Loopback bool
	// Caller names who asks; nil is one caller for all.
	Caller func(context.Context) string
}

// Bounds of what is kept of documents.
const (
	documentsKept  = 1000
	documentsBytes = 4 << 20 // of their texts; parsed, they are some ten times as large
	automaticKept  = 1000
	automaticBytes = 4 << 20
)

// Guard keeps the limits of one gateway.
type Guard struct {
	config     Config
	limits     Limits
	principals *buckets
	addresses  *buckets
	parsed     *cache[*ast.QueryDocument]
	automatic  extension.AutomaticPersistedQuery
	prices     prices
}

// New is a guard that nobody has passed yet.
func New(config Config) *Guard {
	limits := config.Limits.orDefault()
	if config.Caller == nil {
		config.Caller = func(context.Context) string { return "" }
	}
	return &Guard{
		config: config, limits: limits,
		principals: newBuckets(config.Rates.PerPrincipal, limits.Cost),
		addresses:  newBuckets(config.Rates.PerAddress, limits.Cost),
		parsed:     newCache(documentsKept, documentsBytes, func(text string, _ *ast.QueryDocument) int { return len(text) }),
		automatic: extension.AutomaticPersistedQuery{Cache: newCache(automaticKept, automaticBytes,
			func(hash, text string) int { return len(hash) + len(text) })},
	}
}

// Protect has a GraphQL server pass everything through the guard. Call it
// before other extensions are used, so that the guard is the first to look.
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

// rules are what documents are validated by. In production, their errors suggest
// no names of the schema; the two rules that SetDisableSuggestion minds are left
// to it.
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
