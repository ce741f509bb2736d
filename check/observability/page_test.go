package observability

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"corebank/internal/golden"
)

func ours(metric string) bool { return strings.HasPrefix(metric, "corebank_") }

// mentions reports whether queries name a metric, or a series of a histogram.
func mentions(queries, metric string) bool {
	return regexp.MustCompile(`\b` + metric + `(_bucket|_sum|_count)?\b`).MatchString(queries)
}

// pageHead is the beginning of the page, with ' for the signs around code.
var pageHead = strings.ReplaceAll(`# Metrics and alerts

Each app shows Prometheus what it measures at '/metrics' of the address that '--metrics' gives it ('COREBANK_METRICS').
Without one it shows nothing. It is never the address of the API: give one that only those who watch the bank can reach.
'corebank up' uses loopback addresses and lists them in 'metrics.json' of its data, in the form of the file discovery of
Prometheus ('file_sd_configs'); 'docker compose' uses port 9464 of its containers, which it
does not publish.

The folder 'observability/' has an example for Prometheus, the alert rules, and dashboards for Grafana to import. Every
query in it is held to the metrics below by a test, and another makes every alert fire. The dashboards were not rendered
in Grafana: it is not to be had as a Go module, and no image of it could be had where they were made.

Names of accounts, people, operations and keys never become labels. The values of a label are words of the schema, codes
of the API, or what the operator has configured, so the number of series stays the same whatever clients send. Event
sources also have the label 'partition', 0 for the whole log. The figures of the audit come from the database of the
log, in which every complete audit saves its result, wherever it ran: so no file has to be passed on to Prometheus.

This page is made by 'go generate'.

## Alerts

| alert | severity | it means | what to do |
|---|---|---|---|
`, "'", "`")

// TestThePageOfMetricsIsFresh: docs/metrics.md has every alert and every metric.
func TestThePageOfMetricsIsFresh(t *testing.T) {
	var page strings.Builder
	page.WriteString(pageHead)
	for _, r := range readRules(t) {
		wait := ""
		if r.For > 0 {
			wait = fmt.Sprintf(" (for %.0f min)", r.For.Minutes())
		}
		fmt.Fprintf(&page, "| `%s` | %s%s | %s | %s |\n", r.Alert, r.Labels.Severity, wait, r.Annotations.Summary,
			r.Annotations.Description)
	}
	page.WriteString("\n## Metrics\n\nBeside these, each app has those of its process and of Go: " +
		"`process_*` and `go_*`.\n\n" +
		"| metric | kind | apps | labels | what it says |\n|---|---|---|---|---|\n")
	seen := make(map[string]bool)
	names := known(t)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		if !ours(f.name) || seen[f.name] {
			continue
		}
		seen[f.name] = true
		labels := slices.DeleteFunc(slices.Clone(f.labels), func(l string) bool { return l == "partition" })
		slices.Sort(f.apps)
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", f.name, f.kind, strings.Join(f.apps, ", "),
			strings.Join(labels, ", "), f.help)
	}
	golden.Check(t, filepath.Join("..", "..", "docs", "metrics.md"), page.String())
}
