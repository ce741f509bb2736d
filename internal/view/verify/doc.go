// Package verify compares views with the log. It reads a snapshot of the views
// and names every part of an account that differs from what its caller expects.
//
// What to expect is the caller's business: this package derives nothing from
// events, so that callers which derive it in different ways (the projector's
// rebuild with the bank's fold, the audit from postings) do not share a
// mistake. It may import bank and view.
package verify
