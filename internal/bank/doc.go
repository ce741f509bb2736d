// Package bank is the pure domain: what an account is, what may be asked of it
// and what then has happened.
//
// A Command is decided against an Account and becomes an Event or a Refusal.
// Account.Apply folds events back into state. Nothing here knows a context, a
// clock, an id generator, a log or any I/O; the time of a decision is an
// argument. The package imports nothing of corebank.
//
// What it promises:
//
//   - money is exact: int64 minor units with a currency, checked arithmetic;
//   - the postings of every event sum to zero in each currency;
//   - deciding changes nothing: only Apply makes a new Account;
//   - a refusal is a value with a code, a message that says what to do, and data.
package bank
