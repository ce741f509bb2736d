package chart

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

// alertsFile is the one place where the alerts are written down.
const alertsFile = root + "/observability/alerts.yml"

// withoutAlerts leaves the alerts out of what is made: golden files do not change with them.
func withoutAlerts(t *testing.T, made string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, "files", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	indented := "  " + strings.ReplaceAll(strings.TrimRight(string(text), "\n"), "\n", "\n  ")
	return strings.Replace(made, indented, "  # what observability/alerts.yml has", 1)
}

// TestTheAlertsAreThoseOfTheRepository: each alert of a bank on Kubernetes is one that a
// test has made fire.
func TestTheAlertsAreThoseOfTheRepository(t *testing.T) {
	made, err := render(t, readValues(t, "testdata/machines.values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	var want monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(text, &want); err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, o := range objects(t, made) {
		rule, is := o.value.(*monitoring.PrometheusRule)
		if !is {
			continue
		}
		rules++
		if !reflect.DeepEqual(rule.Spec, want) || len(want.Groups) == 0 || len(want.Groups[0].Rules) < 10 {
			t.Errorf("the alerts of the chart are not those of %s", alertsFile)
		}
		if rule.Labels["release"] != "prometheus" {
			t.Errorf("it has the labels %v, and no Prometheus would take it", rule.Labels)
		}
	}
	if rules != 1 {
		t.Errorf("there are %d objects with alerts", rules)
	}
}
