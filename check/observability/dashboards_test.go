package observability

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"corebank/internal/golden"
)

//go:generate env GENERATE=1 go test -count=1 -run "^(TestDashboards|TestThePageOfMetrics)" .

// dashboard is one of Grafana's.
type dashboard struct {
	file, title string
	panels      []panel
}

// panel is a diagram with one line for each series of its queries.
type panel struct {
	title, unit, about string
	queries            []query
}

type query struct{ expr, legend string }

func panelOf(title, unit, about string, queries ...query) panel {
	return panel{title, unit, about, queries}
}

// quantiles are the median and the 99th percentile of a histogram, by some labels.
func quantiles(metric, by, legend string) []query {
	of := func(quantile string) string {
		sum := "sum by (le) "
		if by != "" {
			sum = "sum by (le, " + by + ") "
		}
		return "histogram_quantile(" + quantile + ", " + sum + "(rate(" + metric + "_bucket[$__rate_interval])))"
	}
	return []query{{of("0.5"), legend + " p50"}, {of("0.99"), legend + " p99"}}
}

func rate(metric, by string) string {
	return "sum by (" + by + ") (rate(" + metric + "[$__rate_interval]))"
}

// dashboards are all of them: an overview, and one for each part of the bank.
func dashboards() []dashboard {
	return []dashboard{
		{"overview", "corebank: overview", []panel{
			panelOf("Commands", "ops", "What became of the commands of mutations.",
				query{rate("corebank_graphql_commands_total", "status"), "{{status}}"}),
			panelOf("Time of a deposit", "s", "As the gateway measures it.",
				quantiles(`corebank_graphql_seconds`, "kind", "{{kind}}")...),
			panelOf("Errors", "ops", "By code, without refusals.",
				query{rate("corebank_graphql_errors_total", "code"), "{{code}}"},
				query{rate("corebank_graphql_rejected_total", "code"), "rejected: {{code}}"}),
			panelOf("Events in the log", "none", "How far the log is, and who has not seen all of it.",
				query{`max(corebank_log_head_position{partition="0"})`, "log"},
				query{"max(corebank_views_position)", "views"},
				query{"max(corebank_relay_position)", "broker"}, query{"min(corebank_feed_position)", "subscribers"}),
			panelOf("Who writes the log", "none", "1 for the event source that holds it.",
				query{"corebank_log_held", "{{instance}}, partition {{partition}}"}),
			panelOf("Last audit", "s", "How long ago it began; findings must be 0.",
				query{"time() - max(corebank_audit_timestamp_seconds)", "age"},
				query{"max(corebank_audit_findings)", "findings"}),
			panelOf("Disk of the log", "bytes", "Below the floor, commands are refused.",
				query{"corebank_disk_free_bytes", "free, partition {{partition}}"},
				query{"corebank_disk_floor_bytes", "floor, partition {{partition}}"}),
			panelOf("Certificates", "s", "How long each is still valid.",
				query{"corebank_certificate_end_timestamp_seconds - time()", "{{file}}"}),
		}},
		{"bank", "corebank: the bank", []panel{
			panelOf("Rate by field", "ops", "Queries and mutations.",
				query{rate("corebank_graphql_seconds_count", "field"), "{{field}}"}),
			panelOf("Time by field", "s", "", quantiles("corebank_graphql_seconds", "field", "{{field}}")...),
			panelOf("Refusals", "ops", "By the first broken rule.",
				query{rate("corebank_graphql_refusals_total", "code"), "{{code}}"}),
			panelOf("Errors by field", "ops", "",
				query{rate("corebank_graphql_errors_total", "field, code"), "{{field}} {{code}}"}),
			panelOf("Commands of actors", "ops", "The bank's own included.",
				query{rate("corebank_commands_total", "command, status"), "{{command}} {{status}}"}),
			panelOf("Refusals of actors", "ops", "", query{rate("corebank_refusals_total", "code"), "{{code}}"}),
			panelOf("Turns", "s", "A turn decides the commands that wait for one account.",
				quantiles("corebank_turn_seconds", "", "turn")...),
			panelOf("Commands in a turn", "none", "", quantiles("corebank_turn_commands", "", "commands")...),
			panelOf("Actors in memory", "none", "", query{"corebank_actors", "{{instance}}"},
				query{"corebank_actors_limit", "limit of {{instance}}"}),
			panelOf("Open transfers and holds", "none", "", query{"max(corebank_transfers_open)", "transfers"},
				query{"max(corebank_holds_open)", "holds"}),
			panelOf("Transfers follow the log", "none", "A host that has caught up completes transfers.",
				query{"corebank_transfers_caught_up", "{{instance}} acts"},
				query{`max(corebank_log_head_position{partition="0"}) - min(corebank_transfers_position)`, "behind"}),
			panelOf("Snapshots", "ops", "", query{rate("corebank_snapshots_total", "result"), "{{result}}"},
				query{"corebank_snapshots_waiting", "waiting at {{instance}}"}),
		}},
		{"log", "corebank: the log", []panel{
			panelOf("Events", "ops", "", query{rate("corebank_commit_records_sum", "partition"), "partition {{partition}}"}),
			panelOf("Appends", "ops", "", query{rate("corebank_appends_total", "status"), "{{status}}"}),
			panelOf("Commits", "ops", "", query{rate("corebank_commits_total", "result"), "{{result}}"}),
			panelOf("Time of a commit", "s", "", quantiles("corebank_commit_seconds", "", "commit")...),
			panelOf("Wait for a commit", "s", "", quantiles("corebank_append_wait_seconds", "", "wait")...),
			panelOf("Events in a commit", "none", "", quantiles("corebank_commit_records", "", "events")...),
			panelOf("Appends in a commit", "none", "", quantiles("corebank_commit_appends", "", "appends")...),
			panelOf("Appends that wait", "none", "", query{"corebank_appends_waiting", "partition {{partition}}"},
				query{"corebank_appends_waiting_limit", "limit"}),
			panelOf("Epoch", "none", "It rises with each takeover.", query{"corebank_log_epoch", "{{instance}}"},
				query{"corebank_log_halted", "halted: {{instance}}"}),
			panelOf("Relay", "none", "Events that are not published yet.", query{"corebank_relay_lag_records", "behind"},
				query{rate("corebank_relay_messages_total", "app"), "messages"},
				query{rate("corebank_relay_failures_total", "app"), "failures"}),
			panelOf("Time to publish", "s", "", quantiles("corebank_relay_publish_seconds", "", "publish")...),
			panelOf("Partitions", "none", "Events without a position in the whole log yet.",
				query{"corebank_sequencer_lag_records", "partition {{of}}"},
				query{"corebank_sequencer_partition_unreadable", "unreadable: {{of}}"}),
			panelOf("Audit", "none", "", query{"max(corebank_audit_position)", "audited up to"},
				query{"min(corebank_audit_ok)", "nothing wrong"}),
		}},
		{"views", "corebank: views and subscribers", []panel{
			panelOf("Events behind", "none", "", query{"corebank_views_lag_records", "{{instance}}"},
				query{"corebank_views_head_position - corebank_views_position", "as heard by {{instance}}"}),
			panelOf("From decision to view", "s", "", quantiles("corebank_views_delay_seconds", "", "delay")...),
			panelOf("Time of a change", "s", "", quantiles("corebank_views_apply_seconds", "", "change")...),
			panelOf("Events", "ops", "", query{rate("corebank_views_records_total", "instance"), "{{instance}}"}),
			panelOf("State", "none", "", query{"corebank_views_failing", "failing: {{instance}}"},
				query{"corebank_views_rebuilding", "rebuilding: {{instance}}"},
				query{"corebank_views_quarantined_total", "quarantined by {{instance}}"}),
			panelOf("Subscriptions", "none", "", query{"corebank_subscriptions", "{{instance}}"},
				query{"corebank_subscriptions_limit", "limit"},
				query{rate("corebank_subscriptions_started_total", "instance"), "started at {{instance}}"}),
			panelOf("Delivered", "ops", "", query{rate("corebank_subscription_items_total", "instance"), "{{instance}}"}),
			panelOf("Ended by the gateway", "ops", "",
				query{rate("corebank_subscriptions_ended_total", "reason"), "{{reason}}"}),
			panelOf("The slowest subscriber", "none", "Items that wait for it.",
				query{"corebank_feed_waiting_items", "{{instance}}"}, query{"corebank_feed_waiting_items_limit", "limit"}),
			panelOf("Connections", "none", "", query{"corebank_connections", "{{kind}} at {{instance}}"},
				query{"corebank_connections_limit", "limit of {{kind}}"}),
		}},
		{"runtime", "corebank: processes", []panel{
			panelOf("Processor", "none", "Cores in use.", query{rate("process_cpu_seconds_total", "app"), "{{app}}"}),
			panelOf("Memory", "bytes", "", query{"process_resident_memory_bytes", "{{app}}"},
				query{"go_memstats_heap_inuse_bytes", "heap of {{app}}"}),
			panelOf("Goroutines", "none", "", query{"go_goroutines", "{{app}}"}),
			panelOf("Garbage collection", "s", "", query{"rate(go_gc_duration_seconds_sum[$__rate_interval])", "{{app}}"}),
			panelOf("Open files", "none", "", query{"process_open_fds", "{{app}}"},
				query{"process_max_fds", "limit of {{app}}"}),
			panelOf("Caches", "percentunit", "How often each has what is looked for.",
				query{rate("corebank_cache_hits_total", "cache") + " / (" + rate("corebank_cache_hits_total", "cache") + " + " +
					rate("corebank_cache_misses_total", "cache") + ")", "{{cache}}"}),
			panelOf("Since the start", "s", "", query{"time() - process_start_time_seconds", "{{app}} {{instance}}"}),
			panelOf("Builds", "none", "", query{"count by (app, version, revision) (corebank_build_info)",
				"{{app}} {{version}} {{revision}}"}),
		}},
	}
}

// object is one of JSON.
type object = map[string]any

// json is the dashboard as Grafana imports it: two panels in a row.
func (d dashboard) json() object {
	source := object{"type": "prometheus", "uid": "${source}"}
	var panels []object
	for i, p := range d.panels {
		var targets []object
		for j, q := range p.queries {
			targets = append(targets, object{"refId": string(rune('A' + j)), "datasource": source, "expr": q.expr,
				"legendFormat": q.legend})
		}
		panels = append(panels, object{"id": i + 1, "type": "timeseries", "title": p.title, "description": p.about,
			"datasource": source, "targets": targets, "gridPos": object{"h": 8, "w": 12, "x": i % 2 * 12, "y": i / 2 * 8},
			"fieldConfig": object{"defaults": object{"unit": p.unit, "min": 0}, "overrides": []object{}},
			"options":     object{"legend": object{"displayMode": "list", "placement": "bottom"}}})
	}
	return object{"uid": "corebank-" + d.file, "title": d.title, "tags": []string{"corebank"}, "schemaVersion": 39,
		"editable": true, "refresh": "30s", "time": object{"from": "now-1h", "to": "now"}, "panels": panels,
		"templating": object{"list": []object{{"name": "source", "label": "Prometheus", "type": "datasource",
			"query": "prometheus"}}}}
}

// TestDashboardsAreFresh: the files are what the list above says.
func TestDashboardsAreFresh(t *testing.T) {
	for _, d := range dashboards() {
		text, err := json.MarshalIndent(d.json(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, filepath.Join(folder, "dashboards", d.file+".json"), string(text)+"\n")
	}
}

// TestEveryMetricIsOnADashboard: one that no one looks at is not worth its series.
func TestEveryMetricIsOnADashboard(t *testing.T) {
	var shown string
	for _, d := range dashboards() {
		for _, p := range d.panels {
			for _, q := range p.queries {
				shown += " " + q.expr
			}
		}
	}
	for _, r := range readRules(t) {
		shown += " " + r.Expr
	}
	for _, f := range known(t) {
		if ours(f.name) && !mentions(shown, f.name) {
			t.Errorf("%s is neither on a dashboard nor in an alert", f.name)
		}
	}
}
