// Package batcher sends commands to account actors: commands that wait for the
// same account travel together, with at most one call per account under way.
// An actor takes its turns one by one anyway, and a call over two sidecars costs
// more than a command in it.
//
// It may import app, bank and contract.
package batcher
