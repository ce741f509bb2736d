// Package console serves the page on which a person watches the bank and works
// with it: accounts, live balances and transactions, a form for each mutation,
// and the health of the whole.
//
// It promises that the page is whole and honest: everything it loads is
// embedded here and served under a policy without inline script or style; it
// knows nothing but what the GraphQL API tells it; money is never a float; and
// an answer that got lost is shown as unknown, with the means to ask again under
// the same idempotency key. Tokens stay in the page's memory.
//
// The page is plain ES modules in page/, without a build step. The package
// imports package asset and the standard library.
package console
