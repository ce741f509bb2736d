// Package ledger is a plain ledger in PostgreSQL behind HTTP: what a bank
// without events, actors and read models would be, as something to compare with.
//
// It promises what the bank promises of a deposit: when it is acknowledged it is
// durable; the same idempotency key with the same request gives the first
// answer again, with another request a conflict; no balance falls below zero;
// and a refused command leaves nothing behind. It does so in two forms: a
// transaction of four statements, as one would write it first, and a single
// statement, as fast as SQL can be.
//
// It may import app.
package ledger
