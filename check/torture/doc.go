// Package torture breaks a running bank and then compares every answer that its
// clients got with the log.
//
// A run starts a bank of its own as processes, puts a mixed load on it through
// GraphQL, follows it by websocket, injects faults from a schedule that its seed
// decides, heals, waits until nothing moves, and checks the laws of package laws:
// of the log and its views, of the answers, of the subscribers, and those of a bank
// that is broken on purpose (check.go).
//
// A bank that was right in one run may be wrong in the next: the schedule of a
// seed is always the same, the moment at which a fault meets a request is not.
//
// The faults need Linux, whose /proc shows the processes of the bank. The answers
// are held in memory, about 1,000 bytes each. The package may import everything
// but other checks that run a bank: it reads and fills the log in immudb itself,
// without any part of the bank.
package torture
