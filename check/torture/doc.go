// Package torture hurts a running bank and then holds everything that its
// clients were told against the log.
//
// A run starts a bank of its own as processes, puts a mixed load on it through
// GraphQL, follows it by websocket, injects faults from a schedule that its
// seed decides, heals, waits until nothing moves, and checks: what was
// acknowledged is in the log exactly once and as it was told, what was only
// refused is not, what is unknown at most once; the log and the views are
// sound; each subscriber saw each transaction once and in order; and the
// answers of each account have an order in which the domain decides all of them
// as they were told; and what began in one account and ends in another did so,
// once, with nothing left on the way.
//
// A bank that was right in one run may be wrong in the next: the schedule of a
// seed is always the same, the moment at which a fault meets a request is not.
//
// The faults need Linux, whose /proc tells the processes of the bank. What
// clients were told is held in memory, about 1,000 bytes per answer. The package
// may import everything but other checks that run a bank: it reads and fills the
// log in immudb itself, without any part of the bank.
package torture
