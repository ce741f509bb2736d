// Package logclient is how the other apps use the event source: one client for
// its API, and one loop that follows the log in order and without gaps. The
// topic may lose, repeat or reorder anything; what it lacks is read from the
// log.
//
// It may import app, bank and contract.
package logclient
