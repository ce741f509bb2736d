// Package socket serves GraphQL over websockets: the subprotocol
// graphql-transport-ws, and the legacy graphql-ws for old clients. Every way
// in which a connection can end has its own close code, and none of them is
// 1000 unless the client asked for it, since clients take that for a reason to
// connect again at once.
//
// What a resolver does on a socket it reaches by the context alone: see Kick.
// The package may import request, seats and graph.
package socket
