// Package projector makes views of the log. Batches come from a topic that may
// lose, repeat and reorder them; the gate in projector.go lets each record
// through once and in order, and reads from the log what is missing; apply.go
// folds records into documents.
//
// What it promises: every record has its effect on the views exactly once,
// however batches arrive, however often the process dies, and while another
// projector works on the same views. It may import bank, contract and view; it
// knows neither the broker nor the store behind its interfaces.
package projector
