package eventsource

// Prover and ProveFrom let tests stand between immudb and the proof.
type Prover = prover

var ProveFrom = prove

// EventKey, IdempotencyKey and EncodeRecord let tests write what a commit
// writes.
var (
	EventKey       = eventKey
	IdempotencyKey = idempotencyKey
	EncodeRecord   = encodeRecord
)
