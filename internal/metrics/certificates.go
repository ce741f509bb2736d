package metrics

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// certificates reads the ends of certificates whenever Prometheus asks: a file is often replaced while an app runs.
type certificates struct {
	files         []string
	end, readable *prometheus.Desc
}

func newCertificates(files []string) *certificates {
	files = slices.Compact(slices.Sorted(slices.Values(files)))
	return &certificates{files: files,
		end: prometheus.NewDesc("corebank_certificate_end_timestamp_seconds",
			"When the first of the certificates in a file ends.", []string{"file"}, nil),
		readable: prometheus.NewDesc("corebank_certificate_readable",
			"1 if the certificates in a file can be read.", []string{"file"}, nil)}
}

// Describe implements prometheus.Collector.
func (c *certificates) Describe(to chan<- *prometheus.Desc) { to <- c.end; to <- c.readable }

// Collect implements prometheus.Collector.
func (c *certificates) Collect(to chan<- prometheus.Metric) {
	for _, file := range c.files {
		end, err := firstEnd(file)
		to <- prometheus.MustNewConstMetric(c.readable, prometheus.GaugeValue, Bool(err == nil), file)
		if err != nil {
			slog.Warn("the end of a certificate is not known", "file", file, "error", err)
			continue
		}
		to <- prometheus.MustNewConstMetric(c.end, prometheus.GaugeValue, float64(end.Unix()), file)
	}
}

// firstEnd is when the first of a file's certificates ends: a chain is as good as that.
func firstEnd(file string) (first time.Time, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return first, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return first, err
		}
		if first.IsZero() || certificate.NotAfter.Before(first) {
			first = certificate.NotAfter
		}
	}
	if first.IsZero() {
		return first, errors.New("it has no certificate in PEM")
	}
	return first, nil
}
