//go:build unix

package banktest_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"corebank/check/banktest"
	"corebank/internal/tracing"
)

// nowhere takes the spans of a batch and sends them nowhere.
type nowhere struct{}

func (nowhere) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (nowhere) Shutdown(context.Context) error                             { return nil }

// BenchmarkDepositTraced is a deposit in a bank within one process, with its request
// and its projection, by the processor time that it takes: without traces, with one
// in a hundred, and with all of them. Sidecars and immudb, which take most of a real
// deposit's time, are not in it.
func BenchmarkDepositTraced(b *testing.B) {
	for _, test := range []struct {
		name    string
		sampler sdktrace.Sampler
	}{{"off", nil}, {"1in100", sdktrace.TraceIDRatioBased(0.01)}, {"all", sdktrace.AlwaysSample()}} {
		b.Run(test.name, func(b *testing.B) {
			if test.sampler != nil {
				end := tracing.Use(sdktrace.NewBatchSpanProcessor(nowhere{}), test.sampler, nil)
				defer func() { _ = end(context.Background()) }()
			}
			bank := banktest.Start(b)
			id, began, n := bank.Open("ada"), processorTime(b), 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				bank.Deposit(id, "1.00", "EUR", fmt.Sprint("key-", n))
			}
			bank.Settle()
			b.ReportMetric(float64((processorTime(b)-began).Microseconds())/float64(n), "cpu-µs/op")
		})
	}
}

// processorTime is what this process has taken so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
