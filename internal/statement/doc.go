// Package statement writes an account's statement: the balance before and
// after a period, and every transaction between them with the balance after
// it, as CSV (RFC 4180), JSON or ISO 20022 camt.053.001.08.
//
// It is pure but for the io.Writer that it is given, holds one line at a time,
// and refuses to end a statement that does not add up. It may import bank.
package statement
