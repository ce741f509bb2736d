// Package metrics is how an app shows Prometheus what it measures: an address of its own for /metrics, beside the
// public one, and counters whose labels have a closed set of values.
//
// Whatever clients send, the number of series stays the same: a label value that is not in its set is counted as Other.
package metrics
