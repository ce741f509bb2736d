package server

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"

	"corebank/graph"
	"corebank/graph/generated"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/metrics"
	"corebank/server/connlimit"
	"corebank/server/guard"
	"corebank/server/overhttp"
	"corebank/server/socket"
)

// Metrics is what a gateway counts. Every label value is a word of the schema, or a code of the API: what clients call
// their operations, and what they send, never becomes one.
type Metrics struct {
	fields   map[*ast.FieldDefinition]*fieldMetrics
	others   map[ast.Operation]*fieldMetrics // introspection
	seconds  *prometheus.HistogramVec
	errors   *prometheus.CounterVec
	refused  *metrics.Counters[string] // requests without an operation
	commands *metrics.Table[string, contract.Status]
	refusals *metrics.Table[string, bank.Code]

	streams, pending, connections atomic.Pointer[connlimit.Limiter]
}

// fieldMetrics are those of one field of Query, Mutation or Subscription.
type fieldMetrics struct {
	seconds prometheus.Observer // nil for a subscription, which lasts as long as its client wants
	errors  *metrics.Counters[string]
}

// errorCodes are those that an answer may have, guard's and transports' included.
func errorCodes() []string {
	return slices.Concat(graph.ErrorCodes(), guard.Codes(), overhttp.Codes(),
		[]string{errcode.ParseFailed, errcode.ValidationFailed, socket.CodeTooManyOperations})
}

// NewMetrics makes the counters of a gateway.
func NewMetrics() *Metrics {
	m := &Metrics{fields: make(map[*ast.FieldDefinition]*fieldMetrics), others: make(map[ast.Operation]*fieldMetrics),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "corebank_graphql_seconds",
			Help: "How long queries and mutations take, by each field that they ask for.", Buckets: metrics.Seconds()},
			[]string{"kind", "field"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "corebank_graphql_errors_total",
			Help: "Errors of fields, by their code. A refusal is none."}, []string{"kind", "field", "code"}),
		refused: metrics.NewCounters("corebank_graphql_rejected_total",
			"Requests and connections that were rejected as a whole, also unread, and subscriptions that ended with an error, "+
				"by its code.", "code", errorCodes())}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for kind, root := range map[ast.Operation]*ast.Definition{
		ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription,
	} {
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				m.fields[field] = m.field(kind, field.Name)
			}
		}
		m.others[kind] = m.field(kind, metrics.Other)
	}
	mutations, codes := fieldNames(schema.Mutation), refusalCodes()
	m.commands = metrics.NewTable("corebank_graphql_commands_total",
		"Commands of mutations, without dry runs, by what became of them.", [2]string{"field", "status"}, mutations,
		contract.Statuses())
	m.refusals = metrics.NewTable("corebank_graphql_refusals_total",
		"Commands of mutations that were refused, without dry runs, by the first broken rule.",
		[2]string{"field", "code"}, mutations, codes)
	return m
}

func (m *Metrics) field(kind ast.Operation, name string) *fieldMetrics {
	of := prometheus.Labels{"kind": string(kind), "field": name}
	f := &fieldMetrics{errors: metrics.CurryCounters(m.errors, of, "code", graph.ErrorCodes())}
	if kind != ast.Subscription {
		f.seconds = m.seconds.With(of)
	}
	return f
}

func fieldNames(of *ast.Definition) (names []string) {
	for _, field := range of.Fields {
		names = append(names, field.Name)
	}
	return names
}

func refusalCodes() (codes []bank.Code) {
	for _, c := range bank.Codes() {
		codes = append(codes, c.Code)
	}
	return codes
}

// Collectors are what Prometheus shows.
func (m *Metrics) Collectors() []prometheus.Collector {
	all := []prometheus.Collector{m.seconds, m.errors, m.refused, m.commands, m.refusals}
	for kind, limiter := range map[string]*atomic.Pointer[connlimit.Limiter]{
		"all": &m.connections, "stream": &m.streams, "unauthenticated": &m.pending,
	} {
		gauge := func(name, help string, read func(*connlimit.Limiter) int) prometheus.Collector {
			return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help,
				ConstLabels: prometheus.Labels{"kind": kind}}, func() float64 {
				if l := limiter.Load(); l != nil {
					return float64(read(l))
				}
				return 0
			})
		}
		all = append(all,
			gauge("corebank_connections", "Open connections: all, those of websockets and event streams, and websockets "+
				"without a token yet.", (*connlimit.Limiter).Open),
			gauge("corebank_connections_limit", "How many of them may be open.", (*connlimit.Limiter).Max))
	}
	return all
}

// rejected counts a request that was refused before its operation was known.
func (m *Metrics) rejected(code string) { m.refused.Of(code).Inc() }

// answered counts an answer. It runs for each deposit, and allocates nothing.
func (m *Metrics) answered(operation *graphql.OperationContext, answer *graphql.Response) {
	if operation.Operation == nil || answer.Data == nil { // it did not run
		for _, e := range answer.Errors {
			m.refused.Of(codeOf(e.Extensions)).Inc()
		}
		return
	}
	if operation.Operation.Operation != ast.Subscription {
		m.observe(operation, operation.Operation.SelectionSet, time.Since(operation.Stats.OperationStart).Seconds())
	}
	for _, e := range answer.Errors {
		if field := m.fieldAt(operation, e.Path); field != nil {
			field.errors.Of(codeOf(e.Extensions)).Inc()
		} else {
			m.refused.Of(codeOf(e.Extensions)).Inc()
		}
	}
}

// observe counts the time of an operation for each field that it asks for. The guard has bounded how many there are.
func (m *Metrics) observe(operation *graphql.OperationContext, selections ast.SelectionSet, seconds float64) {
	for _, selection := range selections {
		switch at := selection.(type) {
		case *ast.Field:
			m.of(operation, at).seconds.Observe(seconds)
		case *ast.InlineFragment:
			m.observe(operation, at.SelectionSet, seconds)
		case *ast.FragmentSpread:
			if at.Definition != nil {
				m.observe(operation, at.Definition.SelectionSet, seconds)
			}
		}
	}
}

func (m *Metrics) of(operation *graphql.OperationContext, field *ast.Field) *fieldMetrics {
	if known := m.fields[field.Definition]; known != nil {
		return known
	}
	return m.others[operation.Operation.Operation]
}

// fieldAt is the field that a path of an answer leads to; nil for none.
func (m *Metrics) fieldAt(operation *graphql.OperationContext, path ast.Path) *fieldMetrics {
	if len(path) == 0 {
		return nil
	}
	alias, _ := path[0].(ast.PathName)
	if field := fieldCalled(operation.Operation.SelectionSet, string(alias)); field != nil {
		return m.of(operation, field)
	}
	return nil
}

func fieldCalled(selections ast.SelectionSet, alias string) (found *ast.Field) {
	for _, selection := range selections {
		switch at := selection.(type) {
		case *ast.Field:
			if at.Alias == alias {
				return at
			}
		case *ast.InlineFragment:
			found = fieldCalled(at.SelectionSet, alias)
		case *ast.FragmentSpread:
			if at.Definition != nil {
				found = fieldCalled(at.Definition.SelectionSet, alias)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

func codeOf(extensions map[string]any) string {
	code, _ := extensions["code"].(string)
	return code
}

// decided counts what became of a command of a mutation.
func (m *Metrics) decided(ctx context.Context, outcome contract.Outcome) {
	field := metrics.Other
	if at := graphql.GetFieldContext(ctx); at != nil {
		field = at.Field.Name
	}
	m.commands.Row(field).Of(outcome.Status).Inc()
	if outcome.Refusal != nil {
		m.refusals.Row(field).Of(outcome.Refusal.Code).Inc()
	}
}
