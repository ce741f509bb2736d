// Package graph is the GraphQL API: the schema (*.graphqls, one file per noun)
// and resolvers that only translate. They reach the rest of the bank through
// the interfaces in resolver.go.
//
// A mutation takes one way: its resolver turns the input into a commandRequest,
// submit sends it to the account, and payloadOf makes the payload of the
// outcome. A business refusal becomes a typed userErrors entry; a fault becomes
// a top-level error with a code in its extensions.
//
// The package may import bank, contract and view; it knows neither Dapr nor a
// database. After a change of the schema, run go generate ./graph.
package graph
