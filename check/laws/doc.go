// Package laws says what holds in every corebank, whatever breaks, and finds where it does not.
//
// Log checks a log, record by record, and the views of it. History checks a run of a bank as its clients know it:
// what they asked, what they were answered, what their subscribers saw, and the log behind that. Both report to the
// same Findings. The audit uses Log on stored logs; the simulation and the torture use both on the banks that they
// break.
//
// Nothing here trusts what it can work out: balances are summed up again from the amounts, and the line that an
// event shows in its account's history is derived again from its postings (see Entry). The package does no I/O;
// reading the log, and proving that it is the log that was written, is up to the caller.
//
// A Log needs memory for what it has to remember: about 800 bytes per account, as much again for the views until
// they are compared, and about 35 bytes per event (its idempotency key and its amount). A History holds every
// record that it is given.
//
// # The independent parts
//
// Entry knows the stored form of postings and the stored names of events, and uses no code of the bank to derive a
// line. The steps of a transfer (transfer.go) are written out again, not taken from the bank's own process. Only
// what commands the bank gives itself is asked of the bank, because there the question is whether it did what it
// meant to do.
package laws
