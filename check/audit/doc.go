// Package audit reads a stored log and reports where it does not hold to the laws of the bank (package laws), which
// records and views break them and by how much.
//
// It does no I/O: reading the log, and proving that it is the log that was written, is up to the caller.
package audit
