// Package server is the GraphQL gateway app: it answers queries from the views,
// sends mutations to the account actors, and streams new transactions from the
// topic to subscribers.
//
// It has no state of its own that matters. Commands that wait for the same
// account share a call and are retried until their outcome is known or their
// time is up, which is safe because every command has an idempotency key. The package may import
// graph, bank, contract, view and app.
package server
