// Package audit holds a bank against its own laws: it folds the whole log,
// record by record, and says where a record, an account, a sum or a view is
// not what it must be.
//
// It trusts nothing that it can work out: balances are summed up again from
// the amounts, whatever the events say they are. It does no I/O, so that the
// command, a rebuild of the views and tests use the same checks; who reads the
// log, and proves that the log is the one that was written, is the caller.
//
// An Auditor needs memory for what it has to remember of the past: about 800
// bytes per account, as much again for the views until they are compared, and
// about 35 bytes per event (its idempotency key and its amount); nothing else
// grows with the log. The package may import bank, contract and view.
package audit
