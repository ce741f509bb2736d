package observability

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql/parser"

	"corebank/check/banktest"
	"corebank/eventsource"
	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/lease"
	"corebank/internal/metrics"
)

// known is every metric of the apps, by the name of each of its series.
func known(t *testing.T) map[string]family {
	t.Helper()
	b := banktest.Start(t)
	cuts := storage.NewMemorySequenceLog().Open()
	merged := sequencer.New(cuts, make([]sequencer.PartitionLog, 1), quiet)
	relay := eventsource.NewRelay(merged, merged, nil, quiet)
	apps := append(all(b), endpoint(contract.AppEventSource, eventsource.SequencerMetrics(merged, relay, none)),
		endpoint(contract.AppEventSource, lease.New(nil, "", quiet).Metrics(),
			[]prometheus.Collector{eventsource.CopyMetrics(func() []immudb.CopyState {
				return []immudb.CopyState{{Address: "a:3322", Present: true}}
			})}),
		endpoint(contract.AppProjector, lease.New(nil, "", quiet).Metrics()),
		metrics.New([]string{certificate(t, time.Now())}, prometheus.Labels{"app": contract.AppEventSource}))
	names := make(map[string]family)
	for _, app := range apps {
		families, err := app.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			one := family{name: f.GetName(), kind: strings.ToLower(f.GetType().String()), help: f.GetHelp()}
			for _, pair := range f.Metric[0].Label {
				if pair.GetName() == "app" {
					one.app = pair.GetValue()
				} else {
					one.labels = append(one.labels, pair.GetName())
				}
			}
			for _, suffix := range suffixes(one.kind) {
				of := names[one.name+suffix]
				one.labels = slices.Compact(slices.Sorted(slices.Values(append(one.labels, of.labels...))))
				if one.apps = of.apps; !slices.Contains(one.apps, one.app) {
					one.apps = append(one.apps, one.app)
				}
				names[one.name+suffix] = one
			}
		}
	}
	return names
}

// family is a metric.
type family struct {
	name, kind, help, app string
	labels, apps          []string
}

func suffixes(kind string) []string {
	switch kind {
	case "histogram":
		return []string{"_bucket", "_sum", "_count"}
	case "summary":
		return []string{"", "_sum", "_count"}
	}
	return []string{""}
}

// labelsIn are the labels that the metrics of a part of a query have.
func labelsIn(names map[string]family, part parser.Node) []string {
	all := []string{"app", "instance", "job", "le"}
	parser.Inspect(part, func(n parser.Node, _ []parser.Node) error {
		if selector, is := n.(*parser.VectorSelector); is {
			all = append(all, names[selector.Name].labels...)
		}
		return nil
	})
	return all
}

// labelsOf are the labels of the series that a query results in.
func labelsOf(names map[string]family, query parser.Expr) []string {
	switch e := query.(type) {
	case *parser.AggregateExpr:
		if !e.Without {
			return e.Grouping
		}
	case *parser.ParenExpr:
		return labelsOf(names, e.Expr)
	case *parser.BinaryExpr:
		if e.LHS.Type() == parser.ValueTypeVector {
			return labelsOf(names, e.LHS)
		}
		return labelsOf(names, e.RHS)
	case *parser.Call:
		if len(e.Args) > 0 {
			return labelsOf(names, e.Args[len(e.Args)-1]) // of those that are used here, the last has the series
		}
	}
	return labelsIn(names, query)
}

var inLegend = regexp.MustCompile(`{{\s*(\w+)\s*}}`)

// checkQuery finds metrics and labels in a query, and labels in its legend, that no app has.
func checkQuery(names map[string]family, query, legend string) (problems []string) {
	parsed, err := parser.ParseExpr(query)
	if err != nil {
		return []string{err.Error()}
	}
	unknown := func(where string, wanted, have []string) {
		for _, label := range wanted {
			if !slices.Contains(have, label) {
				problems = append(problems, fmt.Sprintf("%s: there is no label %s", where, label))
			}
		}
	}
	for _, label := range inLegend.FindAllStringSubmatch(legend, -1) {
		unknown(legend, label[1:], labelsOf(names, parsed))
	}
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		switch e := n.(type) {
		case *parser.AggregateExpr:
			unknown(e.String(), e.Grouping, labelsIn(names, e.Expr))
		case *parser.BinaryExpr:
			if e.VectorMatching != nil {
				unknown(e.String(), e.VectorMatching.MatchingLabels, labelsIn(names, e))
			}
		}
		selector, is := n.(*parser.VectorSelector)
		if !is {
			return nil
		}
		of, exists := names[selector.Name]
		if !exists {
			problems = append(problems, "no app has "+selector.Name)
			return nil
		}
		for _, m := range selector.LabelMatchers {
			if m.Name != "__name__" && m.Name != "app" && m.Name != "instance" && !slices.Contains(of.labels, m.Name) {
				problems = append(problems, fmt.Sprintf("%s has no label %s", selector.Name, m.Name))
			}
		}
		return nil
	})
	return problems
}

// TestEveryQueryAsksForWhatThereIs: of the alerts and of every panel of every dashboard.
func TestEveryQueryAsksForWhatThereIs(t *testing.T) {
	names := known(t)
	for wrong, legend := range map[string]string{`corebank_nothing_total`: "", `corebank_actors{x="y"}`: "", `sum(`: "",
		`sum by (x) (corebank_actors)`: "", `corebank_actors / on (x) corebank_actors_limit`: "",
		`sum by (app) (rate(corebank_actors[1m]))`: "{{instance}}", `1 - corebank_actors`: "{{x}}"} {
		if len(checkQuery(names, wrong, legend)) == 0 {
			t.Errorf("%s with the legend %q passes", wrong, legend)
		}
	}
	for _, r := range readRules(t) {
		for _, problem := range checkQuery(names, r.Expr, r.Annotations.Summary+r.Annotations.Description) {
			t.Errorf("%s: %s", r.Alert, problem)
		}
	}
	files, err := fs.Glob(os.DirFS(filepath.Join(folder, "dashboards")), "*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d dashboards: %v", len(files), err)
	}
	queries := 0
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(folder, "dashboards", file))
		if err != nil {
			t.Fatal(err)
		}
		var board struct {
			UID    string
			Panels []struct {
				Title   string
				Targets []struct{ Expr, LegendFormat string }
			}
		}
		if err := json.Unmarshal(text, &board); err != nil || board.UID == "" {
			t.Errorf("%s is not a dashboard: %v", file, err)
		}
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				queries++
				query := strings.ReplaceAll(target.Expr, "$__rate_interval", "1m")
				for _, problem := range checkQuery(names, query, target.LegendFormat) {
					t.Errorf("%s, %s: %s", file, panel.Title, problem)
				}
			}
		}
	}
	if queries < 40 {
		t.Errorf("only %d queries were checked", queries)
	}
}
