// Package projector makes views of the log. Batches come from a topic that may
// lose, repeat and reorder them; the gate in projector.go lets each record
// through once and in order; pull.go reads from the log what is missing; apply.go
// folds records into documents, and quarantines the account of a record that
// cannot be folded, until replay.go makes it anew. rebuild.go builds all views
// anew beside the live ones, and tally.go compares them with the log; admin.go
// takes such requests from operators.
//
// What it promises: every record has its effect on the views exactly once,
// however batches arrive, however often the process dies, and while another
// projector works on the same views. No record stops any account but its own. Neither the gate nor the folding knows the
// broker or which store it is: run.go joins them to the sidecar. It may import
// internal packages, but no other app.
package projector
