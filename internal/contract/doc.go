// Package contract is everything that crosses a process boundary, and nothing
// else: addresses, commands and replies, stored events, appends, reads and
// published batches. Read address.go from top to bottom to follow a deposit.
//
// What it promises: the stored name and schema version of each event never
// change (golden files in testdata hold them); decoding refuses what it does
// not understand instead of guessing. It may import package bank only.
package contract
