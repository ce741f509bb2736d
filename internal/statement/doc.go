// Package statement writes an account's statement: the balance before and after
// a period, and every transaction between them with the balance after it, as CSV
// (RFC 4180), JSON or ISO 20022 camt.053.001.08.
//
// It has no effect but writing to the given io.Writer, holds one line at a time,
// and does not complete a statement whose lines do not add up. It may import bank.
package statement
