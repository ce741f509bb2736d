// Package jetstream makes and finds the stream of the topic on a NATS server,
// which Dapr's component needs and does not make, and keeps leases there. It may import
// app, contract and lease.
package jetstream
