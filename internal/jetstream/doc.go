// Package jetstream makes and finds the stream of the topic on a NATS server,
// which Dapr's component needs and does not make. It may import app and contract.
package jetstream
