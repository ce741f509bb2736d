// Package socket serves GraphQL over websockets: the subprotocol
// graphql-transport-ws, and the legacy graphql-ws for old clients. Every way in
// which a connection can end has its own close code. None of them is 1000 unless
// the client requested it, because clients reconnect at once after a 1000.
//
// A resolver reaches its websocket through the context alone: see Kick. The
// package may import overhttp, request, connlimit and graph.
package socket
