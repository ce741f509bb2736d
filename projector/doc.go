// Package projector builds views of the log and keeps them up to date.
//
// Batches come from a topic that may lose, repeat and reorder them.
// projector.go lets each record through once and in order, and reads from the
// log what the topic lacks. apply.go folds records into documents and
// quarantines the account of a record that cannot be folded, until replay.go
// makes its view anew. rebuild.go builds all views anew beside the live ones,
// and rebuild_verifier.go compares them with the log. admin.go serves these
// requests to operators.
//
// Every record has its effect on the views exactly once: however batches
// arrive, however often the process dies, and while another projector works on
// the same views. A record can stop its own account, and no other. Only run.go
// knows the broker and the store; it connects the projector to the sidecar.
// The package may import internal packages, but no other app.
package projector
