// Package server is the GraphQL gateway app: it answers queries from the
// views, carries mutations to the account actors, and streams new
// transactions from the topic.
//
// It holds no truth. Commands that wait for the same account travel together
// and are tried again until their outcome is known or their time is up, which
// is safe because every command has an idempotency key. The package may import
// graph, bank, contract, view and app.
package server
