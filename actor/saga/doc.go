// Package saga carries every transfer from its sending to its end, and expires holds.
//
// A Driver follows the log. It offers what has been sent to the receiver, and reports the result to the sender; each
// step is a command under a key of its own, so that a step happens once however many drivers try it and however often.
// A driver knows nothing that the log does not have: its checkpoint is a cache, and it can die and be replaced at any
// point.
//
// An account that does not answer holds up its own transfers and no others, and what is too much for the memory of a
// driver is read from the log again later.
//
// The package may import internal packages.
package saga
