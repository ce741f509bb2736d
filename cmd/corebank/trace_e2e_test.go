package main_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spanBox is a collector of OpenTelemetry.
type spanBox struct {
	*httptest.Server
	mu    sync.Mutex
	spans []receivedSpan
}

// receivedSpan is a span with the service that it is of.
type receivedSpan struct{ service, name, trace, id, parent string }

func newSpanBox(t *testing.T) *spanBox {
	box := &spanBox{}
	box.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &request) != nil {
			t.Errorf("%s is no OTLP: %v", r.URL, err)
		}
		box.take(&request)
	}))
	t.Cleanup(box.Close)
	return box
}

func (b *spanBox) take(request *collector.ExportTraceServiceRequest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, of := range request.ResourceSpans {
		service := ""
		for _, a := range of.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range of.ScopeSpans {
			for _, s := range scope.Spans {
				b.spans = append(b.spans, receivedSpan{service, s.Name, hex.EncodeToString(s.TraceId),
					hex.EncodeToString(s.SpanId), hex.EncodeToString(s.ParentSpanId)})
			}
		}
	}
}

// path are the spans of a trace, each as its service and name below its parent's.
func (b *spanBox) path(trace string) (paths []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	byID := make(map[string]receivedSpan)
	for _, s := range b.spans {
		if s.trace == trace {
			byID[s.id] = s
		}
	}
	for _, s := range byID {
		path := strings.TrimPrefix(s.service, "corebank-") + ":" + s.name
		for above, known := byID[s.parent]; known; above, known = byID[above.parent] {
			path = strings.TrimPrefix(above.service, "corebank-") + ":" + above.name + " > " + path
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// TestADepositIsOneTraceOverSidecars: what the apps say to each other through Dapr and
// the broker carries the trace, and all that they log is JSON.
func TestADepositIsOneTraceOverSidecars(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole bank")
	}
	box, data := newSpanBox(t), t.TempDir()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", box.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
	bank := up(t, data, coldStart, "--log-format=json")
	account := bank.Open("ada")
	phone := bank.Dial()
	phone.Subscribe(account, nil)
	bank.Deposit(account, "1.00", "EUR", "first")
	phone.Received()
	text, err := json.Marshal(map[string]any{
		"query": `mutation($in: DepositInput!) { deposit(input: $in) { userErrors { message } } }`,
		"variables": map[string]any{"in": map[string]any{"accountId": account, "idempotencyKey": "second",
			"amount": map[string]any{"value": "2.00", "currency": "EUR"}}}})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, bank.URL+"/graphql",
		strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + bank.Token}}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	phone.Received()
	const turn = "server:POST /graphql > server:mutation > server:account/execute > actor:account/execute"
	const appended = turn + " > actor:eventsource/append > eventsource:eventsource/append"
	const published = appended + " > eventsource:publish corebank-events"
	want := []string{"server:POST /graphql", "server:POST /graphql > server:mutation",
		"server:POST /graphql > server:mutation > server:account/execute", turn, turn + " > actor:decide",
		turn + " > actor:eventsource/append", appended, appended + " > eventsource:commit", published,
		published + " > projector:project corebank-events", published + " > server:deliver corebank-events"}
	slices.Sort(want)
	deadline := time.After(warmStart)
	trace := answer.Header.Get("X-Request-Id")
	for got := box.path(trace); !slices.Equal(got, want); got = box.path(trace) {
		select {
		case <-deadline:
			t.Fatalf("the trace is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		case <-time.After(20 * time.Millisecond):
		}
	}
	bank.stop()
	linesAreJSON(t, filepath.Join(data, "logs"), "server", "actor", "eventsource", "projector", "server-sidecar")
}

// linesAreJSON checks the log of each part.
func linesAreJSON(t *testing.T, logs string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		file, err := os.Open(filepath.Join(logs, part+".log"))
		if err != nil {
			t.Error(err)
			continue
		}
		defer file.Close()
		lines := 0
		for scan := bufio.NewScanner(file); scan.Scan(); lines++ {
			if started := "--- " + part + " is started"; !json.Valid(scan.Bytes()) &&
				!strings.HasPrefix(scan.Text(), started) { // which corebank up writes
				t.Errorf("%s has logged: %s", part, scan.Text())
			}
		}
		if lines < 2 && strings.HasSuffix(part, "sidecar") {
			t.Errorf("%s has logged nothing", part)
		}
	}
}
