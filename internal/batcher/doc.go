// Package batcher sends commands to actors: commands that wait for the same actor
// travel together, with at most one call per actor under way. An actor takes its
// turns one by one anyway, and a call over two sidecars costs more than a command
// in it. Actors are those of accounts, and the clearing actors for what concerns
// several of them.
//
// It may import app, bank and contract.
package batcher
