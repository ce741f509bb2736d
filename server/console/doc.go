// Package console serves the page on which a person watches the bank and works
// with it: accounts, live balances and transactions, a form for each mutation,
// and the health of the bank.
//
// Everything that the page loads is embedded here and served under a policy
// without inline script or style. The page uses only the GraphQL API, and money
// is never a float. A lost answer is shown as unknown; the same request can be
// sent again under the same idempotency key. Tokens stay in the page's memory.
//
// The page consists of ES modules in page/, without a build step. The package
// imports package asset and the standard library.
package console
