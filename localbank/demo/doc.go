// Package demo fills a bank with people, accounts and three months of payments, so
// that somebody who looks at it for the first time sees something.
//
// It uses the bank's API like every other client. All its idempotency keys are
// fixed: a bank that is filled again answers what it answered before, and nothing
// is new. Payments are recorded when they are made, as all are; the months are in
// their references and memos, because no value date may be before the account was
// opened.
//
// It may import the page with the examples, which show one of its accounts.
package demo
