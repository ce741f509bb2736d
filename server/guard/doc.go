// Package guard limits requests before the GraphQL executor, so that abuse stays
// cheap: each refusal names the limit, its maximum and the request's value, and
// the cost of a hostile request is bounded before any resolver runs.
//
// Handler is the middleware of every HTTP request; Protect adds the same to
// every GraphQL operation, including those of a websocket. Checks run from the
// cheapest to the most expensive: address, host, size, tokens, shape, and only
// then validation and cost. The package knows GraphQL, HTTP and the costs of
// fields, and nothing else of the bank; it may import graph.
package guard
