package tracing

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// environment answers for a test.
func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// TestTracesAreOffUnlessAskedFor, and what cannot be meant is refused at the start.
func TestTracesAreOffUnlessAskedFor(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	sampled := func(sampler, argument string) map[string]string {
		return map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_TRACES_SAMPLER": sampler,
			"OTEL_TRACES_SAMPLER_ARG": argument}
	}
	for what, test := range map[string]struct {
		values map[string]string
		on     bool
		fails  string
	}{
		"nothing":              {nil, false, ""},
		"a name alone":         {map[string]string{"OTEL_SERVICE_NAME": "bank"}, false, ""},
		"an address":           {map[string]string{endpoint: "http://127.0.0.1:1"}, true, ""},
		"an address of traces": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}, true, ""},
		"an exporter":          {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true, ""},
		"grpc": {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
			true, ""},
		"none":             {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, false, ""},
		"disabled":         {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, false, ""},
		"another exporter": {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, "want otlp or none"},
		"another protocol": {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
			false, "want http/protobuf or grpc"},
		"a sampler":         {sampled("often", ""), false, "want always_on"},
		"a ratio":           {sampled("traceidratio", "0.01"), true, ""},
		"a ratio per cent":  {sampled("traceidratio", "1%"), false, "such as 0.01"},
		"a ratio too large": {sampled("parentbased_traceidratio", "5"), false, "such as 0.01"},
	} {
		end, err := FromEnvironment(t.Context(), "server", "v1", environment(test.values))
		if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %v, want %q", what, err, test.fails)
		}
		if On() != test.on {
			t.Errorf("%s: on is %t", what, On())
		}
		if end != nil {
			end()
		}
		if On() {
			t.Fatalf("%s: it stays on", what)
		}
	}
}

// TestSpansArriveOverOTLP at a collector, with the name of the app.
func TestSpansArriveOverOTLP(t *testing.T) {
	bodies := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- r.URL.Path + " " + string(body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test-bed")
	end, err := FromEnvironment(context.Background(), "server", "v1.2.3",
		environment(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL}))
	if err != nil {
		t.Fatal(err)
	}
	Server.Root("", "", "mutation", Serving).End()
	end()
	got := <-bodies
	for _, want := range []string{"/v1/traces", "corebank-server", "v1.2.3", "mutation", "test-bed", "corebank/server"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in what arrived: %q", want, got)
		}
	}
}

// TestTheRatioDecidesAboutNewTracesOnly: about one in a hundred of them.
func TestTheRatioDecidesAboutNewTracesOnly(t *testing.T) {
	sampler, err := samplerOf("parentbased_traceidratio", "0.01")
	if err != nil {
		t.Fatal(err)
	}
	end := Use(discard{}, sampler, nil)
	defer func() { _ = end(context.Background()) }()
	sampled := 0
	for range 20_000 {
		if Server.Root("", "", "x", Serving).Sampled() {
			sampled++
		}
	}
	if sampled < 100 || sampled > 320 {
		t.Errorf("%d of 20000 are sampled", sampled)
	}
	for flag, want := range map[string]bool{"01": true, "00": false} {
		of := Server.Root("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"+flag, "", "x", Serving)
		if of.Sampled() != want {
			t.Errorf("with the flag %s it is sampled: %t", flag, of.Sampled())
		}
	}
}
