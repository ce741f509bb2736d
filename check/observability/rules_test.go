package observability

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"gopkg.in/yaml.v3"
)

// folder has what operators use.
var folder = filepath.Join("..", "..", "observability")

// staleNaN is the sample with which Prometheus ends a series.
var staleNaN = math.Float64frombits(value.StaleNaN)

// rule is an alert of observability/alerts.yml.
type rule struct {
	Alert       string
	Expr        string
	For         time.Duration
	Labels      struct{ Severity string }
	Annotations struct{ Summary, Description string }
}

func readRules(t *testing.T) (rules []rule) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	return rules
}

// fires reports whether an alert fires at the end of a history: it held for as long as it waits.
func (r rule) fires(h *history) bool {
	h.t.Helper()
	for at := h.now.Add(-r.For); !at.After(h.now); at = at.Add(scrapeEvery) {
		if len(h.ask(r.Expr, at)) == 0 {
			return false
		}
	}
	return true
}

// TestAlertsSayWhatToDo: whom to wake, what has happened and what to do.
func TestAlertsSayWhatToDo(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range readRules(t) {
		if seen[r.Alert] {
			t.Errorf("%s is there twice", r.Alert)
		}
		seen[r.Alert] = true
		if r.Labels.Severity != "critical" && r.Labels.Severity != "warning" {
			t.Errorf("%s has the severity %q", r.Alert, r.Labels.Severity)
		}
		if len(r.Annotations.Summary) < 20 || len(r.Annotations.Description) < 40 {
			t.Errorf("%s does not say what happened, and what to do", r.Alert)
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d alerts were read", len(seen))
	}
}
