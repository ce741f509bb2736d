// Package actor is the command app: it hosts one virtual actor per bank
// account, decides commands one turn at a time, and appends what was decided.
//
// An actor serialises, the log arbitrates. What an actor holds in memory, and
// its snapshot in the state store, are caches of the account's stream: lost,
// stale or damaged, they are read again from the log. State changes only
// after the append is durable, every append carries the version it was
// decided on, and a refusal is given only when the log has moved no further.
// Trying again is therefore always safe, and an actor tries again by itself
// before it says that it does not know.
//
// A command that concerns several accounts goes to a clearing actor. Its turn
// holds all of them, as their own turns do, one after the other in the order
// of their ids; who waited longest is next. So a turn waits for one turn of
// each actor that wants the same account, and there are contract.ClearingActors
// and the account's own. What an account takes too long for is tried again
// apart from the others (clearing_hold.go).
//
// Package saga beside it takes transfers from account to account where the log
// cannot write to both at once. The package may import internal packages and
// saga.
package actor
