package server_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestThePublicAuditsPass runs the public suite itself, independently of our table.
// It needs node and the suite; .ci/run installs both.
func TestThePublicAuditsPass(t *testing.T) {
	const folder = "testdata/audits"
	missing := t.Skip
	if os.Getenv("CI") == "true" {
		missing = t.Fatal
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("node is not there: install Node.js 20 or later")
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "graphql-http")); err != nil {
		missing("the suite is not there: run npm install --no-package-lock --prefix server/" + folder)
	}
	gateway := counter(t)
	command := exec.CommandContext(t.Context(), node, "audit.js", gateway.URL+"/graphql")
	command.Dir = folder
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	var results []struct{ ID, Name, Status, Reason string }
	if err := json.Unmarshal(output, &results); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	ours := make(map[string]bool)
	for _, a := range audits() {
		ours[a.id] = true
	}
	for _, r := range results {
		if r.Status != "ok" {
			t.Errorf("%s %s: %s, %s", r.ID, r.Name, r.Status, r.Reason)
		}
		if !ours[r.ID] {
			t.Errorf("%s is not in our table", r.ID)
		}
	}
	if len(results) != len(ours) {
		t.Errorf("the suite has %d audits, our table %d", len(results), len(ours))
	}
}
