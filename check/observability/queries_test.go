package observability

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// checkQuery finds metrics and labels in a query that no app has.
func checkQuery(names map[string]family, query string) (problems []string) {
	parsed, err := parser.ParseExpr(query)
	if err != nil {
		return []string{err.Error()}
	}
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
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
	if len(checkQuery(names, `corebank_nothing_total`)) == 0 || len(checkQuery(names, `corebank_actors{x="y"}`)) == 0 ||
		len(checkQuery(names, `sum(`)) == 0 {
		t.Fatal("a wrong query passes")
	}
	for _, r := range readRules(t) {
		for _, problem := range checkQuery(names, r.Expr) {
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
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(text, &board); err != nil || board.UID == "" {
			t.Errorf("%s is not a dashboard: %v", file, err)
		}
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				queries++
				for _, problem := range checkQuery(names, strings.ReplaceAll(target.Expr, "$__rate_interval", "1m")) {
					t.Errorf("%s, %s: %s", file, panel.Title, problem)
				}
			}
		}
	}
	if queries < 40 {
		t.Errorf("only %d queries were checked", queries)
	}
}
