// Package graph is the GraphQL API: the schema (*.graphqls, a file for each
// noun) and resolvers that only translate. What they need done, they ask of
// the three interfaces in resolver.go.
//
// A business refusal becomes a typed userErrors entry; a fault becomes a
// top-level error with a code in its extensions. The package may import bank,
// contract and view; it knows neither Dapr nor a database. After a change of
// the schema, run go generate ./graph.
package graph
