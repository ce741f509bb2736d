// Package overhttp answers GraphQL requests over HTTP: one answer to a GET or
// a POST in either media type of GraphQL over HTTP, or a stream of
// server-sent events where the client accepts that.
//
// It passes all audits of the graphql-http suite; Transport.Draft switches to
// the status codes of the newest draft of GraphQL over HTTP where the two
// differ. It may import request, connlimit, asset
// and graph.
package overhttp
