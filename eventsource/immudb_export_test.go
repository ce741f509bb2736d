package eventsource

// Prover and ProveFrom let tests stand between immudb and the proof.
type Prover = prover

var ProveFrom = prove
