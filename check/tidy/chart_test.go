package tidy

import (
	"os"
	"path/filepath"
	"testing"

	"corebank/internal/golden"
)

// chartFiles are the files of the chart that are those of the repository: a chart has all
// that it is made of in its own folder.
var chartFiles = map[string]string{
	"nats.conf":     "components/containers/nats/nats.conf",
	"cluster.conf":  "components/containers/nats/cluster.conf",
	"pubsub.yaml":   "components/compose/pubsub.yaml",
	"livefeed.yaml": "components/compose/livefeed.yaml",
	"alerts.yml":    "observability/alerts.yml",
}

//go:generate env GENERATE=1 go test -count=1 -run TestTheChartHasTheFilesOfTheRepository .
func TestTheChartHasTheFilesOfTheRepository(t *testing.T) {
	for name, of := range chartFiles {
		want, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(of)))
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, filepath.Join(root, "charts", "corebank", "files", name), string(want))
	}
}
