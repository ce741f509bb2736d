// Package ledger is a plain ledger in PostgreSQL behind HTTP, for comparison: a
// bank without events, actors and read models.
//
// It guarantees what the bank guarantees of a deposit. An acknowledged deposit is
// durable. The same idempotency key with the same request returns the first
// answer, with another request a conflict. No balance falls below zero, and a
// refused command leaves no trace. It has two forms: a transaction of four
// statements, as one would write it first, and a single statement, as fast as SQL
// can be.
//
// It may import app.
package ledger
