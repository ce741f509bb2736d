// Package request parses GraphQL requests, whether they come in a body, a URL or
// a websocket's message. A malformed request is refused with a message that says
// what to do and repeats nothing that was sent. The package also runs a request
// and yields every answer. It may import graph.
package request
