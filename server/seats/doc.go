// Package seats bounds how many connections stay open, in all and for one
// caller, so that none can use up the gateway. It imports nothing of ours.
package seats
