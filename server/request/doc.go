// Package request reads what a GraphQL request asks for, from a body, a URL or
// a websocket's message alike. Whatever is not exactly a request is refused
// with words that say what to do, and that repeat nothing of what was sent.
// It also runs one and yields every answer. It may import graph.
package request
