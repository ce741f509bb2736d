package metrics

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"corebank/internal/app"
)

// Path is where the metrics are.
const Path = "/metrics"

// Bounds of the endpoint.
const (
	headerTimeout = 5 * time.Second
	maxScrapes    = 4 // at a time
	scrapeTimeout = 10 * time.Second
)

// Config says where an app shows its metrics.
type Config struct {
	// Address is where /metrics is served, beside every other address of the app; "" for nowhere.
	Address string
	// Certificates are files with certificates, in PEM, whose ends are among the metrics.
	Certificates []string
}

// Endpoint shows what was registered.
type Endpoint struct {
	*prometheus.Registry
	labels prometheus.Registerer
	lis    net.Listener // nil without an address
}

// Open listens at the address, if there is one. Every metric has the labels.
func Open(c Config, labels prometheus.Labels) (*Endpoint, error) {
	e := New(c.Certificates, labels)
	if c.Address == "" {
		return e, nil
	}
	lis, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("--metrics %s: %w; give an address of its own, for example 127.0.0.1:0", c.Address, err)
	}
	e.lis = lis
	return e, nil
}

// New is an endpoint without an address. It has what every app measures: its process, its runtime, its build, and the
// ends of certificates.
func New(certificates []string, labels prometheus.Labels) *Endpoint {
	registry := prometheus.NewRegistry()
	e := &Endpoint{Registry: registry, labels: prometheus.WrapRegistererWith(labels, registry)}
	e.Add(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build())
	if len(certificates) > 0 {
		e.Add(newCertificates(certificates))
	}
	return e
}

// Add registers collectors. Two with the same metric are a mistake of this program.
func (e *Endpoint) Add(all ...prometheus.Collector) { e.labels.MustRegister(all...) }

// Serve serves the metrics until ctx ends.
func (e *Endpoint) Serve(ctx context.Context) error {
	if e.lis == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, promhttp.HandlerFor(e, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes,
		Timeout: scrapeTimeout, ErrorHandling: promhttp.ContinueOnError}))
	return app.ServeHTTP(ctx, e.lis, &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout,
		ReadTimeout: headerTimeout})
}

// build says which program runs.
func build() prometheus.Collector {
	version, revision := "unknown", "unknown"
	if info, known := debug.ReadBuildInfo(); known {
		version = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "corebank_build_info",
		Help:        "1, with the version of the program and the revision of its source.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision}}, func() float64 { return 1 })
}
