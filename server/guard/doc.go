// Package guard stands before the GraphQL executor and keeps abuse cheap: every
// request has limits, each refusal says which limit, how much it allows and what
// was asked, and what a hostile request may cost is bounded before any resolver
// runs.
//
// Handler is the door that every HTTP request passes; Extension is the same for
// every GraphQL operation, also those of a websocket. Checks run from the
// cheapest to the dearest: address, host, size, words, shape, and only then
// validation and cost. The package knows GraphQL, HTTP and what
// fields cost, and nothing else of a bank; it may import graph.
package guard
