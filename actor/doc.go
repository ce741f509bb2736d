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
// Package saga beside it takes transfers from account to account. The package
// may import internal packages and saga.
package actor
